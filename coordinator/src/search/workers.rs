//! Asks workers: first the one that has the project's index at hand, then others, until one answers.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use engunity_broker::streams::{StreamClient, StreamError};
use engunity_protocol::{
    ProjectId, WorkerId,
    job::Pool,
    search::{SEARCH_SERVICE, SearchQuestion, SearchReply},
    stream::ResetReason,
    wire,
};
use engunity_store::Store;
use moka::sync::Cache;

use super::SearchError;

/// How long a worker may take to accept a question: it does so at once, unless it is dead.
const OPEN_TIMEOUT: Duration = Duration::from_millis(1500);
const MAX_ANSWER: usize = 32 << 20;
/// Workers that are asked for one question.
const MAX_WORKERS: usize = 3;
/// How long to wait for a worker that joins, after the last one that did not answer, and between two looks.
const JOIN_PATIENCE: Duration = Duration::from_secs(3);
const JOIN_PAUSE: Duration = Duration::from_millis(200);
/// The fleet is read again after this.
const FLEET_AGE: Duration = Duration::from_secs(1);
const PROJECTS: u64 = 10_000;

pub struct SearchWorkers {
    store: Store,
    streams: StreamClient,
    fleet: Cache<(), Vec<WorkerId>>,
    /// Who answered last: it has the index open.
    last: Cache<ProjectId, WorkerId>,
}

impl SearchWorkers {
    pub fn new(store: Store, streams: StreamClient) -> Self {
        let fleet = Cache::builder().max_capacity(1).time_to_live(FLEET_AGE).build();
        Self { store, streams, fleet, last: Cache::new(PROJECTS) }
    }

    /// Asks one worker after the other until `deadline`. `built_by` has the index in its cache. Where nobody answers, the
    /// fleet is read again for a while: a worker may be about to join.
    pub async fn ask(
        &self,
        question: &mut SearchQuestion,
        built_by: Option<&WorkerId>,
        deadline: Instant,
    ) -> Result<SearchReply, SearchError> {
        let project = question.project_id;
        let (mut asked, mut failed) = (HashSet::new(), None);
        let mut patience = (Instant::now() + JOIN_PATIENCE).min(deadline);
        loop {
            let fleet = in_turn(self.fleet().await?, self.last.get(&project).as_ref(), built_by, project);
            for worker in fleet.into_iter().filter(|worker| asked.insert(worker.clone())).collect::<Vec<_>>()
            {
                match self.ask_one(&worker, question, deadline).await? {
                    Ok(reply) => return Ok(reply),
                    // A question that made one worker fail is not passed on to the others.
                    Err(error) if error.reason == ResetReason::Failed => {
                        return Err(SearchError::Unanswered(error));
                    }
                    Err(error) => failed = Some(error),
                }
                patience = (Instant::now() + JOIN_PATIENCE).min(deadline);
            }
            if Instant::now() >= patience {
                return Err(failed.map_or(SearchError::NoWorker, SearchError::Unanswered));
            }
            tokio::time::sleep(JOIN_PAUSE).await;
            self.fleet.invalidate_all();
        }
    }

    async fn ask_one(
        &self,
        worker: &WorkerId,
        question: &mut SearchQuestion,
        deadline: Instant,
    ) -> Result<Result<SearchReply, StreamError>, SearchError> {
        let project = question.project_id;
        let left = deadline.saturating_duration_since(Instant::now());
        question.within_ms = left.as_millis() as u64;
        let body = wire::encode(question)?;
        let within = OPEN_TIMEOUT.min(left);
        match self.streams.ask(worker, SEARCH_SERVICE, &body, MAX_ANSWER, within, left).await {
            Ok(answer) => {
                self.last.insert(project, worker.clone());
                Ok(Ok(wire::decode(&answer)?))
            }
            Err(error) => {
                tracing::debug!(%error, %worker, "a worker did not answer a search");
                self.last.invalidate(&project);
                Ok(Err(error))
            }
        }
    }

    async fn fleet(&self) -> Result<Vec<WorkerId>, SearchError> {
        if let Some(fleet) = self.fleet.get(&()) {
            return Ok(fleet);
        }
        let fleet = self.store.workers_of(Pool::Index).await?;
        // An empty fleet is read again: a worker may be about to join.
        if !fleet.is_empty() {
            self.fleet.insert((), fleet.clone());
        }
        Ok(fleet)
    }
}

/// The living workers in the order in which they are asked: who answered last, who built the index, then the others in
/// an order of the project's own, so that all coordinators begin with the same one.
fn in_turn(
    fleet: Vec<WorkerId>,
    last: Option<&WorkerId>,
    built_by: Option<&WorkerId>,
    project: ProjectId,
) -> Vec<WorkerId> {
    let rank = |worker: &WorkerId| {
        let own = blake3::hash(format!("{project} {worker}").as_bytes());
        (last != Some(worker), built_by != Some(worker), *own.as_bytes())
    };
    let mut workers = fleet;
    workers.sort_by_cached_key(rank);
    workers.truncate(MAX_WORKERS);
    workers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worker_with_the_index_is_asked_first() {
        let worker = |name: &str| WorkerId(name.to_owned());
        let fleet: Vec<_> = ["a", "b", "c", "d"].map(worker).to_vec();
        let project = ProjectId::new();
        let asked =
            |last: Option<&WorkerId>, built: Option<&WorkerId>| in_turn(fleet.clone(), last, built, project);
        assert_eq!(asked(Some(&worker("c")), Some(&worker("b")))[..2], [worker("c"), worker("b")]);
        assert_eq!(asked(Some(&worker("gone")), Some(&worker("b")))[0], worker("b"));
        assert_eq!(asked(None, None), asked(None, None));
        assert_eq!(asked(None, None).len(), MAX_WORKERS);
        let firsts: std::collections::BTreeSet<_> =
            (0..100).map(|_| in_turn(fleet.clone(), None, None, ProjectId::new()).remove(0).0).collect();
        assert_eq!(firsts.len(), 4, "projects are spread over the fleet");
    }
}
