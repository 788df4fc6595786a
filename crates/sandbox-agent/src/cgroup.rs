//! The kernel's counters for this sandbox: control groups version 2, or version 1 with one folder per controller.
//! A missing file (older kernel, other layout) counts as 0, so that no evidence is invented.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    pub cpu: Duration,
    pub peak_memory: u64,
    pub oom_kills: u64,
    pub pids_refused: u64,
}

impl Counters {
    /// What was counted after `earlier`; the peak is that of the whole time.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            peak_memory: self.peak_memory,
            oom_kills: self.oom_kills.saturating_sub(earlier.oom_kills),
            pids_refused: self.pids_refused.saturating_sub(earlier.pids_refused),
        }
    }
}

/// Reads the counters of the group that is mounted as this sandbox's root group.
pub struct Cgroup {
    root: PathBuf,
    unified: bool,
    /// The highest sampled use, for kernels that do not record the peak.
    seen: u64,
}

impl Cgroup {
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let unified = root.join("cgroup.controllers").exists();
        Self { root, unified, seen: 0 }
    }

    /// Samples the memory in use.
    pub fn sample(&mut self) {
        let now = if self.unified { "memory.current" } else { "memory/memory.usage_in_bytes" };
        self.seen = self.seen.max(number(&self.root.join(now)).unwrap_or(0));
    }

    pub fn read(&self) -> Counters {
        let file = |path: &str| self.root.join(path);
        let (cpu, peak, oom, pids) = if self.unified {
            let cpu = Duration::from_micros(keyed(&file("cpu.stat"), "usage_usec"));
            (
                cpu,
                file("memory.peak"),
                keyed(&file("memory.events"), "oom_kill"),
                keyed(&file("pids.events"), "max"),
            )
        } else {
            let cpu = Duration::from_nanos(number(&file("cpuacct/cpuacct.usage")).unwrap_or(0));
            let oom = keyed(&file("memory/memory.oom_control"), "oom_kill");
            (cpu, file("memory/memory.max_usage_in_bytes"), oom, keyed(&file("pids/pids.events"), "max"))
        };
        let peak_memory = number(&peak).unwrap_or(0).max(self.seen);
        Counters { cpu, peak_memory, oom_kills: oom, pids_refused: pids }
    }
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Returns the number beside `key` in a file of `key number` lines.
fn keyed(path: &Path, key: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn both_versions_say_the_same() {
        let two = tree(&[
            ("cgroup.controllers", "cpu memory pids\n"),
            ("cpu.stat", "usage_usec 1500\nuser_usec 1000\n"),
            ("memory.peak", "4096\n"),
            ("memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n"),
            ("pids.events", "max 3\n"),
        ]);
        let one = tree(&[
            ("cpuacct/cpuacct.usage", "1500000\n"),
            ("memory/memory.max_usage_in_bytes", "4096\n"),
            ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("pids/pids.events", "max 3\n"),
        ]);
        let expected =
            Counters { cpu: Duration::from_micros(1500), peak_memory: 4096, oom_kills: 1, pids_refused: 3 };
        assert_eq!(Cgroup::at(two.path()).read(), expected);
        assert_eq!(Cgroup::at(one.path()).read(), expected);
    }

    #[test]
    fn a_kernel_without_a_peak_is_sampled() {
        let dir = tree(&[("cgroup.controllers", ""), ("memory.current", "5000\n")]);
        let mut group = Cgroup::at(dir.path());
        group.sample();
        fs::write(dir.path().join("memory.current"), "10\n").unwrap();
        group.sample();
        assert_eq!(group.read().peak_memory, 5000);
    }
}
