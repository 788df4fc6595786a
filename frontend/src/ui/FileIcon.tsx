import {
  Braces,
  Database,
  FileArchive,
  FileCode2,
  FileImage,
  FileSymlink,
  FileText,
  FileType2,
  Folder,
  FolderOpen,
  Gem,
  Hash,
  Settings2,
  SquareTerminal,
  Table2,
  type LucideIcon,
} from "lucide-react";
import { knownLanguageOf, type LanguageIcon } from "@/lib/languages";
import { extension } from "@/lib/path";

const ICONS: Record<LanguageIcon, LucideIcon> = {
  braces: Braces,
  code: FileCode2,
  database: Database,
  gem: Gem,
  hash: Hash,
  settings: Settings2,
  style: FileType2,
  table: Table2,
  terminal: SquareTerminal,
  text: FileText,
};

interface Look {
  icon: LucideIcon;
  colour: string;
}

/** Files that are written in no language. */
const OTHERS: [string, LucideIcon, string][] = [
  ["db sqlite", Database, "--violet"],
  ["png jpg jpeg gif webp ico bmp avif", FileImage, "--violet"],
  ["zip tar gz zst xz", FileArchive, "--slate"],
  ["lock", Settings2, "--slate"],
];

const byExtension = new Map<string, Look>(
  OTHERS.flatMap(([names, icon, colour]) => names.split(" ").map((name): [string, Look] => [name, { icon, colour }])),
);
const plain: Look = { icon: FileText, colour: "--slate" };

export function lookOf(path: string): Look {
  const language = knownLanguageOf(path);
  if (language) return { icon: ICONS[language.icon], colour: `--${language.colour}` };
  return byExtension.get(extension(path)) ?? plain;
}

export function FileIcon({ path, size = 15 }: { path: string; size?: number }) {
  const { icon: Icon, colour } = lookOf(path);
  return <Icon size={size} strokeWidth={1.8} style={{ color: `var(${colour})` }} className="shrink-0" aria-hidden />;
}

/** A symbolic link, whatever it leads to. */
export function LinkIcon({ size = 15 }: { size?: number }) {
  return <FileSymlink size={size} strokeWidth={1.8} style={{ color: "var(--slate)" }} className="shrink-0" aria-hidden />;
}

export function FolderIcon({ open, size = 15 }: { open: boolean; size?: number }) {
  const Icon = open ? FolderOpen : Folder;
  return <Icon size={size} strokeWidth={1.8} style={{ color: "var(--slate)" }} className="shrink-0" aria-hidden />;
}

/** The file extension in small letters. */
export function badgeOf(path: string): string {
  const text = extension(path);
  return text.length <= 4 ? text.toUpperCase() : "";
}
