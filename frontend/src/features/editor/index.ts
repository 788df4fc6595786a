import { onMonaco } from "@/lib/monaco";
import { onFailedSave } from "@/model/documents/documents";
import { entryOf } from "@/model/files/store";
import { register } from "@/shell/commands";
import { registerProjectScope, registerStatusItem, registerTabView } from "@/shell/contributions";
import type { FileTab } from "@/shell/tabs/tabs";
import { fail } from "@/shell/toasts/store";
import { commands } from "./commands";
import { useFileLabel } from "./fileTab";
import { CursorStatus, SaveStatus } from "./FileStatus";
import { FileTabView } from "./FileTabView";
import { FormatStatus } from "./FormatStatus";
import { provideSymbols } from "./intelligence";
import { editorScope } from "./scope";

register(...commands);
registerTabView<FileTab>({
  kind: "file",
  View: FileTabView,
  useLabel: useFileLabel,
  restorable: ({ fileId }) => entryOf(fileId) !== undefined,
});
registerStatusItem({ id: "save", side: "right", order: 10, View: SaveStatus });
registerStatusItem({ id: "cursor", side: "right", order: 20, View: CursorStatus });
registerStatusItem({ id: "format", side: "right", order: 30, View: FormatStatus });
registerProjectScope(editorScope);
onFailedSave((name, error) => fail(`${name} could not be saved`, error));
onMonaco(provideSymbols);
