/** What is known of languages: which one a path has, and what a word means. The facts come from `languages/`. */
import { LANGUAGES, type Language } from "./languages.gen";
import { basename, extension } from "./path";

export type { Language, LanguageIcon } from "./languages.gen";

const index = (keys: (language: Language) => readonly string[]) =>
  new Map(LANGUAGES.flatMap((language) => keys(language).map((key): [string, Language] => [key, language])));

const byExtension = index((language) => language.extensions);
const byFileName = index((language) => language.fileNames);
const byName = index((language) => language.names);
const PLAIN = byName.get("plaintext")!;

/** The language that a path's name tells, if it tells one. */
export function knownLanguageOf(path: string): Language | undefined {
  return byFileName.get(basename(path).toLowerCase()) ?? byExtension.get(extension(path));
}

export function languageOf(path: string): Language {
  return knownLanguageOf(path) ?? PLAIN;
}

/** Finds a language by its id, an alias or its runtime's name. */
export function languageNamed(word: string): Language | undefined {
  return byName.get(word.toLowerCase());
}

/** Written for people to read: words that come up by themselves, and take the next Enter, are in the way. */
export function isProse(monacoId: string): boolean {
  return LANGUAGES.some((language) => language.monaco === monacoId && language.prose);
}
