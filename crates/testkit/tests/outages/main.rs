//! Parts that go away and come back, by part: broker and workers, database, container engine, object storage and disks. Each time
//! the answer is clear, nothing is lost, and nobody has to do anything once the part is back.

mod database;
mod engine;
mod half_broken;
mod storage;
mod workers;

use std::time::Duration;

use engunity_protocol::{job::RunRequest, spec::Command};

const TIMEOUT: Duration = Duration::from_secs(90);

fn shell(line: &str) -> RunRequest {
    RunRequest {
        command: Some(Command::Shell(line.to_owned())),
        runtime: Some("bash".into()),
        ..RunRequest::default()
    }
}
