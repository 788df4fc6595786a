//! Claims: of each job that the broker offers, a coordinator is asked whether it is ours to run. Many go in one question.
//!
//! A question without an answer is asked again with the same claim ids: the answer may have been lost after the claim
//! was recorded. A delivery is acknowledged once the claim is answered: from then on the lease, not the broker, is
//! what brings a job back. A worker that ends asks no more: what was not answered goes back to the queue, for others.

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
    context::Environment,
    intake::{runner, slots::Slot},
};

const AT_ONCE: usize = 256;
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(200);

/// An offered job, with the slot it would run in.
pub struct Offer {
    pub job_id: JobId,
    pub delivery: Delivery,
    pub slot: Slot,
}

/// Starts the task that claims; it ends when the way in is dropped.
pub fn start(
    environment: Arc<Environment>,
    rpc: RpcClient,
    bound: usize,
    draining: watch::Receiver<bool>,
) -> mpsc::Sender<Offer> {
    let (sender, mut offers) = mpsc::channel(bound.max(1));
    let mut claims = Claims { environment, rpc, draining };
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while offers.recv_many(&mut batch, AT_ONCE).await > 0 {
            claims.claim(std::mem::take(&mut batch)).await;
        }
    });
    sender
}

struct Claims {
    environment: Arc<Environment>,
    rpc: RpcClient,
    draining: watch::Receiver<bool>,
}

impl Claims {
    async fn claim(&mut self, offers: Vec<Offer>) {
        let claims =
            offers.iter().map(|offer| Claim { job_id: offer.job_id, claim_id: Uuid::new_v4() }).collect();
        match self.ask(claims).await {
            Some(answers) => self.take(offers, answers).await,
            None => give_back(offers).await,
        }
    }

    async fn take(&self, offers: Vec<Offer>, answers: Vec<ClaimAnswer>) {
        let mut grants: HashMap<JobId, _> =
            answers.into_iter().map(|answer| (answer.job_id, answer.grant)).collect();
        let mut answered = Vec::with_capacity(offers.len());
        for Offer { job_id, delivery, slot } in offers {
            if let Some(grant) = grants.remove(&job_id).flatten() {
                tokio::spawn(runner::run(self.environment.clone(), job_id, grant, slot));
            }
            answered.push(delivery);
        }
        ack_batches(&answered).await;
    }

    /// Asks until there is an answer, or until this worker ends.
    async fn ask(&mut self, claims: Vec<Claim>) -> Option<Vec<ClaimAnswer>> {
        let request = ClaimRequest { worker_id: self.environment.identity.id.clone(), claims };
        let body = wire::encode(&request)
            .inspect_err(|error| tracing::error!(%error, "claims could not be encoded"))
            .ok()?;
        while !*self.draining.borrow() {
            match self.once(&body).await {
                Ok(answers) => return Some(answers),
                Err(error) => {
                    tracing::warn!(
                        error,
                        claims = request.claims.len(),
                        "claims are not answered; asking again"
                    )
                }
            }
            let _ = timeout(RETRY, self.draining.wait_for(|draining| *draining)).await;
        }
        None
    }

    async fn once(&self, body: &[u8]) -> Result<Vec<ClaimAnswer>, String> {
        let answer =
            self.rpc.call(&Queue::Claims, body, PATIENCE).await.map_err(|error| error.to_string())?;
        let reply: ClaimReply = wire::decode(&answer).map_err(|error| error.to_string())?;
        Ok(reply.answers)
    }
}

/// If one was granted and the answer lost, its lease runs out.
async fn give_back(offers: Vec<Offer>) {
    for offer in offers {
        offer.delivery.reject(true).await;
    }
}
