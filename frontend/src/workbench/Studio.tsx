"use client";
import { useEffect, useState, type ReactNode } from "react";
import "./register";
import { followOtherTabs, restoreSession } from "@/features/accounts/store";
import { SignIn } from "@/features/accounts/SignIn";
import { listenForShortcuts } from "@/shell/commands";
import { Palette } from "@/workbench/palette/Palette";
import { ProjectList } from "@/features/projects/ProjectList";
import { NewProject } from "@/features/projects/NewProject";
import { loadProjects } from "@/features/projects/actions";
import { SettingsDialog } from "@/features/settings/SettingsDialog";
import { NewProjectDrop } from "@/features/upload/ProjectDrop";
import { UploadButton } from "@/features/upload/UploadButton";
import { useAccount } from "@/model/account";
import { loadRuntimes } from "@/model/projects";
import { applyTheme } from "@/model/settings";
import { Questions } from "@/shell/questions/Questions";
import { Toasts } from "@/shell/toasts/Toasts";
import { Logo } from "@/ui/Logo";
import { Tooltips } from "@/ui/Tooltips";
import { Ide } from "./Ide";
import { UserMenu } from "./UserMenu";
import { followHistory, usePlace } from "@/shell/location";
import { followWindow } from "@/shell/panes";

/** The page: sign-in, list of projects or open project. */
export function Studio() {
  const [mounted, setMounted] = useState(false);
  useEffect(() => {
    const stops = [applyTheme(), followHistory(), followWindow(), followOtherTabs(), listenForShortcuts()];
    void restoreSession();
    setMounted(true);
    return () => stops.forEach((stop) => stop());
  }, []);
  // The static export is rendered without a browser: account, address and panes are unknown.
  if (!mounted) return <Splash />;
  return <Screens />;
}

function Screens() {
  const status = useAccount((state) => state.status);
  const project = usePlace((state) => state.project);
  useEffect(() => {
    if (status !== "in") return;
    void loadProjects();
    void loadRuntimes();
  }, [status]);

  let screen: ReactNode = <Splash />;
  if (status === "out") screen = <SignIn />;
  if (status === "in") screen = project ? <Ide key={project} projectId={project} /> : <Projects />;
  return (
    <>
      {screen}
      {status === "in" && (
        <>
          <Palette />
          <NewProject />
        </>
      )}
      <SettingsDialog />
      <Questions />
      <Toasts />
      <Tooltips />
    </>
  );
}

function Projects() {
  return (
    <NewProjectDrop>
      <ProjectList upload={<UploadButton />} account={<UserMenu />} />
    </NewProjectDrop>
  );
}

function Splash() {
  return (
    <main className="grid h-dvh place-items-center" aria-busy="true">
      <h1 className="sr-only">Engunity Code Lab</h1>
      <Logo size={40} />
    </main>
  );
}
