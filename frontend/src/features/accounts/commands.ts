import { LogOut } from "lucide-react";
import type { Command } from "@/shell/commands";
import { signedIn } from "@/shell/context";
import { logout } from "./store";

export const commands: Command[] = [
  { id: "account.logout", category: "Account", label: "Sign out", icon: LogOut, when: signedIn, run: logout },
];
