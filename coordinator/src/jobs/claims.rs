//! Answers workers' claims of jobs. Concurrent requests of all workers share one statement.
//! While the database can't be reached, requests get no answer, and workers repeat them with the same claim id.

use std::{collections::HashMap, time::Duration};

use engunity_broker::{Connection, Queue, Request, serve, worker_users::SenderCheck};
use engunity_protocol::{
    JobId,
    wire::{self, ClaimAnswer, ClaimReply, ClaimRequest, Grant},
};
use engunity_store::{ClaimKey, StoreError};
use uuid::Uuid;

use super::{worker_identity, writer::JobWriter};
use crate::notify::batcher::Batcher;

/// Requests that are answered concurrently.
const MAX_CONCURRENT: u16 = 256;
const BATCH: usize = 256;
/// Concurrent statements: the second batch fills while the first waits for the disk.
const CONCURRENCY: usize = 2;
const MIN_INTERVAL: Duration = Duration::from_millis(2);

/// One request's claims, and those that were granted.
type Claiming = Batcher<Vec<ClaimKey>, HashMap<(JobId, Uuid), Grant>>;

/// Answers claims, forever.
pub async fn run(broker: Connection, writer: JobWriter, sender_check: SenderCheck) {
    let claim = move |requests: Vec<Vec<ClaimKey>>| {
        let writer = writer.clone();
        async move { claim(&writer, requests).await }
    };
    let claiming: Claiming = Batcher::start(CONCURRENCY, BATCH, MIN_INTERVAL, claim);
    let answer = |request| answer(claiming.clone(), sender_check, request);
    serve(&broker, Queue::Claims, MAX_CONCURRENT, answer).await;
}

async fn answer(claiming: Claiming, sender_check: SenderCheck, asked_by: Request) -> Option<Vec<u8>> {
    let request: ClaimRequest = wire::decode(&asked_by.body)
        .inspect_err(|error| tracing::warn!(%error, "a claim can't be read"))
        .ok()?;
    if !worker_identity::is_genuine(sender_check, asked_by.sender.as_deref(), &request.worker_id) {
        return None;
    }
    let asked: Vec<ClaimKey> = request.claims.iter().map(|claim| asked(&request, claim)).collect();
    let mut granted = match claiming.submit(asked).await {
        Ok(granted) => granted,
        Err(error) => {
            tracing::warn!(%error, worker_id = %request.worker_id, "could not answer a claim");
            return None;
        }
    };
    let answer = |claim: &wire::Claim| ClaimAnswer {
        job_id: claim.job_id,
        grant: granted.remove(&(claim.job_id, claim.claim_id)),
    };
    wire::encode(&ClaimReply { answers: request.claims.iter().map(answer).collect() }).ok()
}

fn asked(request: &ClaimRequest, claim: &wire::Claim) -> ClaimKey {
    ClaimKey { worker_id: request.worker_id.clone(), job_id: claim.job_id, claim_id: claim.claim_id }
}

async fn claim(
    writer: &JobWriter,
    requests: Vec<Vec<ClaimKey>>,
) -> Result<Vec<HashMap<(JobId, Uuid), Grant>>, StoreError> {
    let all: Vec<ClaimKey> = requests.iter().flatten().cloned().collect();
    let mut granted = writer.claim(&all).await?;
    let mut take = |keys: Vec<ClaimKey>| {
        let keys = keys.into_iter().map(|key| (key.job_id, key.claim_id));
        keys.filter_map(|key| Some((key, granted.remove(&key)?))).collect()
    };
    Ok(requests.into_iter().map(&mut take).collect())
}
