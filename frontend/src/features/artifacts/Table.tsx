"use client";
import { useEffect, useMemo, useState } from "react";
import { cx } from "@/lib/cx";
import { count as counted } from "@/lib/format";
import { CsvReader, isNumeric } from "./csv";

const ROW = 28;
const OVERSCAN = 20;
const MAX_BYTES = 20_000_000;
/** Bytes read at a time, so that the page stays responsive. */
const SLICE_BYTES = 256_000;
/** Rows that tell whether a column holds numbers. */
const SAMPLE = 50;

/** A CSV as a table; only the rows on the screen are drawn. */
export function Table({ blob, separator }: { blob: Blob; separator: string }) {
  const { rows, length, over } = useRows(blob, separator);
  const [top, setTop] = useState(0);
  const sampled = Math.min(length, SAMPLE);
  const numeric = useMemo(() => numericColumns(rows.slice(0, sampled)), [rows, sampled]);
  if (!length && !over) return null;
  const head = rows[0] ?? [];
  const count = Math.max(0, length - 1);
  const from = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const shown = rows.slice(1 + from, Math.min(length, 1 + from + 2 * OVERSCAN + 60));
  return (
    <div className="flex h-full flex-col">
      <div className="min-h-0 flex-1 overflow-auto" tabIndex={0} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <table className="tabular border-separate border-spacing-0 text-xs">
          <thead className="sticky top-0 z-10 bg-app">
            <tr>
              <th scope="col" className="border-r border-b border-line px-3 text-right font-normal text-faint">
                <span className="sr-only">Row</span>#
              </th>
              {head.map((name, column) => (
                <th
                  key={column}
                  scope="col"
                  className={cx(
                    "h-8 border-r border-b border-line px-3 font-semibold whitespace-nowrap",
                    numeric[column] ? "text-right" : "text-left",
                  )}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <tr aria-hidden style={{ height: from * ROW }} />}
            {shown.map((row, index) => (
              <tr key={from + index} className="hover:bg-hover" style={{ height: ROW }}>
                <td className="border-r border-b border-line px-3 text-right text-faint">{from + index + 1}</td>
                {head.map((_, column) => (
                  <td
                    key={column}
                    className={cx(
                      "max-w-96 truncate border-r border-b border-line px-3 whitespace-nowrap",
                      numeric[column] && "text-right",
                    )}
                  >
                    {row[column]}
                  </td>
                ))}
              </tr>
            ))}
            {from + shown.length < count && <tr aria-hidden style={{ height: (count - from - shown.length) * ROW }} />}
          </tbody>
        </table>
      </div>
      <p className="border-t border-line px-4 py-1.5 text-xs text-muted">
        {counted(count, "row")} · {counted(head.length, "column")}
        {!over && " · reading …"}
      </p>
    </div>
  );
}

interface Rows {
  /** Grows while the file is read; `length` of them are there to be drawn. */
  rows: readonly string[][];
  length: number;
  over: boolean;
}

const NONE: Rows = { rows: [], length: 0, over: false };

function useRows(blob: Blob, separator: string): Rows {
  const [read, setRead] = useState(NONE);
  useEffect(() => {
    let gone = false;
    const reader = new CsvReader(separator);
    const tell = (over: boolean) => !gone && setRead({ rows: reader.rows, length: reader.rows.length, over });
    void (async () => {
      const decoder = new TextDecoder();
      const size = Math.min(blob.size, MAX_BYTES);
      for (let at = 0; at < size && !gone; at += SLICE_BYTES) {
        const slice = await blob.slice(at, Math.min(size, at + SLICE_BYTES)).arrayBuffer();
        reader.push(decoder.decode(slice, { stream: true }));
        tell(false);
      }
      reader.end();
      tell(true);
    })();
    return () => void (gone = true);
  }, [blob, separator]);
  return read;
}

function numericColumns([head = [], ...body]: readonly string[][]): boolean[] {
  return head.map((_, column) => body.every((row) => !row[column] || isNumeric(row[column])));
}
