//! Takes what is typed into a running program, and answers how much of it was taken.

use std::sync::Arc;

use anyhow::bail;
use async_trait::async_trait;
use engunity_broker::streams::Stream;
use engunity_protocol::{
    schema::INPUT_BYTES,
    wire::{self, Control, Running},
};

use super::Service;
use crate::context::WorkerStatus;

/// A request has the input and some fields beside it.
const MAX_REQUEST: usize = INPUT_BYTES + 4096;

pub struct Input(pub Arc<WorkerStatus>);

#[async_trait]
impl Service for Input {
    async fn serve(&self, _params: Vec<u8>, stream: &mut Stream) -> anyhow::Result<()> {
        let request = stream.reader.read_to_end(MAX_REQUEST).await?;
        let Control::Input { job_id, attempt, input } = wire::decode(&request)? else {
            bail!("this is not input");
        };
        let reply = self.0.active_runs.input(Running { job_id, attempt }, input);
        Ok(stream.writer.write_all(&wire::encode(&reply)?).await?)
    }
}
