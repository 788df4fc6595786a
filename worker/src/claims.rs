//! Claims: of each job that the broker offers, a coordinator is asked whether it is ours to run. Many go in one question.
//!
//! A question without an answer is asked again with the same claim ids: the answer may have been lost after the claim
//! was recorded. A delivery is acknowledged once the claim is answered: from then on the lease, not the broker, is
//! what brings a job back.

use std::{collections::HashMap, sync::Arc, time::Duration};

use engunity_broker::{Delivery, Queue, RpcClient};
use engunity_protocol::{
    JobId, WorkerId,
    wire::{self, Claim, ClaimAnswer, ClaimReply, ClaimRequest},
};
use tokio::{sync::mpsc, time::sleep};
use uuid::Uuid;

use crate::{environment::Environment, runner, slots::Slot};

const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(200);

/// An offered job, with the slot it would run in.
pub struct Offer {
    pub job_id: JobId,
    pub delivery: Delivery,
    pub slot: Slot,
}

/// Starts the task that claims; it ends when the way in is dropped.
pub fn start(environment: Arc<Environment>, rpc: RpcClient, bound: usize) -> mpsc::Sender<Offer> {
    let (sender, mut offers) = mpsc::channel(bound.max(1));
    tokio::spawn(async move {
        let mut batch = Vec::new();
        while offers.recv_many(&mut batch, AT_ONCE).await > 0 {
            claim(&environment, &rpc, std::mem::take(&mut batch)).await;
        }
    });
    sender
}

async fn claim(environment: &Arc<Environment>, rpc: &RpcClient, offers: Vec<Offer>) {
    let claims =
        offers.iter().map(|offer| Claim { job_id: offer.job_id, claim_id: Uuid::new_v4() }).collect();
    let answers = ask(rpc, &environment.identity.id, claims).await;
    let mut grants: HashMap<JobId, _> =
        answers.into_iter().map(|answer| (answer.job_id, answer.grant)).collect();
    for offer in offers {
        let Offer { job_id, delivery, slot } = offer;
        if let Some(grant) = grants.remove(&job_id).flatten() {
            tokio::spawn(runner::run(environment.clone(), job_id, grant, slot));
        }
        delivery.ack().await;
    }
}

/// Asks until there is an answer.
async fn ask(rpc: &RpcClient, worker: &WorkerId, claims: Vec<Claim>) -> Vec<ClaimAnswer> {
    let request = ClaimRequest { worker_id: worker.clone(), claims };
    let body = match wire::encode(&request) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "claims could not be encoded");
            return Vec::new();
        }
    };
    loop {
        let answer = rpc.call(&Queue::Claims, &body, PATIENCE).await.map_err(|error| error.to_string());
        match answer.and_then(|answer| wire::decode::<ClaimReply>(&answer).map_err(|error| error.to_string()))
        {
            Ok(reply) => return reply.answers,
            Err(error) => {
                tracing::warn!(error, claims = request.claims.len(), "claims are not answered; asking again")
            }
        }
        sleep(RETRY).await;
    }
}
