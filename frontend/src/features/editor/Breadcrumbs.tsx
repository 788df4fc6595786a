"use client";
import { useEffect, useState } from "react";
import { Box, ChevronRight, Heading, SquareFunction, type LucideIcon } from "lucide-react";
import type { Id } from "@/api/types";
import { FileIcon } from "@/ui/FileIcon";
import { entryOf, useFiles } from "@/model/files/store";
import { below, Menu, type MenuEntry, type MenuPlace } from "@/ui/Menu";
import { cx } from "@/lib/cx";
import { join } from "@/lib/path";
import { documentOf, useDocuments } from "@/model/documents/documents";
import { symbolsOf } from "./intelligence";
import { openFile } from "@/shell/tabs/open";
import { symbolsAt, type OutlineSymbol, type SymbolKind } from "./outline";
import { useTabs } from "@/shell/tabs/store";
import { useCursor } from "./cursor";

const ICONS: Record<SymbolKind, LucideIcon> = { class: Box, function: SquareFunction, heading: Heading };
const SETTLE_MS = 250;

interface Opened {
  label: string;
  place: MenuPlace;
  entries: MenuEntry[];
}

/** The path of the file and the symbols around the cursor; each opens a menu of its siblings. */
export function Breadcrumbs({ fileId, groupId }: { fileId: Id; groupId: number }) {
  useFiles((state) => state.version);
  const [menu, setMenu] = useState<Opened | null>(null);
  const symbols = useSymbols(fileId);
  const focused = useTabs((state) => state.tabs.focused === groupId);
  const line = useCursor((cursor) => (focused ? cursor.line : 0));
  const path = entryOf(fileId)?.path ?? documentOf(fileId)?.path ?? "";
  const parts = path.split("/");
  const around = symbolsAt(symbols, line);

  const openFolder = (element: Element, index: number) => {
    const folder = parts.slice(0, index).join("/");
    setMenu({ label: folder || "Project", place: below(element), entries: siblings(folder, path) });
  };
  const openSymbols = (element: Element) => {
    setMenu({ label: "Symbols", place: below(element), entries: symbolEntries(fileId, symbols) });
  };

  return (
    <nav aria-label="Breadcrumbs" className="flex h-7 shrink-0 items-center overflow-hidden bg-surface px-3 text-xs text-muted">
      {parts.map((part, index) => (
        <Crumb
          key={join(...parts.slice(0, index + 1))}
          first={index === 0}
          folder={index < parts.length - 1}
          onOpen={(element) => openFolder(element, index)}
        >
          {index === parts.length - 1 && <FileIcon path={path} size={13} />}
          <span className="truncate">{part}</span>
        </Crumb>
      ))}
      {around.map((symbol) => {
        const Icon = ICONS[symbol.kind];
        return (
          <Crumb key={`${symbol.line}:${symbol.name}`} onOpen={openSymbols}>
            <Icon size={13} aria-hidden className="shrink-0 text-faint" />
            <span className="truncate">{symbol.name}</span>
          </Crumb>
        );
      })}
      {!around.length && symbols.length > 0 && <Crumb onOpen={openSymbols}>…</Crumb>}
      {menu && <Menu {...menu} onClose={() => setMenu(null)} />}
    </nav>
  );
}

interface CrumbProps {
  children: React.ReactNode;
  first?: boolean;
  /** Shrinks first where space is short. */
  folder?: boolean;
  onOpen(element: Element): void;
}

function Crumb({ children, first, folder, onOpen }: CrumbProps) {
  return (
    <>
      {!first && <ChevronRight size={12} aria-hidden className="mx-px shrink-0 text-faint" />}
      <button
        type="button"
        aria-haspopup="menu"
        className={cx(
          "flex h-5.5 items-center gap-1 rounded-[5px] px-1 whitespace-nowrap hover:bg-hover hover:text-text",
          folder ? "min-w-6 shrink-[1000]" : "min-w-0",
        )}
        onClick={(event) => onOpen(event.currentTarget)}
      >
        {children}
      </button>
    </>
  );
}

const MAX_SIBLINGS = 300;

function siblings(folder: string, path: string): MenuEntry[] {
  return useFiles
    .getState()
    .tree.children(folder)
    .filter((entry) => entry.type === "file")
    .slice(0, MAX_SIBLINGS)
    .map((entry) => ({ id: entry.id, label: entry.name, checked: entry.path === path, run: () => openFile(entry.id) }));
}

function symbolEntries(fileId: Id, symbols: readonly OutlineSymbol[]): MenuEntry[] {
  return symbols.slice(0, MAX_SIBLINGS).map((symbol) => ({
    id: `${symbol.line}`,
    label: `${"  ".repeat(symbol.depth)}${symbol.name}`,
    icon: ICONS[symbol.kind],
    detail: String(symbol.line),
    run: () => openFile(fileId, { line: symbol.line }),
  }));
}

function useSymbols(fileId: Id): OutlineSymbol[] {
  const [symbols, setSymbols] = useState<OutlineSymbol[]>([]);
  const isText = useDocuments((state) => state.status[fileId]?.kind === "text");
  useEffect(() => {
    const model = isText ? documentOf(fileId)?.model : undefined;
    if (!model) return setSymbols([]);
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const read = async () => {
      const found = await symbolsOf(model);
      if (!gone) setSymbols(found);
    };
    const listener = model.onDidChangeContent(() => {
      clearTimeout(timer);
      timer = setTimeout(() => void read(), SETTLE_MS);
    });
    void read();
    return () => {
      gone = true;
      clearTimeout(timer);
      listener.dispose();
    };
  }, [fileId, isText]);
  return symbols;
}
