"use client";
import { useEffect, useMemo, useState } from "react";
import { cx } from "@/lib/cx";
import { count } from "@/lib/format";
import { isNumeric, parseCsv } from "./csv";

const ROW = 28;
const OVERSCAN = 20;
const MAX_BYTES = 20_000_000;

/** A CSV as a table; only the rows on the screen are drawn. */
export function Table({ blob, separator }: { blob: Blob; separator: string }) {
  const [text, setText] = useState<string | null>(null);
  const [top, setTop] = useState(0);
  useEffect(() => void blob.slice(0, MAX_BYTES).text().then(setText), [blob]);
  const rows = useMemo(() => (text === null ? [] : parseCsv(text, separator)), [text, separator]);
  if (text === null) return null;
  const [head = [], ...body] = rows;
  const from = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const shown = body.slice(from, from + 2 * OVERSCAN + 60);
  const numeric = head.map((_, column) => body.slice(0, 50).every((row) => !row[column] || isNumeric(row[column])));
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
                <th key={column} scope="col" className={cx("h-8 border-r border-b border-line px-3 font-semibold whitespace-nowrap", numeric[column] ? "text-right" : "text-left")}>
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
                  <td key={column} className={cx("max-w-96 truncate border-r border-b border-line px-3 whitespace-nowrap", numeric[column] && "text-right")}>
                    {row[column]}
                  </td>
                ))}
              </tr>
            ))}
            {from + shown.length < body.length && <tr aria-hidden style={{ height: (body.length - from - shown.length) * ROW }} />}
          </tbody>
        </table>
      </div>
      <p className="border-t border-line px-4 py-1.5 text-xs text-muted">
        {count(body.length, "row")} · {count(head.length, "column")}
      </p>
    </div>
  );
}
