import { menuItem } from "@/shell/commands";
import type { MenuEntry } from "@/ui/Menu";
import { chosenEntries, useFiles } from "@/model/files/store";

/** The context menu of the selected entries. */
export function entryMenu(): MenuEntry[] {
  const chosen = chosenEntries();
  const creating: MenuEntry[] = [menuItem("file.new"), menuItem("file.newFolder")];
  const pasting: MenuEntry[] = useFiles.getState().cut.size ? [menuItem("file.paste")] : [];
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
    ...pasting,
    ...(single ? [menuItem("file.copyPath")] : []),
    ...(file ? [menuItem("file.download")] : []),
    null,
    { ...menuItem("file.delete"), danger: true },
  ];
}
