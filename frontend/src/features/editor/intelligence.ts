/**
 * The extension point for language features. Monaco's own workers serve TypeScript, JavaScript, JSON, CSS and
 * HTML; everything else is asked here. A language server registers a provider and is asked first.
 */
import type * as Monaco from "monaco-editor";
import { OUTLINED, outline, type OutlineSymbol } from "./outline";
import type { Model, MonacoApi } from "@/lib/monaco";

export interface LanguageIntelligence {
  languages: string[];
  symbols(model: Model): Promise<OutlineSymbol[] | null>;
}

const providers: LanguageIntelligence[] = [];

export function registerIntelligence(provider: LanguageIntelligence): () => void {
  providers.unshift(provider);
  return () => void providers.splice(providers.indexOf(provider), 1);
}

export async function symbolsOf(model: Model): Promise<OutlineSymbol[]> {
  const language = model.getLanguageId();
  for (const provider of providers) {
    if (!provider.languages.includes(language)) continue;
    const symbols = await provider.symbols(model);
    if (symbols) return symbols;
  }
  return outline(language, model.getLinesContent());
}

/** Monaco's own workers find the symbols of these. */
const SERVED_BY_MONACO = new Set(["javascript", "typescript"]);
const OWN_SYMBOLS = OUTLINED.filter((language) => !SERVED_BY_MONACO.has(language));

/** Provides Monaco's "go to symbol" with the same symbols as the breadcrumbs. */
export function provideSymbols(api: MonacoApi): Monaco.IDisposable {
  const kinds = api.languages.SymbolKind;
  const kindOf = { class: kinds.Class, function: kinds.Function, heading: kinds.String };
  return api.languages.registerDocumentSymbolProvider(OWN_SYMBOLS, {
    displayName: "Engunity",
    provideDocumentSymbols: async (model) =>
      (await symbolsOf(model)).map((symbol) => {
        const range = new api.Range(symbol.line, 1, symbol.endLine, model.getLineMaxColumn(Math.min(symbol.endLine, model.getLineCount())));
        const selectionRange = new api.Range(symbol.line, 1, symbol.line, 1);
        return { name: symbol.name, detail: "", kind: kindOf[symbol.kind], tags: [], range, selectionRange };
      }),
  });
}
