import {
  Braces, Database, FileArchive, FileCode2, FileImage, FileText, FileType2, Folder, FolderOpen, Gem, Hash, Settings2,
  SquareTerminal, Table2, type LucideIcon,
} from "lucide-react";
import { extension } from "@/lib/path";

interface Look {
  icon: LucideIcon;
  colour: string;
}

const LOOKS: [string, LucideIcon, string][] = [
  ["py pyi ipynb", FileCode2, "--blue"],
  ["js mjs cjs jsx", FileCode2, "--amber"],
  ["ts tsx mts cts", FileCode2, "--cyan"],
  ["json jsonc", Braces, "--amber"],
  ["txt log", FileText, "--slate"],
  ["md mdx rst", FileText, "--cyan"],
  ["rs", FileCode2, "--orange"],
  ["go", FileCode2, "--cyan"],
  ["c h", Hash, "--blue"],
  ["cpp cc cxx hpp hh", Hash, "--violet"],
  ["java kt", FileCode2, "--rose"],
  ["rb", Gem, "--rose"],
  ["sh bash zsh", SquareTerminal, "--green"],
  ["html htm xml svg", FileCode2, "--orange"],
  ["css scss less", FileType2, "--violet"],
  ["csv tsv", Table2, "--green"],
  ["sql db sqlite", Database, "--violet"],
  ["png jpg jpeg gif webp ico bmp avif", FileImage, "--violet"],
  ["zip tar gz zst xz", FileArchive, "--slate"],
  ["toml yaml yml ini cfg conf env lock", Settings2, "--slate"],
];

const byExtension = new Map<string, Look>(
  LOOKS.flatMap(([names, icon, colour]) => names.split(" ").map((name): [string, Look] => [name, { icon, colour }])),
);
const plain: Look = { icon: FileText, colour: "--slate" };

export function lookOf(path: string): Look {
  return byExtension.get(extension(path)) ?? plain;
}

export function FileIcon({ path, size = 15 }: { path: string; size?: number }) {
  const { icon: Icon, colour } = lookOf(path);
  return <Icon size={size} strokeWidth={1.8} style={{ color: `var(${colour})` }} className="shrink-0" aria-hidden />;
}

export function FolderIcon({ open, size = 15 }: { open: boolean; size?: number }) {
  const Icon = open ? FolderOpen : Folder;
  return <Icon size={size} strokeWidth={1.8} style={{ color: "var(--slate)" }} className="shrink-0" aria-hidden />;
}

/** The seed's badge: the extension in small letters. */
export function badgeOf(path: string): string {
  const text = extension(path);
  return text.length <= 4 ? text.toUpperCase() : "";
}
