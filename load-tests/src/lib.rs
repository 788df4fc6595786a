//! Shared by the benchmarks: percentiles, tables, the peers' Python environment and the results folder.

pub mod cpu;
pub mod http;
pub mod wrk;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use engunity_testkit::{ServiceConfig, database};
use serde::de::DeserializeOwned;
use tokio::process::Command;

pub const HERE: &str = env!("CARGO_MANIFEST_DIR");
const WIDTH: usize = 120;

/// Durations of many events, sorted, for percentiles.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The percentile in milliseconds.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        let at = (last as f64 * percent / 100.0).round() as usize;
        self.0[at.min(last)].as_secs_f64() * 1000.0
    }
}

/// One row of a table: our value, the peer's value, and which direction is better.
pub struct Row {
    pub what: String,
    pub ours: f64,
    pub peer: f64,
    pub unit: &'static str,
    /// More is better (a rate), or less (a time).
    pub more_is_better: bool,
}

impl Row {
    pub fn rate(what: &str, ours: f64, peer: f64) -> Self {
        Self { what: what.to_owned(), ours, peer, unit: "/s", more_is_better: true }
    }

    pub fn time(what: &str, ours: f64, peer: f64) -> Self {
        Self { what: what.to_owned(), ours, peer, unit: " ms", more_is_better: false }
    }

    /// The factor by which our value is better.
    pub fn ratio(&self) -> f64 {
        if self.more_is_better { self.ours / self.peer } else { self.peer / self.ours }
    }
}

/// The table as Markdown.
pub fn table(peer: &str, rows: &[Row]) -> String {
    let mut text = format!("| | ours | {peer} | times better |\n|---|---:|---:|---:|\n");
    for row in rows {
        let number = |value: f64| {
            if value >= 100.0 { format!("{value:.0}{}", row.unit) } else { format!("{value:.2}{}", row.unit) }
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} |",
            row.what,
            number(row.ours),
            number(row.peer),
            row.ratio()
        );
    }
    text
}

/// A threshold, the measured value, and whether the threshold is met.
pub struct Goal {
    pub what: String,
    pub came: String,
    pub met: bool,
}

/// The goals as Markdown.
pub fn goals(goals: &[Goal]) -> String {
    let mut text = "| to reach | came out | met |\n|---|---:|---|\n".to_owned();
    for Goal { what, came, met } in goals {
        let _ = writeln!(text, "| {what} | {came} | {} |", if *met { "yes" } else { "**no**" });
    }
    text
}

/// The time, machine and versions of a measurement.
pub struct Setting {
    load_before: String,
    versions: String,
}

impl Setting {
    /// Records the load average and versions before the measurement. `packages` are PyPI packages of the peers.
    pub async fn record(packages: &[&str]) -> Result<Self> {
        Ok(Self { load_before: load_average()?, versions: versions(packages).await? })
    }

    /// Prints a report and writes it to `results/<name>.md`.
    pub fn report(&self, name: &str, title: &str, body: &str) -> Result<()> {
        let text = wrap(&format!("# {title}\n\n{}\n\n{body}", self.text()?));
        println!("{text}");
        let dir = Path::new(HERE).join("results");
        std::fs::create_dir_all(&dir)?;
        Ok(std::fs::write(dir.join(format!("{name}.md")), text)?)
    }

    fn text(&self) -> Result<String> {
        let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .and_then(|rest| rest.split(": ").nth(1));
        let cores = std::thread::available_parallelism()?;
        let build = if cfg!(debug_assertions) { "dev profile (opt-level 1)" } else { "release build" };
        let now = chrono::Utc::now().format("%Y-%m-%d %H:%M UTC");
        Ok(format!(
            "{now} · {cores} × {} · load average {} before, {} at the end · {build}\n\n{}",
            model.unwrap_or("unknown CPU"),
            self.load_before,
            load_average()?,
            self.versions
        ))
    }
}

/// Breaks the lines of paragraphs and list items at the width that documents have; rows of tables stay.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let indent = if line.starts_with("- ") { "  " } else { "" };
        let mut width = 0;
        for (at, word) in line.split(' ').enumerate() {
            if at > 0 && !line.starts_with('|') && width + 1 + word.chars().count() > WIDTH {
                let _ = write!(wrapped, "\n{indent}");
                width = indent.len();
            } else if at > 0 {
                wrapped.push(' ');
                width += 1;
            }
            wrapped.push_str(word);
            width += word.chars().count();
        }
        wrapped.push('\n');
    }
    wrapped
}

fn load_average() -> Result<String> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().unwrap_or_default().to_owned())
}

async fn versions(packages: &[&str]) -> Result<String> {
    let services = ServiceConfig::from_env()?;
    let url = format!("{}/api/overview", services.management_url.trim_end_matches('/'));
    let broker: serde_json::Value = reqwest::get(url).await?.json().await?;
    let postgres = database::version(&services).await?;
    let mut text =
        format!("PostgreSQL {postgres} · RabbitMQ {}", broker["rabbitmq_version"].as_str().unwrap_or("?"));
    if packages.is_empty() {
        return Ok(text);
    }
    let mut ask = Command::new(python()?);
    ask.args(["-c", ASK_VERSIONS]).args(packages);
    let versions: Vec<String> = measured(ask).await?;
    for (package, version) in packages.iter().zip(versions) {
        let _ = write!(text, " · {package} {version}");
    }
    Ok(text)
}

const ASK_VERSIONS: &str = "
import json, platform, sys
from importlib.metadata import version
print(json.dumps([platform.python_version() if name == 'Python' else version(name) for name in sys.argv[1:]]))";

/// Whether to measure without the peer (`./dev bench NAME alone`). Writes no results.
pub fn alone() -> bool {
    std::env::args().any(|argument| argument == "alone")
}

/// The Python interpreter of the peers' environment, which the benchmark's `run` script creates.
pub fn python() -> Result<PathBuf> {
    let venv = std::env::var("BENCH_VENV").context("BENCH_VENV is not set: start this with `./dev bench`")?;
    Ok(Path::new(&venv).join("bin/python"))
}

/// A program of a peer, with its folder as working directory. Killed when dropped.
pub fn peer(bench: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(python()?);
    command.args(arguments).current_dir(Path::new(HERE).join(bench).join("peer"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Runs a program to completion and parses the last line of its output as JSON.
pub async fn measured<T: DeserializeOwned>(mut command: Command) -> Result<T> {
    let output = command.stderr(Stdio::inherit()).output().await?;
    ensure!(output.status.success(), "{:?} ended with {}", command.as_std().get_program(), output.status);
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(text.trim().lines().last().unwrap_or_default()).with_context(|| text.clone())
}

/// Resident memory of a process, in MiB.
pub fn resident_mb(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kb: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kb / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(times.percentile_ms(50.0), 51.0);
        assert_eq!(times.percentile_ms(100.0), 100.0);
    }

    #[test]
    fn long_lines_are_wrapped_and_tables_are_not() {
        let (words, row) = ("word ".repeat(40), format!("| {} |", "cell ".repeat(40)));
        let text = wrap(&format!("- {}\n{row}", words.trim()));
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].len() <= WIDTH && lines[1].starts_with("  word"), "{lines:?}");
        assert_eq!(lines[2], row);
    }

    #[test]
    fn a_shorter_time_and_a_higher_rate_are_better() {
        assert_eq!(Row::time("p50", 2.0, 10.0).ratio(), 5.0);
        assert_eq!(Row::rate("jobs", 100.0, 10.0).ratio(), 10.0);
    }
}
