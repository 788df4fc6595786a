import type { AskConflicts } from "@/model/files/bulk";
import { count } from "@/lib/format";
import { basename } from "@/lib/path";
import { ask } from "./store";

/** Asks what becomes of entries whose name is taken where they are to go. */
export const askConflicts: AskConflicts = async (paths) => {
  const several = paths.length > 1;
  const { choice } = await ask({
    title: several ? `${count(paths.length, "name")} are taken there` : `${basename(paths[0]!)} already exists there`,
    text: "What is replaced goes to the trash.",
    items: several ? paths : [],
    choices: [
      { id: "skip", label: "Skip" },
      { id: "replace", label: "Replace", tone: "danger" },
      { id: "rename", label: "Keep both", tone: "primary" },
    ],
  });
  return choice === "replace" || choice === "rename" ? choice : null;
};
