//! Measuring one program: time, processor, memory, and which limits it met.

use std::time::{Duration, Instant};

use engunity_agent::message::{Exit, ScratchUse};
use nix::sys::statvfs::{Statvfs, statvfs};

use crate::cgroup::{Cgroup, Counters};

/// With less than this left, the next write of any size fails.
const NEARLY_FULL: u64 = 64 * 1024;
/// How often values that can only be sampled are sampled.
const TICK: Duration = Duration::from_millis(50);
/// How often while a file system is filling up. A mapped file that nobody names any more frees its memory as its
/// program dies, so its use must be seen before.
const QUICK_TICK: Duration = Duration::from_millis(4);

pub struct Meter {
    began: Instant,
    ended: Option<Duration>,
    cgroup: Cgroup,
    before: Counters,
    scratch: Vec<Scratch>,
}

/// One file system in memory.
struct Scratch {
    usage: ScratchUse,
    used: u64,
    /// Much more is in use than at the sample before.
    filling: bool,
    full: bool,
}

impl Meter {
    pub fn begin(scratch: &[String]) -> Self {
        let cgroup = Cgroup::at("/sys/fs/cgroup");
        let before = cgroup.read();
        let scratch = scratch.iter().map(|path| Scratch::at(path)).collect();
        let mut meter = Self { began: Instant::now(), ended: None, cgroup, before, scratch };
        meter.sample();
        meter
    }

    /// How long to wait before the next sample.
    pub fn tick(&self) -> Duration {
        if self.scratch.iter().any(|scratch| scratch.filling) { QUICK_TICK } else { TICK }
    }

    /// Samples what the kernel does not count by itself.
    pub fn sample(&mut self) {
        self.cgroup.sample();
        self.scratch.iter_mut().for_each(Scratch::sample);
    }

    /// The program has ended: stops the clock.
    pub fn stop(&mut self) {
        self.sample();
        self.ended.get_or_insert(self.began.elapsed());
    }

    /// Returns what was measured.
    pub fn finish(mut self) -> Exit {
        self.stop();
        let counted = self.cgroup.read().since(self.before);
        let full = self.scratch.iter().filter(|scratch| scratch.full);
        Exit {
            wall_ms: self.ended.unwrap_or_default().as_millis() as u64,
            cpu_ms: counted.cpu.as_millis() as u64,
            peak_memory_bytes: counted.peak_memory,
            oom_kills: counted.oom_kills,
            pids_refused: counted.pids_refused,
            disk_full: full.map(|scratch| scratch.usage.path.clone()).collect(),
            scratch: self.scratch.into_iter().map(|scratch| scratch.usage).collect(),
            ..Exit::default()
        }
    }
}

impl Scratch {
    fn at(path: &str) -> Self {
        let usage = ScratchUse { path: path.to_owned(), ..ScratchUse::default() };
        Self { usage, used: 0, filling: false, full: false }
    }

    fn sample(&mut self) {
        let Ok(fs) = statvfs(self.usage.path.as_str()) else { return };
        self.usage.size_bytes = fs.blocks() * fs.fragment_size();
        let used = self.usage.size_bytes.saturating_sub(free(&fs));
        self.filling = used > self.used + self.usage.size_bytes / 256;
        self.used = used;
        self.usage.peak_bytes = self.usage.peak_bytes.max(used);
        self.full |= free(&fs) < NEARLY_FULL || (fs.files() > 0 && fs.files_free() == 0);
    }
}

fn free(fs: &Statvfs) -> u64 {
    fs.blocks_available() * fs.fragment_size()
}
