import { Trash2 } from "lucide-react";
import { register } from "@/shell/commands";
import { registerProjectScope, registerSideView } from "@/shell/contributions";
import { commands } from "./commands";
import { trashScope } from "./scope";
import { TrashView } from "./TrashView";

register(...commands);
registerSideView({ id: "trash", label: "Trash", icon: Trash2, View: TrashView });
registerProjectScope(trashScope);
