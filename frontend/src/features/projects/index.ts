import { projects as api } from "@/api/client";
import { putProject } from "@/model/projects";
import { register } from "@/shell/commands";
import { registerProjectScope } from "@/shell/contributions";
import { usePlace, visit } from "@/shell/location";
import { toast } from "@/shell/toasts/store";
import { commands } from "./commands";

register(...commands);
registerProjectScope({
  id: "projects",
  onMessage(message) {
    if (message.type !== "project") return;
    if (message.change === "deleted") {
      toast("This project was deleted", { tone: "error" });
      visit(null);
      return;
    }
    const { project } = usePlace.getState();
    if (project) void api.get(project).then(putProject, () => {});
  },
});
