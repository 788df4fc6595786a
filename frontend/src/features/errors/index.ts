import { useErrorCount } from "@/model/problems";
import { register } from "@/shell/commands";
import { registerPanel, registerProjectScope, registerStatusItem } from "@/shell/contributions";
import { commands } from "./commands";
import { ErrorsView } from "./ErrorsView";
import { ProblemsStatus } from "./ProblemsStatus";
import { errorsScope } from "./scope";

register(...commands);
registerPanel({ id: "errors", label: "Errors", View: ErrorsView, useBadge: useErrorCount });
registerStatusItem({ id: "problems", side: "left", order: 40, View: ProblemsStatus });
registerProjectScope(errorsScope);
