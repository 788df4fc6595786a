import { Files } from "lucide-react";
import { register } from "@/shell/commands";
import { registerSideView } from "@/shell/contributions";
import { commands } from "./commands";
import { Explorer } from "./Explorer";

register(...commands);
registerSideView({ id: "files", label: "Explorer", icon: Files, keys: "Mod+Shift+E", View: Explorer });
