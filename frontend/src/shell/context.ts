/** Conditions under which commands are enabled. */
import { useAccount } from "@/model/account";
import { chosenEntries } from "@/model/files/store";
import { usePlace } from "./location";
import { activeFileId, useTabs } from "./tabs/store";
import { activeTab } from "./tabs/tabs";

export const signedIn = () => useAccount.getState().status === "in";
export const inProject = () => signedIn() && usePlace.getState().project !== null;
export const hasFile = () => inProject() && activeFileId() !== null;
export const hasTab = () => inProject() && activeTab(useTabs.getState().tabs) !== undefined;
/** Entries are chosen in the explorer. */
export const hasChosen = () => inProject() && chosenEntries().length > 0;
