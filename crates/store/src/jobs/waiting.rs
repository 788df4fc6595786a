//! Why a queued job is not running yet.

use std::collections::HashMap;

use engunity_protocol::{
    JobId, UserId,
    job::{Job, JobClass, JobKind, JobState, Waiting},
};
use tokio_postgres::Row;

use crate::{
    Result, Store,
    jobs::{capacity::FleetCapacity, fencing::MAX_SETBACKS},
    kinds::is_counted,
};

/// Kinds and classes are named so that the index of queued jobs finds the user's.
const POSITIONS: &str = "
    SELECT id, position, EXISTS (SELECT 1 FROM dispatches d WHERE d.job_id = q.id) AS released, setbacks,
           (SELECT count(*) FROM jobs a WHERE a.user_id = $1 AND a.state = 'running' AND {counted}) AS active,
           CASE WHEN retry_at > now() THEN ceil(extract(epoch FROM retry_at - now()))::int END AS retry_in FROM (
        SELECT id, setbacks, retry_at, row_number() OVER (PARTITION BY kind, class ORDER BY id) AS position
        FROM jobs WHERE user_id = $1 AND state = 'queued' AND kind = ANY($3::varchar[]) AND class = ANY($4::varchar[])
    ) q WHERE id = ANY($2)";

/// Where a queued job stands.
struct Place {
    position: u64,
    released: bool,
    setbacks: i32,
    /// Seconds until it may be tried again.
    retry_in: Option<i32>,
    /// Running jobs of its user.
    active: i64,
}

impl Store {
    /// Fills in the position and the reason of the queued ones among a user's jobs.
    pub async fn fill_waiting(&self, user_id: UserId, jobs: &mut [Job]) -> Result<()> {
        let queued: Vec<_> =
            jobs.iter().filter(|job| job.state == JobState::Queued).map(|job| job.id.0).collect();
        if queued.is_empty() {
            return Ok(());
        }
        let capacity = self.fleet_capacity().await?;
        let kinds: Vec<_> = JobKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let classes: Vec<_> = JobClass::ALL.iter().map(|class| class.as_str()).collect();
        let connection = self.connection().await?;
        let statement =
            connection.prepare_cached(&POSITIONS.replace("{counted}", &is_counted("a.kind"))).await?;
        let rows = connection.query(&statement, &[&user_id.0, &queued, &kinds, &classes]).await?;
        let places: HashMap<JobId, Place> = rows.iter().map(|row| (JobId(row.get(0)), place(row))).collect();
        for job in jobs.iter_mut() {
            job.waiting = places
                .get(&job.id)
                .map(|place| Waiting { position: place.position, because: because(&capacity, job, place) });
        }
        Ok(())
    }
}

fn place(row: &Row) -> Place {
    Place {
        position: row.get::<_, i64>("position") as u64,
        released: row.get("released"),
        setbacks: row.get("setbacks"),
        retry_in: row.get("retry_in"),
        active: row.get("active"),
    }
}

/// Why a queued job is not running yet.
fn because(capacity: &FleetCapacity, job: &Job, place: &Place) -> String {
    let Place { position, released, setbacks, retry_in, active } = *place;
    if let Some(seconds) = retry_in.filter(|_| setbacks > 0) {
        return format!(
            "{setbacks} of {MAX_SETBACKS} tries failed on their workers; the next is in {seconds} s"
        );
    }
    if let Some(missing) = missing_capability(capacity, job) {
        return missing;
    }
    let load = capacity.tightest_load(job.kind, job.runtime.as_deref());
    if released {
        "given to the fleet, a worker will take it".to_owned()
    } else if load.taken >= load.slots {
        format!("all {} slots are busy", load.slots)
    } else if capacity.allowed(job.kind, job.class) == 0 {
        "all slots for bulk runs are busy".to_owned()
    } else if active > 0 {
        "your running jobs take all slots that one user may take".to_owned()
    } else if position > 1 {
        "your earlier runs go first".to_owned()
    } else {
        "about to start".to_owned()
    }
}

/// What no worker has that the job needs.
fn missing_capability(capacity: &FleetCapacity, job: &Job) -> Option<String> {
    let kind = job.kind;
    let missing_runtime = job.runtime.as_deref().filter(|runtime| !capacity.offers_runtime(kind, runtime));
    if !capacity.has_workers() {
        Some("no worker is connected".to_owned())
    } else if !capacity.offers(kind) {
        Some(format!("no worker offers jobs of the kind {kind}"))
    } else if let Some(runtime) = missing_runtime {
        Some(format!("no worker offers the runtime {runtime}"))
    } else if capacity.slots(kind, job.runtime.as_deref()) == 0 {
        Some(format!("no worker has {} slots at present", kind.pool()))
    } else {
        None
    }
}
