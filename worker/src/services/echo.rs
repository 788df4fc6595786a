//! Sends back what it receives: measures the way to a worker and tests it.

use async_trait::async_trait;
use engunity_broker::streams::Stream;

use super::Service;

pub struct Echo;

#[async_trait]
impl Service for Echo {
    async fn serve(&self, _params: Vec<u8>, stream: &mut Stream) -> anyhow::Result<()> {
        while let Some(data) = stream.reader.read().await? {
            stream.writer.write_all(&data).await?;
        }
        Ok(())
    }
}
