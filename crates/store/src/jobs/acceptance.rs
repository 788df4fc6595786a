//! Whether a user may have one more job: counted under a lock of the user, so that of many requests at once none slips
//! through.

use std::collections::{BTreeSet, HashMap};

use deadpool_postgres::Transaction;
use engunity_protocol::{JobId, limits::ReachedLimit};

use crate::{Result, jobs::accept::NewJob, kinds::is_counted};

/// What may stop a job from being accepted; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AcceptLimits {
    /// Waiting and running jobs of the user.
    pub queued_jobs: i64,
    pub cpu_seconds_per_day: i64,
    pub output_bytes_per_day: i64,
    pub artifact_bytes_per_day: i64,
    /// Waiting and running jobs of all users.
    pub all_queued_jobs: i64,
}

/// What counts against the limits.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    jobs: i64,
    cpu_ms: i64,
    output_bytes: i64,
    artifact_bytes: i64,
}

/// Apart from other advisory locks of two numbers.
const LOCK_SPACE: i32 = 0x6a6f_6273;

const LOADS: &str = "
    SELECT u.id, (SELECT count(*) FROM jobs j WHERE j.user_id = u.id AND j.state IN ('queued', 'running') AND {counted}) AS jobs,
           coalesce(d.cpu_ms, 0) AS cpu_ms, coalesce(d.output_bytes, 0) AS output_bytes, coalesce(d.artifact_bytes, 0) AS artifact_bytes
    FROM unnest($1::int[]) AS u (id) LEFT JOIN usage_days d ON d.user_id = u.id AND d.day = (now() AT TIME ZONE 'UTC')::date";

/// Which of `jobs` are beyond a limit, and which one. A repeated request is none of them: its key finds its job.
pub(crate) async fn refusals(
    transaction: &Transaction<'_>,
    jobs: &[NewJob],
) -> Result<HashMap<JobId, ReachedLimit>> {
    let users: BTreeSet<i32> =
        jobs.iter().filter(|job| job.limits.is_some()).map(|job| job.user_id.0).collect();
    let users: Vec<i32> = users.into_iter().collect();
    let lock = "SELECT pg_advisory_xact_lock($1, u) FROM unnest($2::int[]) u";
    let statement = transaction.prepare_cached(lock).await?;
    transaction.query(&statement, &[&LOCK_SPACE, &users]).await?;
    // A new statement, so that it sees what was committed by those who had the locks.
    let statement = transaction.prepare_cached(&LOADS.replace("{counted}", &is_counted("j.kind"))).await?;
    let rows = transaction.query(&statement, &[&users]).await?;
    let mut loads: HashMap<i32, Load> = rows
        .iter()
        .map(|row| {
            let count = |name: &str| row.get::<_, i64>(name);
            let (cpu_ms, output_bytes) = (count("cpu_ms"), count("output_bytes"));
            let artifact_bytes = count("artifact_bytes");
            (row.get("id"), Load { jobs: count("jobs"), cpu_ms, output_bytes, artifact_bytes })
        })
        .collect();
    let mut of_all = unfinished(transaction, jobs).await?;
    let mut refused = HashMap::new();
    for job in jobs {
        let (Some(limits), Some(load)) = (job.limits, loads.get_mut(&job.user_id.0)) else { continue };
        match limits.reached(*load, of_all) {
            Some(reached) => drop(refused.insert(job.id, reached)),
            None => (load.jobs, of_all) = (load.jobs + 1, of_all + 1),
        }
    }
    Ok(refused)
}

/// Unfinished jobs of everybody, counted up to the limit for all of them; 0 where there is no such limit.
async fn unfinished(transaction: &Transaction<'_>, jobs: &[NewJob]) -> Result<i64> {
    let most = jobs.iter().filter_map(|job| job.limits).map(|limits| limits.all_queued_jobs).max();
    let Some(most) = most.filter(|most| *most > 0) else { return Ok(0) };
    let counted = is_counted("kind");
    let sql = format!(
        "SELECT count(*) FROM (SELECT FROM jobs WHERE state IN ('queued', 'running') AND {counted} LIMIT $1) c"
    );
    Ok(transaction.query_one(&transaction.prepare_cached(&sql).await?, &[&most]).await?.get(0))
}

impl AcceptLimits {
    fn reached(&self, load: Load, of_all: i64) -> Option<ReachedLimit> {
        let counts = [
            ("queued_jobs", self.queued_jobs, load.jobs),
            ("cpu_seconds_per_day", self.cpu_seconds_per_day, load.cpu_ms / 1000),
            ("output_bytes_per_day", self.output_bytes_per_day, load.output_bytes),
            ("artifact_bytes_per_day", self.artifact_bytes_per_day, load.artifact_bytes),
            ("installation.queued_jobs", self.all_queued_jobs, of_all),
        ];
        let (name, limit, used) = counts.into_iter().find(|(_, limit, used)| *limit > 0 && used >= limit)?;
        Some(ReachedLimit { name: name.to_owned(), limit, used })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_limit_that_is_reached() {
        let limits = AcceptLimits { queued_jobs: 3, cpu_seconds_per_day: 10, ..AcceptLimits::default() };
        let load = |jobs, cpu_ms| Load { jobs, cpu_ms, ..Load::default() };
        assert_eq!(limits.reached(load(2, 9_999), 1_000), None);
        assert_eq!(limits.reached(load(3, 0), 3).map(|reached| reached.name), Some("queued_jobs".into()));
        let cpu = limits.reached(load(0, 10_000), 0).unwrap();
        assert_eq!((cpu.name.as_str(), cpu.limit, cpu.used), ("cpu_seconds_per_day", 10, 10));
    }
}
