import { languageNamed } from "@/lib/languages";

/** A language in two letters and its colour. */
export function LanguageMark({ language }: { language: string | null | undefined }) {
  const known = languageNamed(language ?? "");
  const text = known?.mark ?? "··";
  const colour = known?.mark ? `--${known.colour}` : "--slate";
  return (
    <span
      aria-hidden
      className="flex size-7.5 shrink-0 items-center justify-center rounded-[7px] font-mono text-[11px] font-semibold"
      style={{
        color: `color-mix(in srgb, var(${colour}) 64%, var(--text))`,
        background: `color-mix(in srgb, var(${colour}) 10%, transparent)`,
      }}
    >
      {text}
    </span>
  );
}
