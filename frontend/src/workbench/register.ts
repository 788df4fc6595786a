/** What the workbench contributes itself; the features follow. */
import { register } from "@/shell/commands";
import { registerStatusItem } from "@/shell/contributions";
import { commands } from "./commands";
import { ConnectionStatus } from "./statusItems";
import "@/features";

register(...commands);
registerStatusItem({ id: "connection", side: "left", order: 10, View: ConnectionStatus });
