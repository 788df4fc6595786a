import { History } from "lucide-react";
import { register } from "@/shell/commands";
import { registerProjectScope, registerSideView, registerTabView } from "@/shell/contributions";
import { commands } from "./commands";
import { timelineScope } from "./scope";
import type { VersionTab } from "./tab";
import { TimelineView } from "./TimelineView";
import { VersionView } from "./VersionView";

register(...commands);
registerSideView({ id: "timeline", label: "Timeline", icon: History, View: TimelineView });
registerTabView<VersionTab>({
  kind: "version",
  View: VersionView,
  useLabel: ({ path }) => ({
    path,
    icon: <History size={14} className="shrink-0 text-faint" aria-hidden />,
  }),
  // What a version differs from has changed by then.
  restorable: () => false,
});
registerProjectScope(timelineScope);
