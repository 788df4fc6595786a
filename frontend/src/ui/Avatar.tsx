import { cx } from "@/lib/cx";

const HUES = ["--violet", "--green", "--orange", "--cyan", "--rose", "--amber"];

/** A person's colour: the same in the header, the tree and the editor. */
export function personColour(key: string): string {
  let sum = 0;
  for (const character of key) sum = (sum * 31 + character.charCodeAt(0)) >>> 0;
  return `var(${HUES[sum % HUES.length]})`;
}

export function initials(name: string): string {
  const words = name.split(/[\s@._-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words[1]?.[0] ?? "")).toUpperCase();
}

export function Avatar({ name, id, small }: { name: string; id: string; small?: boolean }) {
  return (
    <span
      role="img"
      aria-label={name}
      data-tip={name}
      style={{ borderColor: personColour(id) }}
      className={cx(
        "inline-flex items-center justify-center rounded-full border-[1.5px] bg-raised font-semibold text-text",
        small ? "size-5 text-[9px]" : "size-6.5 text-[10px]",
      )}
    >
      {initials(name)}
    </span>
  );
}
