// The stack's processes, whose priority the browser's measurements may lower: in use it runs on another machine.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/** Every thread of the processes in STACK_PIDS and of what they started gets this nice value; false when that is not possible here. */
export function beNice(value) {
  const roots = (process.env.STACK_PIDS ?? "").split(/\s+/).filter(Boolean);
  if (!roots.length) return false;
  const parents = new Map(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => [pid, parentOf(pid)]));
  const family = new Set(roots);
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  try {
    for (const pid of family) {
      // Between sessions the kernel looks at this value, where it has it, and only within one at that of each thread.
      if (existsSync(`/proc/${pid}/autogroup`)) writeFileSync(`/proc/${pid}/autogroup`, String(value));
      for (const thread of threadsOf(pid)) setPriority(Number(thread), value);
    }
    return true;
  } catch (error) {
    console.error(`  the stack keeps its priority: ${error.message}`);
    return false;
  }
}

function parentOf(pid) {
  try {
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

function threadsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}
