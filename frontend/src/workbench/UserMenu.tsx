"use client";
import { useState } from "react";
import { LogOut } from "lucide-react";
import { logout } from "@/features/accounts/store";
import { useAccount } from "@/model/account";
import { menuItem } from "@/shell/commands";
import { Avatar } from "@/ui/Avatar";
import { below, Menu, type MenuPlace } from "@/ui/Menu";

export function UserMenu() {
  const [place, setPlace] = useState<MenuPlace | null>(null);
  const user = useAccount((state) => state.user);
  if (!user) return null;
  const name = user.name || user.email;
  return (
    <>
      <button
        type="button"
        aria-label="Account"
        aria-haspopup="menu"
        aria-expanded={place !== null}
        className="rounded-full"
        onClick={(event) => setPlace(below(event.currentTarget, true))}
      >
        <Avatar name={name} id={String(user.id)} />
      </button>
      {place && (
        <Menu
          label={user.email}
          place={place}
          onClose={() => setPlace(null)}
          entries={[
            menuItem("settings.open"),
            menuItem("theme.toggle"),
            menuItem("palette.commands"),
            null,
            { id: "logout", label: "Sign out", icon: LogOut, detail: user.email, run: () => void logout() },
          ]}
        />
      )}
    </>
  );
}
