const MARKS: Record<string, [string, string]> = {
  python: ["Py", "--blue"], node: ["JS", "--amber"], javascript: ["JS", "--amber"], typescript: ["TS", "--cyan"], bash: ["$_", "--green"],
  c: ["C", "--blue"], cpp: ["C+", "--violet"], rust: ["Rs", "--orange"], go: ["Go", "--cyan"], java: ["Ja", "--rose"], ruby: ["Rb", "--rose"],
};

/** A language in two letters and its colour. */
export function LanguageMark({ language }: { language: string | null | undefined }) {
  const [text, colour] = MARKS[language ?? ""] ?? ["··", "--slate"];
  return (
    <span
      aria-hidden
      className="flex size-7.5 shrink-0 items-center justify-center rounded-[7px] font-mono text-[11px] font-semibold"
      style={{ color: `color-mix(in srgb, var(${colour}) 64%, var(--text))`, background: `color-mix(in srgb, var(${colour}) 10%, transparent)` }}
    >
      {text}
    </span>
  );
}
