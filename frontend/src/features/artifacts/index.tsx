import { Package } from "lucide-react";
import { registerFileView, registerJobAside, registerProjectScope, registerTabView } from "@/shell/contributions";
import { ArtifactStrip } from "./ArtifactStrip";
import { ArtifactView } from "./ArtifactView";
import { FilePreview } from "./FilePreview";
import { leaveArtifacts } from "./store";
import type { ArtifactTab } from "./tab";

registerTabView<ArtifactTab>({
  kind: "artifact",
  View: ArtifactView,
  useLabel: ({ path }) => ({ path, icon: <Package size={14} className="shrink-0 text-faint" aria-hidden /> }),
});
registerFileView({ id: "preview", accepts: () => true, View: FilePreview });
registerJobAside({ id: "artifacts", View: ArtifactStrip });
registerProjectScope({ id: "artifacts", leave: leaveArtifacts });
