//! Claims: asks a coordinator for the right to run each job that the broker offers, many jobs in one request.
//!
//! A request without an answer is repeated with the same claim ids, because the answer may have been lost after the claim
//! was recorded. A delivery is acknowledged when the claim is answered: from then on the lease, not the broker, brings a
//! lost job back. A draining worker stops asking and returns its unanswered deliveries to the queue.

use std::{collections::HashMap, sync::Arc, time::Duration};

use engunity_broker::{Delivery, Queue, RpcClient, ack_batches};
use engunity_protocol::{
    JobId,
    wire::{self, Claim, ClaimAnswer, ClaimReply, ClaimRequest},
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use uuid::Uuid;

use crate::{
    context::WorkerContext,
    intake::{runner, slots::Slot},
};

const MAX_BATCH: usize = 256;
const CLAIM_TIMEOUT: Duration = Duration::from_secs(2);
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// An offered job and the slot reserved for it.
pub struct Offer {
    pub job_id: JobId,
    pub delivery: Delivery,
    pub slot: Slot,
}

/// Starts the claiming task, with at most `max_offers` waiting. It ends when the returned sender is dropped.
pub fn start(
    context: Arc<WorkerContext>,
    rpc: RpcClient,
    max_offers: usize,
    draining: watch::Receiver<bool>,
) -> mpsc::Sender<Offer> {
    let (sender, mut offers) = mpsc::channel(max_offers.max(1));
    let mut claimer = Claimer { context, rpc, draining };
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while offers.recv_many(&mut batch, MAX_BATCH).await > 0 {
            claimer.claim(std::mem::take(&mut batch)).await;
        }
    });
    sender
}

struct Claimer {
    context: Arc<WorkerContext>,
    rpc: RpcClient,
    draining: watch::Receiver<bool>,
}

impl Claimer {
    async fn claim(&mut self, offers: Vec<Offer>) {
        let claims =
            offers.iter().map(|offer| Claim { job_id: offer.job_id, claim_id: Uuid::new_v4() }).collect();
        match self.request_claims(claims).await {
            Some(answers) => self.start_granted(offers, answers).await,
            None => requeue(offers).await,
        }
    }

    async fn start_granted(&self, offers: Vec<Offer>, answers: Vec<ClaimAnswer>) {
        let mut grants: HashMap<JobId, _> =
            answers.into_iter().map(|answer| (answer.job_id, answer.grant)).collect();
        let mut answered = Vec::with_capacity(offers.len());
        for Offer { job_id, delivery, slot } in offers {
            if let Some(grant) = grants.remove(&job_id).flatten() {
                tokio::spawn(runner::run(self.context.clone(), job_id, grant, slot));
            }
            answered.push(delivery);
        }
        ack_batches(&answered).await;
    }

    /// Repeats the request until it is answered; `None` if the worker drains first.
    async fn request_claims(&mut self, claims: Vec<Claim>) -> Option<Vec<ClaimAnswer>> {
        let request = ClaimRequest { worker_id: self.context.identity.id.clone(), claims };
        let body = wire::encode(&request)
            .inspect_err(|error| tracing::error!(%error, "claims could not be encoded"))
            .ok()?;
        while !*self.draining.borrow() {
            match self.request_once(&body).await {
                Ok(answers) => return Some(answers),
                Err(error) => {
                    tracing::warn!(error, claims = request.claims.len(), "claims were not answered; retrying")
                }
            }
            let _ = timeout(RETRY_PAUSE, self.draining.wait_for(|draining| *draining)).await;
        }
        None
    }

    async fn request_once(&self, body: &[u8]) -> Result<Vec<ClaimAnswer>, String> {
        let answer =
            self.rpc.call(&Queue::Claims, body, CLAIM_TIMEOUT).await.map_err(|error| error.to_string())?;
        let reply: ClaimReply = wire::decode(&answer).map_err(|error| error.to_string())?;
        Ok(reply.answers)
    }
}

/// Returns offers to their queue. If a claim was granted and its answer lost, the lease expires.
async fn requeue(offers: Vec<Offer>) {
    for offer in offers {
        offer.delivery.reject(true).await;
    }
}
