"use client";
import { useState, type ReactNode } from "react";
import { Monitor, Moon, Sun } from "lucide-react";
import { Dialog } from "@/ui/Dialog";
import { onRadioKey } from "@/ui/choiceKeys";
import { cx } from "@/lib/cx";
import { useSettings, type Theme } from "@/model/settings";

const THEMES: { id: Theme; label: string; icon: typeof Sun }[] = [
  { id: "system", label: "System", icon: Monitor },
  { id: "light", label: "Light", icon: Sun },
  { id: "dark", label: "Dark", icon: Moon },
];

export function SettingsDialog() {
  const settings = useSettings();
  if (!settings.open) return null;
  return (
    <Dialog title="Settings" onClose={() => settings.setOpen(false)} className="w-[min(500px,calc(100vw-24px))]">
      <div className="max-h-[60vh] divide-y divide-line overflow-y-auto px-4">
        <Row label="Theme">
          <div role="radiogroup" aria-label="Theme" onKeyDown={onRadioKey} className="flex rounded-lg bg-sunken p-0.5">
            {THEMES.map(({ id, label, icon: Icon }) => (
              <button
                key={id}
                type="button"
                role="radio"
                aria-checked={settings.theme === id}
                tabIndex={settings.theme === id ? 0 : -1}
                onClick={() => settings.set({ theme: id })}
                className={cx(
                  "flex h-7 items-center gap-1.5 rounded-[6px] px-2.5 text-xs font-medium",
                  settings.theme === id ? "bg-raised text-text shadow-sm ring-1 ring-line" : "text-muted hover:text-text",
                )}
              >
                <Icon size={13} aria-hidden />
                {label}
              </button>
            ))}
          </div>
        </Row>
        <Toggle
          label="Dark editor"
          note="Keep the editor dark while the rest is light"
          value={settings.darkEditor}
          onChange={(darkEditor) => settings.set({ darkEditor })}
        />
        <Row label="Font size">
          <FontSize value={settings.fontSize} onChange={(fontSize) => settings.set({ fontSize })} />
        </Row>
        <Toggle
          label="Auto-save"
          note="5 seconds after the last change"
          value={settings.autoSave}
          onChange={(autoSave) => settings.set({ autoSave })}
        />
        <Toggle label="Wrap long lines" value={settings.wordWrap} onChange={(wordWrap) => settings.set({ wordWrap })} />
        <Toggle label="Minimap" value={settings.minimap} onChange={(minimap) => settings.set({ minimap })} />
        <Toggle
          label="Screen reader mode"
          note="Lets screen readers read the editor and the console"
          value={settings.screenReader}
          onChange={(screenReader) => settings.set({ screenReader })}
        />
      </div>
    </Dialog>
  );
}

function Row({ label, note, children }: { label: string; note?: string; children: ReactNode }) {
  return (
    <div className="flex min-h-13 items-center justify-between gap-4 py-2.5">
      <div>
        <p className="font-medium">{label}</p>
        {note && <p className="text-xs text-muted">{note}</p>}
      </div>
      {children}
    </div>
  );
}

/** Incomplete input (`1` on the way to `16`) stays in the field and is not applied. */
function FontSize({ value, onChange }: { value: number; onChange(value: number): void }) {
  const [text, setText] = useState<string | null>(null);
  return (
    <input
      type="number"
      aria-label="Font size"
      min={8}
      max={32}
      value={text ?? value}
      onChange={(event) => {
        setText(event.target.value);
        const size = Number(event.target.value);
        if (size >= 8 && size <= 32) onChange(size);
      }}
      onBlur={() => setText(null)}
      className="field tabular w-18"
    />
  );
}

interface ToggleProps {
  label: string;
  note?: string;
  value: boolean;
  onChange(value: boolean): void;
}

function Toggle({ label, note, value, onChange }: ToggleProps) {
  return (
    <Row label={label} note={note}>
      <button
        type="button"
        role="switch"
        aria-label={label}
        aria-checked={value}
        onClick={() => onChange(!value)}
        className={cx("relative h-5 w-8.5 shrink-0 rounded-full transition-colors duration-150", value ? "bg-accent" : "bg-(--slate)")}
      >
        <span
          className={cx(
            "absolute top-0.5 left-0.5 size-4 rounded-full bg-white shadow transition-transform duration-150",
            value && "translate-x-3.5",
          )}
        />
      </button>
    </Row>
  );
}
