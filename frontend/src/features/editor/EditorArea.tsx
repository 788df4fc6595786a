"use client";
import { useEffect } from "react";
import { Code2 } from "lucide-react";
import { command } from "@/shell/commands";
import { noteFile } from "@/shell/location";
import { entryOf, useFiles } from "@/model/files/store";
import { keepAllDrafts } from "@/model/documents/documents";
import { loadMonaco } from "@/lib/monaco";
import { Kbd } from "@/ui/Kbd";
import { cx } from "@/lib/cx";
import { GroupView } from "./GroupView";
import { useActiveFileId, useTabs } from "@/shell/tabs/store";

export function EditorArea() {
  const groups = useTabs((state) => state.tabs.groups);
  const focused = useTabs((state) => state.tabs.focused);
  const empty = groups.every((group) => group.tabs.length === 0);
  useAddress();
  useEditorPage();
  if (empty) return <NothingOpen />;
  return (
    <div className="flex h-full divide-x divide-line">
      {groups.map((group) => (
        <div key={group.id} className={cx("min-w-0 flex-1", groups.length > 1 && group.id !== focused && "max-sm:hidden")}>
          <GroupView group={group} focused={group.id === focused} alone={groups.length === 1} />
        </div>
      ))}
    </div>
  );
}

/** The address bar names the open file, so that a reload or a shared link comes back to it. */
function useAddress() {
  const fileId = useActiveFileId();
  const version = useFiles((state) => state.version);
  // Until the tabs are restored, the address says which file to open.
  const restored = useTabs((state) => state.projectId !== null);
  useEffect(() => {
    if (restored) noteFile(fileId ? (entryOf(fileId)?.path ?? null) : null);
  }, [fileId, version, restored]);
}

/** Loads Monaco in parallel with the file list, and stores drafts when the page may close. */
function useEditorPage() {
  useEffect(() => {
    void loadMonaco();
    const leave = () => void keepAllDrafts();
    const hide = () => document.visibilityState === "hidden" && keepAllDrafts();
    // Asks only about text that there was no room to keep.
    const ask = (event: BeforeUnloadEvent) => keepAllDrafts() || event.preventDefault();
    window.addEventListener("pagehide", leave);
    window.addEventListener("beforeunload", ask);
    document.addEventListener("visibilitychange", hide);
    return () => {
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("beforeunload", ask);
      document.removeEventListener("visibilitychange", hide);
    };
  }, []);
}

const HINTS = ["palette.files", "palette.commands", "file.new", "run.start"];

function NothingOpen() {
  return (
    <div className="grid h-full place-items-center overflow-hidden p-6">
      <div className="w-64">
        <Code2 size={26} strokeWidth={1.5} className="mb-4 text-faint" aria-hidden />
        <ul className="space-y-0.5">
          {HINTS.map(command).map(({ id, label, keys, run }) => (
            <li key={id}>
              <button
                type="button"
                onClick={() => void run()}
                className="-mx-2 flex h-8 w-[calc(100%+16px)] items-center justify-between rounded-[7px] px-2 text-muted hover:bg-hover hover:text-text"
              >
                {label}
                {keys?.[0] && <Kbd keys={keys[0]} />}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
