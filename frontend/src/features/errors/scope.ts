/** Finds problems while a project is open: in the output that the console shows, and in the open files. */
import type { Id } from "@/api/types";
import { loadMonaco } from "@/lib/monaco";
import { plain } from "@/model/jobs/log";
import { logOf, onOutput } from "@/model/jobs/output";
import { noProblems, useProblems } from "@/model/problems";
import type { ProjectScope } from "@/shell/contributions";
import { followMarkers, showRunMarkers } from "./markers";
import { parseErrors } from "./parse";

let stops: (() => void)[] = [];

export const errorsScope: ProjectScope = {
  id: "errors",
  enter() {
    const current = (stops = [onOutput(readOutput)]);
    void loadMonaco().then((api) => {
      if (stops === current) stops.push(followMarkers(api));
    });
  },
  leave() {
    for (const stop of stops) stop();
    stops = [];
    useProblems.setState(noProblems);
  },
};

/** A long output is parsed at both ends only. */
const READ = 400_000;

function readOutput(jobId: Id): void {
  const text = logOf(jobId)?.text() ?? "";
  const fromRun = parseErrors(plain(text.length > 2 * READ ? `${text.slice(0, READ)}\n${text.slice(-READ)}` : text));
  useProblems.setState({ fromRun });
  showRunMarkers(fromRun);
}
