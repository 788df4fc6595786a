import { cx } from "@/lib/cx";

interface HighlightedProps {
  text: string;
  /** Positions of matched letters, counted from `offset` before the text. */
  positions: readonly number[];
  offset?: number;
  className?: string;
}

/** A text with its matched letters emphasised; consecutive letters share an element. */
export function Highlighted({ text, positions, offset = 0, className }: HighlightedProps) {
  const hits = new Set(positions.map((position) => position - offset));
  const runs: { text: string; hit: boolean }[] = [];
  for (let index = 0; index < text.length; index++) {
    const hit = hits.has(index);
    const last = runs.at(-1);
    if (last && last.hit === hit) last.text += text[index];
    else runs.push({ text: text[index]!, hit });
  }
  return (
    <span className={cx("whitespace-pre", className)}>
      {runs.map((run, index) =>
        run.hit ? (
          <b key={index} className="font-semibold text-link">
            {run.text}
          </b>
        ) : (
          run.text
        ),
      )}
    </span>
  );
}
