/** Who is signed in. `features/accounts` signs in and out; everything else only reads. */
import { create } from "zustand";
import type { User } from "@/api/types";

interface AccountState {
  status: "loading" | "out" | "in";
  user: User | null;
}

export const useAccount = create<AccountState>(() => ({ status: "loading", user: null }));
