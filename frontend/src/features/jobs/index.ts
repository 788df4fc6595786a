import { runningCount, useJobs, waitingCount } from "@/model/jobs/store";
import { register } from "@/shell/commands";
import { registerPanel, registerStatusItem } from "@/shell/contributions";
import { commands } from "./commands";
import { JobsView } from "./JobsView";
import { QueueStatus } from "./QueueStatus";

const useActiveCount = () => useJobs((state) => runningCount(state) + waitingCount(state));

register(...commands);
registerPanel({ id: "jobs", label: "Jobs", View: JobsView, useBadge: useActiveCount });
registerStatusItem({ id: "queue", side: "left", order: 20, View: QueueStatus });
