/** Reads CSV and TSV (RFC 4180): quotes, doubled quotes, line breaks within them. Pure. */
export function parseCsv(text: string, separator = ",", maxRows = Infinity): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    rows.push(row);
    row = [];
  };
  for (let at = 0; at < text.length && rows.length < maxRows; at++) {
    const character = text[at]!;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === separator) endField();
    else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }
  if (rows.length < maxRows && (field || row.length)) endRow();
  return rows;
}

export function isNumeric(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}
