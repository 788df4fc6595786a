import { Settings, Sun, WrapText, ZoomIn, ZoomOut } from "lucide-react";
import { useSettings } from "@/model/settings";
import type { Command } from "@/shell/commands";
import { inProject } from "@/shell/context";

const settings = useSettings.getState;

const general: Command[] = [
  { id: "settings.open", label: "Settings", icon: Settings, keys: ["Mod+,"], run: () => settings().setOpen(true) },
  {
    id: "theme.toggle",
    label: "Switch between light and dark",
    icon: Sun,
    run: () => settings().set({ theme: settings().dark ? "light" : "dark" }),
  },
  { id: "theme.system", label: "Follow the system's theme", run: () => settings().set({ theme: "system" }) },
  {
    id: "settings.screenReader",
    label: "Toggle screen reader mode",
    run: () => settings().set({ screenReader: !settings().screenReader }),
  },
].map((item) => ({ ...item, category: "Settings" }));

const view: Command[] = [
  {
    id: "view.wrap",
    label: "Toggle word wrap",
    icon: WrapText,
    keys: ["Alt+Z"],
    when: inProject,
    run: () => settings().set({ wordWrap: !settings().wordWrap }),
  },
  { id: "view.minimap", label: "Toggle minimap", when: inProject, run: () => settings().set({ minimap: !settings().minimap }) },
  {
    id: "view.larger",
    label: "Larger text",
    icon: ZoomIn,
    when: inProject,
    run: () => settings().set({ fontSize: Math.min(24, settings().fontSize + 1) }),
  },
  {
    id: "view.smaller",
    label: "Smaller text",
    icon: ZoomOut,
    when: inProject,
    run: () => settings().set({ fontSize: Math.max(10, settings().fontSize - 1) }),
  },
].map((item) => ({ ...item, category: "View" }));

export const commands: Command[] = [...general, ...view];
