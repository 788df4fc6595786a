import { displayKeys } from "@/lib/keys";

/** A shortcut, drawn as keys. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <kbd className="inline-flex gap-0.5 font-sans text-2xs text-faint" aria-hidden>
      {displayKeys(keys).map((key) => (
        <span key={key} className="min-w-4.5 rounded-[4px] bg-(--key) px-1 py-px text-center leading-4">
          {key}
        </span>
      ))}
    </kbd>
  );
}
