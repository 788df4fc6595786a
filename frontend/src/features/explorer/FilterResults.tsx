"use client";
import { useMemo } from "react";
import { SearchX } from "lucide-react";
import { Empty } from "@/ui/Empty";
import { Highlighted } from "@/ui/Highlighted";
import { openPath } from "@/shell/tabs/open";
import { basename, parent } from "@/lib/path";
import { FileIcon } from "@/ui/FileIcon";
import { fuzzyFiles, useFiles } from "@/model/files/store";

const LIMIT = 200;

/** The files whose path matches the filter, best match first. */
export function FilterResults({ query }: { query: string }) {
  const version = useFiles((state) => state.version);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the index follows the tree's version
  const found = useMemo(() => fuzzyFiles().search(query, LIMIT), [query, version]);
  if (!found.length) return <Empty icon={SearchX} title="No file matches" />;
  return (
    <ul aria-label="Matching files" className="h-full overflow-y-auto px-1.5 pb-4">
      {found.map(({ path, positions }) => (
        <li key={path}>
          <button
            type="button"
            onClick={() => openPath(path, { preview: true })}
            className="flex h-6 w-full items-center gap-1.5 rounded-[5px] px-2 text-left whitespace-nowrap hover:bg-hover"
          >
            <FileIcon path={path} />
            <Highlighted text={basename(path)} positions={positions} offset={path.length - basename(path).length} className="shrink-0" />
            <span className="truncate text-2xs text-faint">{parent(path)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
