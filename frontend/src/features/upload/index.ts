import { register } from "@/shell/commands";
import { commands } from "./commands";

register(...commands);
