// Collects what was measured, says it as it comes, and keeps the table.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import path from "node:path";

const RESULTS = path.resolve(import.meta.dirname, "../results");

export class Report {
  rows = [];
  peers = [];
  failures = [];

  /** A row of the table; a budget that is not met fails the run, a time is only reported. */
  add(what, value, unit, { limit = null, better = "<=", budget = false, peer = false } = {}) {
    const met = limit === null ? "" : (better === "<=" ? value <= limit : value >= limit) ? "yes" : "NO";
    (peer ? this.peers : this.rows).push([what, `${value} ${unit}`, limit === null ? "" : `${better} ${limit} ${unit}`, met]);
    console.error(`  ${what}: ${value} ${unit} ${met && `(to reach: ${better} ${limit} ${unit}: ${met})`}`);
    if (budget && met === "NO") this.failures.push(what);
  }

  /** Prints everything; keeps it when nothing was left out on purpose. */
  finish({ version, load, keep }) {
    const head = `${cpus().length} × ${cpus()[0].model.trim()}, Chromium ${version}, ${new Date().toISOString().slice(0, 10)}`;
    const busy = `Load average before ${load.toFixed(1)}, after ${loadavg()[0].toFixed(1)} (the stack, the browser and the sandbox share these cores).`;
    const parts = [head, busy, table(["measure", "here", "to reach", "met"], this.rows)];
    parts.push(this.peers.length ? `Beside it, in the same run:\n\n${table(["measure", "code-server"], this.peers.map((row) => row.slice(0, 2)))}` : "Measured without code-server; docs/frontend.md says when it can be.");
    const text = `${parts.join("\n\n")}\n`;
    console.log(text);
    if (keep) {
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(path.join(RESULTS, "ui.md"), `# The studio in headless Chromium\n\n${text}`);
    }
    if (!this.failures.length) return;
    console.error(`over budget: ${this.failures.join(", ")}`);
    process.exitCode = 1;
  }
}

function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => String(row[column]).length)));
  const line = (row) => `| ${row.map((cell, column) => String(cell).padEnd(widths[column])).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}
