"use client";
import { useState } from "react";
import type { Id } from "@/api/types";
import { ENCODINGS, type Encoding } from "@/lib/encoding";
import type { LineEnds } from "@/lib/lineEnds";
import { changeFormat, documentOf, reopenWith, saveDocument, useDocuments } from "@/model/documents/documents";
import { useActiveFileId } from "@/shell/tabs/store";
import { fail, toast } from "@/shell/toasts/store";
import { above, Menu, type MenuEntry, type MenuPlace } from "@/ui/Menu";
import { StatusButton } from "@/ui/StatusItem";
import { focusActive } from "./focus";

interface Opened {
  label: string;
  place: MenuPlace;
  entries: MenuEntry[];
}

/** The encoding and the line ends of the active file; each opens a menu that changes it. */
export function FormatStatus() {
  const fileId = useActiveFileId();
  const status = useDocuments((state) => (fileId ? state.status[fileId] : undefined));
  const [menu, setMenu] = useState<Opened | null>(null);
  if (!fileId || (status?.kind !== "text" && status?.kind !== "binary")) return null;
  const text = status.kind === "text" ? status : null;

  const openEncodings = (place: MenuPlace) => {
    const reopen = () =>
      setMenu({ label: "Reopen with encoding", place, entries: encodings(text?.encoding, (id) => void readWith(fileId, id)) });
    const save = () => setMenu({ label: "Save with encoding", place, entries: encodings(text?.encoding, (id) => saveWith(fileId, id)) });
    if (!text) return reopen();
    const entries = [
      { id: "reopen", label: "Reopen with encoding…", run: reopen },
      { id: "save", label: "Save with encoding…", run: save },
    ];
    setMenu({ label: "Encoding", place, entries });
  };

  return (
    <>
      <StatusButton
        aria-haspopup="menu"
        aria-label={text ? `Encoding: ${ENCODINGS[text.encoding].label}` : "Open the bytes as text"}
        className="max-md:hidden"
        onClick={(event) => openEncodings(above(event.currentTarget))}
      >
        {text ? ENCODINGS[text.encoding].label : "Binary"}
      </StatusButton>
      {text && (
        <StatusButton
          aria-haspopup="menu"
          aria-label={`Line ends: ${text.lineEnds}`}
          className={text.lineEnds === "mixed" ? "text-warn max-md:hidden" : "max-md:hidden"}
          onClick={(event) =>
            setMenu({ label: "Line ends", place: above(event.currentTarget), entries: lineEndEntries(fileId, text.lineEnds) })
          }
        >
          {text.lineEnds === "mixed" ? "Mixed" : text.lineEnds}
        </StatusButton>
      )}
      {menu && <Menu key={menu.label} {...menu} onClose={() => setMenu((open) => (open === menu ? null : open))} />}
    </>
  );
}

function encodings(current: Encoding | undefined, run: (encoding: Encoding) => void): MenuEntry[] {
  return (Object.keys(ENCODINGS) as Encoding[]).map((id) => ({ id, ...ENCODINGS[id], checked: id === current, run: () => run(id) }));
}

async function readWith(fileId: Id, encoding: Encoding): Promise<void> {
  if (documentOf(fileId)?.sync.dirty) return void toast("Save the changes first", { detail: "Reopening reads the stored file again" });
  try {
    await reopenWith(fileId, encoding);
    focusActive();
  } catch (error) {
    fail("The file could not be opened again", error);
  }
}

function saveWith(fileId: Id, encoding: Encoding): void {
  changeFormat(fileId, { encoding });
  void saveDocument(fileId);
  focusActive();
}

const LINE_ENDS: { id: LineEnds; label: string; detail: string }[] = [
  { id: "LF", label: "LF", detail: "Linux, macOS" },
  { id: "CRLF", label: "CRLF", detail: "Windows" },
];

function lineEndEntries(fileId: Id, current: LineEnds): MenuEntry[] {
  const mixed = { id: "mixed" as const, label: "Mixed", detail: "each line keeps its own" };
  return [...LINE_ENDS, ...(current === "mixed" ? [mixed] : [])].map((item) => ({
    ...item,
    checked: item.id === current,
    run: () => {
      if (item.id !== current) changeFormat(fileId, { lineEnds: item.id });
      focusActive();
    },
  }));
}
