//! Reading objects: as a stream, or whole with a limit.

use std::io;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use minio::s3::types::S3Api;

use crate::{
    ObjectError, ObjectStore, Result,
    timeout::{ANSWER_TIMEOUT, NEXT_CHUNK_TIMEOUT, with_timeout},
};

/// An object that is being read.
pub struct Object {
    /// Bytes.
    pub size: u64,
    /// Ends with an error when the server stalls or the connection breaks: never silently short.
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

impl ObjectStore {
    /// Opens an object for reading piece by piece.
    pub async fn get_stream(&self, key: &str) -> Result<Object> {
        self.get_part(key, None).await
    }

    /// Opens so many bytes of an object, from an offset: `(offset, length)`; `None` is the whole.
    pub async fn get_part(&self, key: &str, part: Option<(u64, u64)>) -> Result<Object> {
        let (body, size) = with_timeout(ANSWER_TIMEOUT, key, || async {
            let asked = self.client.get_object(&self.bucket, key)?;
            let asked = asked.offset(part.map(|(offset, _)| offset)).length(part.map(|(_, length)| length));
            asked.build().send().await?.into_boxed_stream()
        })
        .await?;
        Ok(Object { size, body: impatient(body) })
    }

    /// Reads a whole object of at most `limit` bytes.
    pub async fn get(&self, key: &str, limit: u64) -> Result<Bytes> {
        let mut object = self.get_stream(key).await?;
        let too_large = || ObjectError::TooLarge { key: key.to_owned(), limit };
        if object.size > limit {
            return Err(too_large());
        }
        let mut bytes = BytesMut::with_capacity(object.size as usize);
        while let Some(chunk) =
            object.body.try_next().await.map_err(|e| ObjectError::Unavailable(e.to_string()))?
        {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

/// Ends `body` with an error when its next piece takes too long.
fn impatient(
    body: impl futures::Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    stream::try_unfold(body, |mut body| async move {
        match tokio::time::timeout(NEXT_CHUNK_TIMEOUT, body.next()).await {
            Ok(Some(Ok(chunk))) => Ok(Some((chunk, body))),
            Ok(Some(Err(error))) => Err(error),
            Ok(None) => Ok(None),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "object storage stalled")),
        }
    })
    .boxed()
}
