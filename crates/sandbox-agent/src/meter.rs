//! Measuring one program: time, processor, memory, and which limits it met.

use std::time::{Duration, Instant};

use engunity_agent::message::Exit;
use nix::sys::statvfs::statvfs;

use crate::cgroup::{Cgroup, Counters};

/// With less than this left, the next write of any size fails.
const NEARLY_FULL: u64 = 64 * 1024;

pub struct Meter {
    began: Instant,
    ended: Option<Duration>,
    cgroup: Cgroup,
    before: Counters,
    scratch: Vec<(String, bool)>,
}

impl Meter {
    pub fn begin(scratch: &[String]) -> Self {
        let cgroup = Cgroup::at("/sys/fs/cgroup");
        let before = cgroup.read();
        let scratch = scratch.iter().map(|path| (path.clone(), false)).collect();
        Self { began: Instant::now(), ended: None, cgroup, before, scratch }
    }

    /// Looks at what leaves no trace of its own.
    pub fn sample(&mut self) {
        self.cgroup.sample();
        for (path, full) in &mut self.scratch {
            *full = *full || is_full(path);
        }
    }

    /// The program has ended: the clock stops.
    pub fn stop(&mut self) {
        self.sample();
        self.ended.get_or_insert(self.began.elapsed());
    }

    /// Returns what was measured.
    pub fn finish(mut self) -> Exit {
        self.stop();
        let counted = self.cgroup.read().since(self.before);
        Exit {
            wall_ms: self.ended.unwrap_or_default().as_millis() as u64,
            cpu_ms: counted.cpu.as_millis() as u64,
            peak_memory_bytes: counted.peak_memory,
            oom_kills: counted.oom_kills,
            pids_refused: counted.pids_refused,
            disk_full: self.scratch.into_iter().filter(|(_, full)| *full).map(|(path, _)| path).collect(),
            ..Exit::default()
        }
    }
}

fn is_full(path: &str) -> bool {
    let Ok(fs) = statvfs(path) else { return false };
    let free = fs.blocks_available() * fs.fragment_size();
    free < NEARLY_FULL || (fs.files() > 0 && fs.files_free() == 0)
}
