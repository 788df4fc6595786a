//! `engunity workers`: the fleet.

use chrono::Utc;
use engunity_protocol::fleet::{Worker, WorkerState};

use crate::{
    app::App,
    error::Result,
    output::{
        table::{cut, table},
        units::ago,
    },
};

pub async fn run(app: &App) -> Result<u8> {
    app.need_login()?;
    let workers = app.client.workers().await?;
    app.out.result(&workers, || {
        let rows: Vec<_> = workers.iter().map(row).collect();
        table(["WORKER", "STATE", "BUSY", "VERSION", "STARTED", "LAST SEEN"], &rows)
    })?;
    if workers.is_empty() {
        app.out.note("no worker is connected; start some with: ./dev up");
    }
    Ok(0)
}

fn row(worker: &Worker) -> [String; 6] {
    let state = match worker.state {
        WorkerState::Ready => "ready",
        WorkerState::Draining => "draining",
        WorkerState::Stalled => "stalled",
        WorkerState::Gone => "gone",
    };
    let now = Utc::now();
    [
        cut(&worker.id.0, 40),
        state.to_owned(),
        format!("{}/{}", worker.busy, worker.slots),
        cut(&worker.version, 20),
        ago(worker.started_at, now),
        ago(worker.last_seen, now),
    ]
}
