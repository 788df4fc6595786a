//! CPU time per part of the system, with all its processes, between two readings.

use std::{collections::HashMap, fmt::Write as _, fs, path::Path, time::Instant};

use anyhow::{Context, Result};

/// `USER_HZ`: the unit of CPU time in `/proc` is a hundredth of a second.
const TICKS: f64 = 100.0;

/// Reads the counters of some parts when it is created and again in [`Meter::per`].
pub struct Meter {
    parts: Vec<Part>,
    before: Vec<f64>,
    begin: Instant,
}

/// Processes under one name.
struct Part {
    name: &'static str,
    roots: Vec<u32>,
    /// Counts the processes and their ended children, not running children.
    alone: bool,
}

impl Meter {
    /// Starts a reading of this program (with `wrk`, counted when it has ended), the services and `parts`.
    pub fn start(parts: &[(&'static str, Vec<u32>)]) -> Result<Self> {
        let mut all = vec![Part { name: "load generator", roots: vec![std::process::id()], alone: true }];
        all.extend(parts.iter().map(|(name, roots)| Part { name, roots: roots.clone(), alone: false }));
        for (name, file) in [("PostgreSQL", "postgres.pid"), ("RabbitMQ", "rabbitmq.pid")] {
            all.extend(service(file).map(|root| Part { name, roots: vec![root], alone: false }));
        }
        let before = used(&all)?;
        Ok(Self { parts: all, before, begin: Instant::now() })
    }

    /// CPU milliseconds that each part used per item, for `count` items, as a line of text.
    pub fn per(&self, what: &str, count: f64) -> Result<String> {
        let (wall, after) = (self.begin.elapsed().as_secs_f64(), used(&self.parts)?);
        let spent: Vec<f64> = after.iter().zip(&self.before).map(|(after, before)| after - before).collect();
        let cores = std::thread::available_parallelism()?.get() as f64;
        let mut text = format!(
            "processor time per {what}: {:.2} ms ({:.0} % of {cores} cores busy with it)",
            spent.iter().sum::<f64>() / count * 1000.0,
            spent.iter().sum::<f64>() / wall / cores * 100.0
        );
        for (part, spent) in self.parts.iter().zip(&spent).filter(|(_, spent)| **spent > 0.0) {
            write!(text, ", {} {:.2}", part.name, spent / count * 1000.0)?;
        }
        Ok(text)
    }
}

/// The process id of a service of this clone.
fn service(file: &str) -> Option<u32> {
    let path = Path::new(&std::env::var("ENGUNITY_DEV").ok()?).join("run").join(file);
    fs::read_to_string(path).ok()?.split_whitespace().next()?.parse().ok()
}

/// One process in `/proc`.
struct Process {
    parent: u32,
    /// CPU seconds, including ended children.
    used: f64,
}

fn used(parts: &[Part]) -> Result<Vec<f64>> {
    let processes: HashMap<u32, Process> = fs::read_dir("/proc")?
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, process(pid).ok()?))
        })
        .collect();
    let belongs = |part: &Part, mut pid: u32| {
        if part.alone {
            return part.roots.contains(&pid);
        }
        while !part.roots.contains(&pid) {
            match processes.get(&pid) {
                Some(process) if process.parent > 1 => pid = process.parent,
                _ => return false,
            }
        }
        true
    };
    let of = |part| processes.iter().filter(|(pid, _)| belongs(part, **pid)).map(|(_, p)| p.used).sum();
    Ok(parts.iter().map(of).collect())
}

fn process(pid: u32) -> Result<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may contain any character.
    let (_, rest) = stat.rsplit_once(") ").context("a process without a name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |at: usize| -> Result<f64> { Ok(fields.get(at).context("too few fields")?.parse()?) };
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Ok(Process { parent: number(1)? as u32, used: ticks / TICKS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_this_process_uses() {
        let meter = Meter::start(&[]).unwrap();
        let begin = Instant::now();
        while begin.elapsed().as_millis() < 200 {
            std::hint::black_box(process(std::process::id()).unwrap());
        }
        assert!(meter.per("test", 1.0).unwrap().contains("load generator"));
    }
}
