"use client";
import { useEffect, useState } from "react";
import { Replace } from "lucide-react";
import { count } from "@/lib/format";
import { languageOf } from "@/lib/languages";
import { basename } from "@/lib/path";
import { useFiles } from "@/model/files/store";
import { DiffEditor } from "@/shell/diff/DiffEditor";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { plan, replaceIn, textNow } from "./apply";
import { applied } from "./replace";
import { canReplace, shownHits, useSearch } from "./store";
import type { ReplaceTab } from "./tab";

/** A file as it is beside what the replacement would make of it. */
export function ReplacePreview({ tab: { path } }: { tab: ReplaceTab }) {
  const { answer, dismissed, mode } = useSearch();
  const text = useText(path);
  const hits = canReplace(mode) ? shownHits({ answer, dismissed }).filter((hit) => hit.path === path) : [];
  const { replacements } = text === null ? { replacements: [] } : plan(text, hits);
  return (
    <div role="region" aria-label={`Replacement in ${basename(path)}`} className="flex min-h-0 flex-1 flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line pr-2 pl-3 text-xs text-muted">
        <span className="min-w-0 flex-1 truncate">
          {path} · {count(replacements.length, "replacement")}
        </span>
        <Button small tone="primary" icon={Replace} disabled={!replacements.length} onClick={() => void replaceIn(hits)}>
          Replace in this file
        </Button>
      </div>
      <div className="min-h-0 flex-1">
        {text !== null && replacements.length > 0 ? (
          <DiffEditor
            label={`Replacement in ${basename(path)}`}
            language={languageOf(path).monaco}
            before={text}
            after={applied(text, replacements)}
          />
        ) : (
          <Empty icon={Replace} title="Nothing to replace here">
            The search finds nothing in this file now.
          </Empty>
        )}
      </div>
    </div>
  );
}

function useText(path: string): string | null {
  const [text, setText] = useState<string | null>(null);
  const entry = useFiles((state) => state.tree.at(path));
  const answer = useSearch((state) => state.answer);
  const fileId = entry?.id;
  const etag = entry?.etag;
  useEffect(() => {
    let gone = false;
    if (fileId) {
      textNow(fileId).then(
        (read) => !gone && setText(read),
        () => !gone && setText(null),
      );
    }
    return () => void (gone = true);
  }, [fileId, etag, answer]);
  return text;
}
