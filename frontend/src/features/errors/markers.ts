/** Collects the problems that Monaco finds, and marks the errors of the last run in the open files. */
import { documentOf, fileIdOf } from "@/model/documents/documents";
import { monacoOrNull, type Model, type MonacoApi } from "@/lib/monaco";
import { projectPath, useFiles } from "@/model/files/store";
import { useProblems, type RunError } from "@/model/problems";

const OWNER = "run";

export function showRunMarkers(errors: readonly RunError[]): void {
  const api = monacoOrNull();
  if (!api) return;
  for (const model of api.editor.getModels()) api.editor.setModelMarkers(model, OWNER, []);
  const byModel = new Map<Model, RunError[]>();
  for (const error of errors) {
    const path = projectPath(error.path);
    const entry = path ? useFiles.getState().tree.at(path) : undefined;
    const model = entry && documentOf(entry.id)?.model;
    if (model) byModel.set(model, [...(byModel.get(model) ?? []), error]);
  }
  for (const [model, list] of byModel)
    api.editor.setModelMarkers(
      model,
      OWNER,
      list.map((error) => marker(api, model, error)),
    );
}

/** Without a column the whole line is marked, except for its indentation. */
function marker(api: MonacoApi, model: Model, error: RunError) {
  const severity = error.severity === "error" ? api.MarkerSeverity.Error : api.MarkerSeverity.Warning;
  const line = Math.min(error.line, model.getLineCount());
  const startColumn = error.column ?? Math.max(1, model.getLineFirstNonWhitespaceColumn(line));
  return {
    severity,
    message: error.message,
    source: "last run",
    startLineNumber: line,
    endLineNumber: line,
    startColumn,
    endColumn: error.column ? startColumn + 1 : model.getLineMaxColumn(line),
  };
}

/** Follows the editor's markers; one list for the Errors tab, the tree's badges and the status bar. */
export function followMarkers(api: MonacoApi): () => void {
  const read = () => {
    const problems = api.editor
      .getModelMarkers({})
      .filter((item) => item.owner !== OWNER && item.severity >= api.MarkerSeverity.Warning)
      .flatMap((item) => {
        const entry = useFiles.getState().tree.get(fileIdOf(item.resource.toString()) ?? "");
        if (!entry) return [];
        const severity = item.severity === api.MarkerSeverity.Error ? ("error" as const) : ("warning" as const);
        const { startLineNumber: line, startColumn: column, message, source } = item;
        return [{ fileId: entry.id, path: entry.path, line, column, severity, message, source: source ?? item.owner }];
      });
    useProblems.setState({ problems });
  };
  const listeners = [
    api.editor.onDidChangeMarkers(read),
    // A file that is opened after the run shows the run's errors too.
    api.editor.onDidCreateModel(() => setTimeout(() => showRunMarkers(useProblems.getState().fromRun))),
  ];
  read();
  return () => listeners.forEach((listener) => listener.dispose());
}
