//! Names of what labs create. A name carries the process that created it: `test-<pid>-<random>`.
//!
//! Every process of a lab has the lab's name in its environment, so that a later test run can find it.

use nix::{sys::signal::kill, unistd::Pid};

const PREFIX: &str = "test-";
/// The environment variable that holds the lab's name.
pub const LAB_VARIABLE: &str = "ENGUNITY_TEST_LAB";

pub fn new_name() -> String {
    format!("{PREFIX}{}-{:08x}", std::process::id(), rand::random::<u32>())
}

/// Whether `name` belongs to a test run that has ended.
pub fn is_stale(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let pid = rest.split('-').next().and_then(|pid| pid.parse().ok());
    pid.is_some_and(|pid| kill(Pid::from_raw(pid), None).is_err())
}

/// Running processes of a lab.
pub fn processes_of(lab: &str) -> Vec<Pid> {
    lab_processes().filter(|(_, name)| name == lab).map(|(pid, _)| pid).collect()
}

/// Processes of test runs that have ended.
pub fn stale_processes() -> impl Iterator<Item = Pid> {
    lab_processes().filter(|(_, lab)| is_stale(lab)).map(|(pid, _)| pid)
}

fn lab_processes() -> impl Iterator<Item = (Pid, String)> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let environ = std::fs::read(entry.path().join("environ")).ok()?;
        let mut variables =
            environ.split(|byte| *byte == 0).filter_map(|text| std::str::from_utf8(text).ok());
        let lab = variables.find_map(|variable| variable.strip_prefix(LAB_VARIABLE)?.strip_prefix('='))?;
        Some((Pid::from_raw(pid), lab.to_owned()))
    })
}
