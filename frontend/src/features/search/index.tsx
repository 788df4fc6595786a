import { Replace, Search } from "lucide-react";
import { register } from "@/shell/commands";
import { registerProjectScope, registerSideView, registerStatusItem, registerTabView } from "@/shell/contributions";
import { commands } from "./commands";
import { IndexStatus } from "./IndexStatus";
import { ReplacePreview } from "./ReplacePreview";
import { searchScope } from "./scope";
import { SearchView } from "./SearchView";
import type { ReplaceTab } from "./tab";

register(...commands);
registerSideView({ id: "search", label: "Search", icon: Search, keys: "Mod+Shift+F", View: SearchView });
registerStatusItem({ id: "index", side: "left", order: 30, View: IndexStatus });
registerTabView<ReplaceTab>({
  kind: "replace",
  View: ReplacePreview,
  useLabel: ({ path }) => ({ path, icon: <Replace size={14} className="shrink-0 text-faint" aria-hidden /> }),
  // The search that it belongs to is gone by then.
  restorable: () => false,
});
registerProjectScope(searchScope);
