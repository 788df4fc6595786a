//! Derives the verdict of a run from the measurements of the agent. Pure.

use engunity_agent::message::{Exit, Stopped};
use engunity_protocol::{
    spec::Limits,
    verdict::{Reason, Usage, Verdict},
};

const MIB: u64 = 1024 * 1024;
/// The kernel sends it when a file grows beyond its limit.
const SIGXFSZ: i32 = 25;

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
        None if failed && !exit.disk_full.is_empty() => (Reason::Disk, disk(exit, limits)),
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
        (None, Some(SIGXFSZ)) => {
            (Reason::Disk, format!("a file grew beyond {} MiB (SIGXFSZ)", limits.disk_mb))
        }
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
    format!(
        "oom_kill={}, peak {}/{} MiB",
        exit.oom_kills,
        exit.peak_memory_bytes.div_ceil(MIB),
        limits.memory_mb
    )
}

fn pids(exit: &Exit, limits: &Limits) -> String {
    format!("{} new processes or threads refused, limit {}", exit.pids_refused, limits.pids)
}

fn disk(exit: &Exit, limits: &Limits) -> String {
    format!("{} full, {} MiB each", exit.disk_full.join(" and "), limits.disk_mb)
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
        let killed = |why| Exit { signal: Some(9), stopped: Some(why), wall_ms: 5003, ..Exit::default() };
        let cases = [
            (exit(0), Reason::Ok, "exit 0"),
            (exit(3), Reason::Exit, "exit 3"),
            (Exit { signal: Some(11), ..Exit::default() }, Reason::Signal, "signal 11 (SIGSEGV)"),
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
            (Exit { disk_full: vec!["/tmp".into()], ..exit(1) }, Reason::Disk, "/tmp full, 16 MiB each"),
            (
                Exit { signal: Some(25), ..Exit::default() },
                Reason::Disk,
                "a file grew beyond 16 MiB (SIGXFSZ)",
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
