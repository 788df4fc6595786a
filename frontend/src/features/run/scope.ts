import { loadMonaco } from "@/lib/monaco";
import { whenIdle } from "@/lib/idle";
import { recall } from "@/lib/storage";
import { isOver } from "@/model/jobs/store";
import { onInputMessage, resendInputs, sendInputsBy } from "@/model/jobs/input";
import { connection } from "@/model/live/session";
import { logOf } from "@/model/jobs/output";
import type { ProjectScope } from "@/shell/contributions";
import { notifyEnd, loadConfigurations, restoreShown } from "./actions";
import { CONFIGURATIONS_PATH } from "./configurations";
import { leaveRuns, useRun } from "./store";

export const runScope: ProjectScope = {
  id: "run",
  async enter(projectId) {
    sendInputsBy((message) => connection()?.send(message));
    useRun.setState({ chosen: recall<string | null>(`run.${projectId}`, null) });
    // The console's terminal is loaded when the editor no longer needs the network.
    void loadMonaco().then(() => whenIdle(() => void import("./terminal")));
    await Promise.all([loadConfigurations(), restoreShown(projectId)]);
  },
  reload: () => void loadConfigurations(),
  leave: leaveRuns,
  onMessage(message, { previousJob }) {
    if (message.type === "welcome") resendInputs();
    onInputMessage(message);
    if (message.type === "file" && message.file?.path === CONFIGURATIONS_PATH) void loadConfigurations();
    if (message.type !== "job" || logOf(message.job.id)) return;
    const ended = isOver(message.job.state) && !(previousJob && isOver(previousJob.state));
    if (ended) notifyEnd(message.job);
  },
};
