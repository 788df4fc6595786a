//! Derives the verdict of a run from the measurements of the agent. Pure.

use engunity_agent::message::{Exit, ScratchUse, Stopped};
use engunity_protocol::{
    spec::Limits,
    verdict::{Reason, Usage, Verdict},
};

const MIB: u64 = 1024 * 1024;
/// The kernel sends it when memory that is mapped from a file is not available.
const SIGBUS: i32 = 7;

/// Derives the verdict of `exit` under `limits`. A kill by the agent comes first. A refusal by the kernel (memory,
/// processes, disk) is the reason only if the program failed.
pub fn verdict(exit: &Exit, limits: &Limits) -> Verdict {
    let failed = exit.code != Some(0);
    let (reason, evidence) = match exit.stopped {
        Some(Stopped::Killed) => (Reason::Cancelled, format!("killed after {}", seconds(exit.wall_ms))),
        Some(Stopped::Deadline) => {
            (Reason::Wall, format!("{} of {} s wall time", seconds(exit.wall_ms), limits.wall_s))
        }
        Some(Stopped::OutputCap) => {
            (Reason::OutputCap, format!("more than {} KiB of output", limits.output_kb))
        }
        None if failed && exit.oom_kills > 0 => (Reason::Oom, oom(exit, limits)),
        None if failed && exit.pids_refused > 0 => (Reason::Pids, pids(exit, limits)),
        None if failed && !exit.disk_full.is_empty() => (Reason::Disk, disk(exit)),
        None if exit.signal == Some(SIGBUS) && nearly_full(exit).next().is_some() => {
            (Reason::Disk, format!("signal 7 (SIGBUS) with {}", uses(nearly_full(exit))))
        }
        None => exit_verdict(exit, limits),
    };
    Verdict { reason, exit_code: exit.code, signal: exit.signal, evidence }
}

pub fn usage(exit: &Exit) -> Usage {
    Usage { wall_ms: exit.wall_ms, cpu_ms: exit.cpu_ms, peak_memory_bytes: exit.peak_memory_bytes }
}

fn exit_verdict(exit: &Exit, limits: &Limits) -> (Reason, String) {
    match (exit.code, exit.signal) {
        (Some(0), _) => (Reason::Ok, format!("exit 0{}", survived_refusals(exit, limits))),
        (Some(code), _) => (Reason::Exit, format!("exit {code}")),
        (None, Some(signal)) => (Reason::Signal, format!("signal {signal}{}", signal_name(signal))),
        (None, None) => (Reason::Internal, "the sandbox did not say how the program exit_verdict".to_owned()),
    }
}

/// The refusals that a successful program survived.
fn survived_refusals(exit: &Exit, limits: &Limits) -> String {
    let mut refusals = String::new();
    if exit.oom_kills > 0 {
        refusals += &format!("; {}", oom(exit, limits));
    }
    if exit.pids_refused > 0 {
        refusals += &format!("; {}", pids(exit, limits));
    }
    refusals
}

fn oom(exit: &Exit, limits: &Limits) -> String {
    let peak = exit.peak_memory_bytes.div_ceil(MIB);
    let files = match uses(exit.scratch.iter().filter(|scratch| scratch.peak_bytes >= MIB)) {
        files if files.is_empty() => files,
        files => format!(", files in memory included: {files}"),
    };
    format!("oom_kill={}, peak {peak}/{} MiB{files}", exit.oom_kills, limits.memory_mb)
}

fn pids(exit: &Exit, limits: &Limits) -> String {
    format!("{} new processes or threads refused, limit {}", exit.pids_refused, limits.pids)
}

fn disk(exit: &Exit) -> String {
    let size = |path: &String| exit.scratch.iter().find(|scratch| scratch.path == *path);
    let full = exit.disk_full.iter().map(|path| match size(path) {
        Some(scratch) => format!("{path} full ({} MiB)", scratch.size_bytes.div_ceil(MIB)),
        None => format!("{path} full"),
    });
    let signal = exit.signal.map(|signal| format!("; signal {signal}{}", signal_name(signal)));
    full.collect::<Vec<_>>().join(" and ") + &signal.unwrap_or_default()
}

/// File systems that had less than an eighth left when they were last sampled.
fn nearly_full(exit: &Exit) -> impl Iterator<Item = &ScratchUse> {
    exit.scratch.iter().filter(|scratch| scratch.peak_bytes > scratch.size_bytes / 8 * 7)
}

fn uses<'a>(scratch: impl Iterator<Item = &'a ScratchUse>) -> String {
    let use_of = |one: &ScratchUse| {
        format!("{} {}/{} MiB", one.path, one.peak_bytes.div_ceil(MIB), one.size_bytes.div_ceil(MIB))
    };
    scratch.map(use_of).collect::<Vec<_>>().join(", ")
}

fn seconds(ms: u64) -> String {
    format!("{:.2} s", ms as f64 / 1000.0)
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        31 => " (SIGSYS)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { wall_s: 5.0, cpu: 1.0, memory_mb: 256, output_kb: 64, pids: 32, disk_mb: 16 };

    #[test]
    fn each_exit_has_its_reason_and_evidence() {
        let exit = |code| Exit { code: Some(code), ..Exit::default() };
        let signal = |signal| Exit { signal: Some(signal), ..Exit::default() };
        let used = |path: &str, peak: u64, size: u64| ScratchUse {
            path: path.into(),
            peak_bytes: peak * MIB,
            size_bytes: size * MIB,
        };
        let killed = |why| Exit { signal: Some(9), stopped: Some(why), wall_ms: 5003, ..Exit::default() };
        let cases = [
            (exit(0), Reason::Ok, "exit 0"),
            (exit(3), Reason::Exit, "exit 3"),
            (signal(11), Reason::Signal, "signal 11 (SIGSEGV)"),
            (killed(Stopped::Deadline), Reason::Wall, "5.00 s of 5 s wall time"),
            (killed(Stopped::OutputCap), Reason::OutputCap, "more than 64 KiB of output"),
            (killed(Stopped::Killed), Reason::Cancelled, "killed after 5.00 s"),
            (
                Exit { oom_kills: 1, peak_memory_bytes: 256 * MIB, ..exit(137) },
                Reason::Oom,
                "oom_kill=1, peak 256/256 MiB",
            ),
            (
                Exit { pids_refused: 7, ..exit(2) },
                Reason::Pids,
                "7 new processes or threads refused, limit 32",
            ),
            (
                Exit { disk_full: vec!["/tmp".into()], scratch: vec![used("/tmp", 16, 16)], ..exit(1) },
                Reason::Disk,
                "/tmp full (16 MiB)",
            ),
            (
                Exit {
                    disk_full: vec!["/dev/shm".into()],
                    scratch: vec![used("/dev/shm", 128, 128)],
                    ..signal(7)
                },
                Reason::Disk,
                "/dev/shm full (128 MiB); signal 7 (SIGBUS)",
            ),
            (
                Exit { scratch: vec![used("/tmp", 1, 16), used("/dev/shm", 120, 128)], ..signal(7) },
                Reason::Disk,
                "signal 7 (SIGBUS) with /dev/shm 120/128 MiB",
            ),
            (
                Exit { scratch: vec![used("/dev/shm", 20, 128)], ..signal(7) },
                Reason::Signal,
                "signal 7 (SIGBUS)",
            ),
            (
                Exit {
                    oom_kills: 1,
                    peak_memory_bytes: 256 * MIB,
                    scratch: vec![used("/tmp", 200, 256)],
                    ..signal(9)
                },
                Reason::Oom,
                "oom_kill=1, peak 256/256 MiB, files in memory included: /tmp 200/256 MiB",
            ),
            (
                Exit { pids_refused: 7, ..exit(0) },
                Reason::Ok,
                "exit 0; 7 new processes or threads refused, limit 32",
            ),
            (Exit::default(), Reason::Internal, "the sandbox did not say how the program exit_verdict"),
        ];
        for (exit, reason, evidence) in cases {
            let verdict = verdict(&exit, &LIMITS);
            assert_eq!((verdict.reason, verdict.evidence.as_str()), (reason, evidence));
        }
    }
}
