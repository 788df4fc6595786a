import { execute, menuItem } from "@/shell/commands";
import type { MenuEntry, MenuItem } from "@/ui/Menu";
import { chosenEntries } from "@/model/files/store";
import { canPaste } from "./transfers";

function historyItem(path: string): MenuItem {
  return { ...menuItem("timeline.show"), run: () => execute("timeline.show", path) };
}

/** The context menu of the selected entries. */
export function entryMenu(): MenuEntry[] {
  const chosen = chosenEntries();
  const creating: MenuEntry[] = [menuItem("file.new"), menuItem("file.newFolder")];
  const pasting: MenuEntry[] = canPaste() ? [menuItem("file.paste")] : [];
  if (!chosen.length) return [...creating, ...pasting];
  const single = chosen.length === 1;
  const file = chosen.some((entry) => entry.type === "file");
  const opening: MenuEntry[] = single && file ? [menuItem("file.openBeside"), menuItem("run.chosen"), null] : [];
  return [
    ...opening,
    ...creating,
    null,
    ...(single ? [menuItem("file.rename")] : []),
    menuItem("file.cut"),
    menuItem("file.copy"),
    ...pasting,
    ...(single ? [menuItem("file.copyPath")] : []),
    ...(single && file ? [historyItem(chosen[0]!.path)] : []),
    ...(file ? [menuItem("file.download")] : []),
    null,
    { ...menuItem("file.delete"), danger: true },
  ];
}
