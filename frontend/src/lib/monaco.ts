/** Loads Monaco from our own /vs, once, and gives it our themes. Types only come from the package. */
import type * as Monaco from "monaco-editor";
import { LANGUAGES } from "./languages.gen";
import { dark, light } from "./monacoThemes";

export type MonacoApi = typeof Monaco;
export type CodeEditor = Monaco.editor.IStandaloneCodeEditor;
export type Model = Monaco.editor.ITextModel;

interface AmdRequire {
  (modules: string[], done: (api: MonacoApi) => void, failed: (error: unknown) => void): void;
  config(options: unknown): void;
}

declare global {
  interface Window {
    require?: AmdRequire;
    monaco?: MonacoApi;
  }
}

let loading: Promise<MonacoApi> | null = null;
let ready: MonacoApi | null = null;
const listeners: ((api: MonacoApi) => void)[] = [];

export function monaco(): MonacoApi {
  if (!ready) throw new Error("Monaco is not loaded yet");
  return ready;
}

export function monacoOrNull(): MonacoApi | null {
  return ready;
}

/** Calls back once, as soon as Monaco is loaded. */
export function onMonaco(listener: (api: MonacoApi) => void): void {
  if (ready) listener(ready);
  else listeners.push(listener);
}

export function loadMonaco(): Promise<MonacoApi> {
  loading ??= load().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** Monaco leaves promises unhandled that it cancels itself (workers of a closed model). */
function ignoreCancellations(): void {
  window.addEventListener("unhandledrejection", (event) => {
    if ((event.reason as Error | null)?.name === "Canceled") event.preventDefault();
  });
}

async function load(): Promise<MonacoApi> {
  ignoreCancellations();
  await script("/vs/loader.js");
  const amd = window.require!;
  amd.config({ paths: { vs: "/vs" } });
  // editor.main assigns the whole namespace to the global; the module's own export differs by version.
  const api = await new Promise<MonacoApi>((resolve, reject) =>
    amd(["vs/editor/editor.main"], (loaded) => resolve(window.monaco ?? loaded), reject),
  );
  configure(api);
  ready = api;
  for (const listener of listeners.splice(0)) listener(api);
  return api;
}

function script(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = src;
    element.onload = () => resolve();
    element.onerror = () => reject(new Error("The editor can't be loaded"));
    document.head.append(element);
  });
}

/** Imports of packages that are installed in the sandbox only; the browser's TypeScript can't know them. */
const UNKNOWABLE = [2307, 2792, 7016, 2580, 2584, 2591, 1375, 1378];

function configure(api: MonacoApi): void {
  api.editor.defineTheme("engunity-dark", dark);
  api.editor.defineTheme("engunity-light", light);
  registerMissingLanguages(api);
  const ts = typescript(api);
  const compilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.NodeJs,
    allowNonTsExtensions: true,
    allowJs: true,
    jsx: ts.JsxEmit.Preserve,
    esModuleInterop: true,
  };
  for (const language of [ts.typescriptDefaults, ts.javascriptDefaults]) {
    language.setCompilerOptions(compilerOptions);
    language.setDiagnosticsOptions({ diagnosticCodesToIgnore: UNKNOWABLE });
    language.setEagerModelSync(true);
  }
}

/** Languages that Monaco cannot colour keep their id and their comment keys. */
function registerMissingLanguages(api: MonacoApi): void {
  const known = new Set(api.languages.getLanguages().map(({ id }) => id));
  for (const { monaco: id, title, comments } of LANGUAGES) {
    if (known.has(id)) continue;
    api.languages.register({ id, aliases: [title] });
    api.languages.setLanguageConfiguration(id, { comments: { lineComment: comments.line, blockComment: comments.block } });
  }
}

/** 0.55 moved the language out of `languages`. */
export function typescript(api: MonacoApi): typeof Monaco.typescript {
  return api.typescript ?? (api.languages as unknown as { typescript: typeof Monaco.typescript }).typescript;
}
