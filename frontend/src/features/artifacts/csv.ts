/** Reads CSV and TSV (RFC 4180) incrementally: quotes, doubled quotes, line breaks within them. Pure. */
export class CsvReader {
  /** All rows that are complete. */
  readonly rows: string[][] = [];
  private row: string[] = [];
  private field = "";
  private quoted = false;
  /** The last character was a quote within a quoted field: its end, or the first of two. */
  private closing = false;

  constructor(private readonly separator = ",") {}

  push(text: string): void {
    for (const character of text) this.take(character);
  }

  /** Ends the input; an open row becomes the last one. */
  end(): void {
    this.closing = this.quoted = false;
    if (this.field || this.row.length) this.endRow();
  }

  private take(character: string): void {
    if (this.closing) {
      this.closing = false;
      if (character === '"') return void (this.field += '"');
      this.quoted = false;
    }
    if (this.quoted) {
      if (character === '"') this.closing = true;
      else this.field += character;
    } else if (character === '"' && this.field === "") this.quoted = true;
    else if (character === this.separator) this.endField();
    else if (character === "\n") this.endRow();
    else if (character !== "\r") this.field += character;
  }

  private endField(): void {
    this.row.push(this.field);
    this.field = "";
  }

  private endRow(): void {
    this.endField();
    this.rows.push(this.row);
    this.row = [];
  }
}

export function isNumeric(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}
