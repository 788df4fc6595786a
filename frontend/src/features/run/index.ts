import { register } from "@/shell/commands";
import { registerPanel, registerProjectScope } from "@/shell/contributions";
import { commands } from "./commands";
import { Console } from "./Console";
import { runScope } from "./scope";

register(...commands);
registerPanel({ id: "console", label: "Console", View: Console });
registerProjectScope(runScope);
