/** Which Monaco language a path has. */
import { basename, extension } from "./path";

const BY_EXTENSION: Record<string, string> = {
  py: "python", pyi: "python", js: "javascript", mjs: "javascript", cjs: "javascript", jsx: "javascript",
  ts: "typescript", mts: "typescript", cts: "typescript", tsx: "typescript", json: "json", jsonc: "json",
  css: "css", scss: "scss", less: "less", html: "html", htm: "html", xml: "xml", svg: "xml", md: "markdown", mdx: "mdx",
  rs: "rust", go: "go", c: "c", h: "c", cpp: "cpp", cc: "cpp", cxx: "cpp", hpp: "cpp", hh: "cpp", java: "java",
  kt: "kotlin", rb: "ruby", sh: "shell", bash: "shell", zsh: "shell", yaml: "yaml", yml: "yaml", toml: "ini", ini: "ini",
  cfg: "ini", conf: "ini", sql: "sql", php: "php", lua: "lua", swift: "swift", r: "r", jl: "julia", graphql: "graphql",
  proto: "proto", tf: "hcl", ps1: "powershell", dart: "dart", ex: "elixir", exs: "elixir", scala: "scala", cs: "csharp",
};
const BY_NAME: Record<string, string> = { Dockerfile: "dockerfile", Makefile: "plaintext", Gemfile: "ruby", Rakefile: "ruby" };

export function languageOf(path: string): string {
  return BY_NAME[basename(path)] ?? BY_EXTENSION[extension(path)] ?? "plaintext";
}

/** Written for people to read: words that come up by themselves, and take the next Enter, are in the way. */
export function isProse(language: string): boolean {
  return language === "plaintext" || language === "markdown" || language === "mdx";
}

const NAMES: Record<string, string> = {
  cpp: "C++", c: "C", csharp: "C#", css: "CSS", html: "HTML", ini: "TOML / INI", javascript: "JavaScript", json: "JSON", php: "PHP",
  plaintext: "Plain Text", shell: "Shell", sql: "SQL", typescript: "TypeScript", xml: "XML", yaml: "YAML",
};

export function languageName(language: string): string {
  return NAMES[language] ?? language.charAt(0).toUpperCase() + language.slice(1);
}
