//! Maps the end of a job to an exit code and a line of text. Pure.

use engunity_protocol::{
    job::{Job, JobState},
    verdict::Reason,
};

use super::units::{bytes, millis};
use crate::error::CLI_FAILED;

const TIMED_OUT: u8 = 124;
const CANCELLED: u8 = 130;
/// 128 + SIGKILL: the exit code of a program that exceeded a limit.
const KILLED: u8 = 137;

/// The exit code for a job: the program's own if it has one.
pub fn exit_code(job: &Job) -> u8 {
    let Some(verdict) = &job.verdict else {
        return without_verdict(job.state);
    };
    match verdict.reason {
        Reason::Ok => 0,
        Reason::Exit => verdict.exit_code.map_or(1, failing_code),
        Reason::Signal => verdict.signal.map_or(KILLED, signal_code),
        Reason::Wall | Reason::Cpu => TIMED_OUT,
        Reason::Cancelled => CANCELLED,
        Reason::Oom | Reason::OutputCap | Reason::Pids | Reason::Disk => {
            over_limit(verdict.exit_code, verdict.signal)
        }
        Reason::WorkerLost | Reason::ImageMissing | Reason::Internal => CLI_FAILED,
    }
}

fn without_verdict(state: JobState) -> u8 {
    match state {
        JobState::Succeeded => 0,
        JobState::Cancelled => CANCELLED,
        JobState::TimedOut => TIMED_OUT,
        _ => CLI_FAILED,
    }
}

fn over_limit(exit_code: Option<i32>, signal: Option<i32>) -> u8 {
    match (exit_code, signal) {
        (Some(code), _) if code != 0 => failing_code(code),
        (_, Some(signal)) => signal_code(signal),
        _ => KILLED,
    }
}

/// A code as a shell would see it; a failure never becomes 0.
fn failing_code(code: i32) -> u8 {
    match (code & 0xff) as u8 {
        0 => 1,
        code => code,
    }
}

fn signal_code(signal: i32) -> u8 {
    u8::try_from(signal).ok().and_then(|n| n.checked_add(128)).unwrap_or(KILLED)
}

/// How it ended, in a few words: `failed: exit 2`, `timed out: …`.
pub fn ending(job: &Job) -> String {
    let evidence =
        job.verdict.as_ref().map(|verdict| super::plain(&verdict.evidence)).filter(|text| !text.is_empty());
    let state = job.state.as_str().replace('_', " ");
    match evidence {
        Some(evidence) if job.state != JobState::Succeeded => format!("{state}: {evidence}"),
        _ => state,
    }
}

/// The line after a run: how it ended, what it cost, which job it was.
pub fn line(job: &Job) -> String {
    let mut cost = String::new();
    if let Some(usage) = job.usage {
        cost = format!("took {}, ", millis(usage.wall_ms));
        if usage.peak_memory_bytes > 0 {
            cost.push_str(&format!("peak {}, ", bytes(usage.peak_memory_bytes)));
        }
    }
    format!("{} ({cost}job {})", ending(job), job.id)
}

#[cfg(test)]
pub mod tests {
    use chrono::Utc;
    use engunity_protocol::{
        JobId, ProjectId,
        job::{JobClass, JobKind},
        verdict::Verdict,
    };

    use super::*;

    pub fn job(verdict: Verdict) -> Job {
        Job {
            id: JobId::new(),
            kind: JobKind::Execute,
            class: JobClass::Interactive,
            project_id: ProjectId::new(),
            state: verdict.state(),
            attempt: 1,
            worker_id: None,
            title: None,
            runtime: None,
            verdict: Some(verdict),
            usage: None,
            waiting: None,
            created_at: Utc::now(),
            started_at: None,
            finished_at: None,
        }
    }

    fn ended(reason: Reason, exit_code: Option<i32>, signal: Option<i32>) -> Job {
        job(Verdict { exit_code, signal, ..Verdict::new(reason, "why") })
    }

    #[test]
    fn every_end_has_its_code() {
        for (reason, code, signal, expected) in [
            (Reason::Ok, Some(0), None, 0),
            (Reason::Exit, Some(3), None, 3),
            (Reason::Exit, Some(256), None, 1),
            (Reason::Exit, None, None, 1),
            (Reason::Signal, None, Some(11), 139),
            (Reason::Signal, None, None, 137),
            (Reason::Oom, None, Some(9), 137),
            (Reason::Oom, Some(0), None, 137),
            (Reason::OutputCap, None, Some(9), 137),
            (Reason::Pids, Some(2), None, 2),
            (Reason::Wall, None, Some(9), 124),
            (Reason::Cpu, None, Some(9), 124),
            (Reason::Cancelled, None, Some(9), 130),
            (Reason::WorkerLost, None, None, 125),
            (Reason::ImageMissing, None, None, 125),
            (Reason::Internal, None, None, 125),
        ] {
            assert_eq!(exit_code(&ended(reason, code, signal)), expected, "{reason:?} {code:?} {signal:?}");
        }
    }

    #[test]
    fn a_failure_is_told_with_its_evidence() {
        let job = job(Verdict::new(Reason::Wall, "wall 2.0/2 s"));
        assert_eq!(line(&job), format!("timed out: wall 2.0/2 s (job {})", job.id));
    }
}
