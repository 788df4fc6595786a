//! Writing objects: whole, or from a stream in parts of bounded size.
//!
//! The parts are driven from here and not by the client's own helper, because each part needs its own deadline
//! while the source may be as slow as it likes (a running program's output).

use std::{io, path::Path, pin::Pin};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use minio::s3::{
    response_traits::HasEtagFromHeaders,
    segmented_bytes::SegmentedBytes,
    types::{PartInfo, S3Api, UploadId},
};
use tokio_util::io::ReaderStream;

use crate::{
    ObjectError, ObjectStore, Result,
    timeout::{ANSWER_TIMEOUT, upload_timeout, with_timeout},
};

/// What an upload from a stream holds in memory. S3's smallest part is 5 MiB; 10,000 of these are 78 GiB.
const PART_BYTES: usize = 8 << 20;
const MAX_PARTS: u16 = 10_000;
const FILE_CHUNK_BYTES: usize = 256 << 10;

impl ObjectStore {
    /// Writes a whole object; an existing one is replaced.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        with_timeout(upload_timeout(bytes.len()), key, || async {
            let body = SegmentedBytes::from(bytes.clone());
            self.client.put_object(&self.bucket, key, body)?.build().send().await.map(drop)
        })
        .await
    }

    /// Writes a file's content; answers how many bytes that were.
    pub async fn put_file(&self, key: &str, path: &Path) -> Result<u64> {
        let file = tokio::fs::File::open(path).await.map_err(source_failed)?;
        self.put_stream(key, ReaderStream::with_capacity(file, FILE_CHUNK_BYTES)).await
    }

    /// Writes what `source` yields; answers how many bytes that were. Nothing is visible under `key` before the
    /// source has ended well.
    pub async fn put_stream(
        &self,
        key: &str,
        source: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<u64> {
        let mut parts = Parts { source: std::pin::pin!(source), rest: BytesMut::new() };
        let first = parts.next().await?;
        if first.len() < PART_BYTES {
            let size = first.len() as u64;
            return self.put(key, first).await.map(|()| size);
        }
        let upload = Unfinished::of(self, key, self.begin(key).await?);
        let sent = self.send_parts(key, upload.id(), first, parts).await;
        upload.end(sent.is_ok()).await;
        sent
    }

    async fn begin(&self, key: &str) -> Result<UploadId> {
        with_timeout(ANSWER_TIMEOUT, key, || async {
            let answer = self.client.create_multipart_upload(&self.bucket, key)?.build().send().await?;
            Ok(answer.upload_id().await?)
        })
        .await
    }

    async fn send_parts<S>(
        &self,
        key: &str,
        upload: &UploadId,
        first: Bytes,
        mut parts: Parts<'_, S>,
    ) -> Result<u64>
    where
        S: Stream<Item = io::Result<Bytes>> + Send,
    {
        let mut sent = Vec::new();
        let mut part = first;
        for number in 1..=MAX_PARTS {
            let last = part.len() < PART_BYTES;
            sent.push(self.send_part(key, upload, number, part).await?);
            if last {
                return self.complete(key, upload, sent).await;
            }
            part = parts.next().await?;
            if part.is_empty() {
                return self.complete(key, upload, sent).await;
            }
        }
        Err(ObjectError::TooLarge { key: key.to_owned(), limit: PART_BYTES as u64 * u64::from(MAX_PARTS) })
    }

    async fn send_part(&self, key: &str, upload: &UploadId, number: u16, part: Bytes) -> Result<PartInfo> {
        with_timeout(upload_timeout(part.len()), key, || async {
            let body = SegmentedBytes::from(part.clone());
            let request = self.client.upload_part(&self.bucket, key, upload.as_str(), number, body)?;
            let etag = request.build().send().await?.etag()?;
            Ok(PartInfo::new(number, etag, part.len() as u64, None))
        })
        .await
    }

    async fn complete(&self, key: &str, upload: &UploadId, parts: Vec<PartInfo>) -> Result<u64> {
        let size = parts.iter().map(|part| part.size).sum();
        // The server may copy the parts together before it answers.
        with_timeout(upload_timeout(PART_BYTES), key, || async {
            let request =
                self.client.complete_multipart_upload(&self.bucket, key, upload.as_str(), parts.clone())?;
            request.build().send().await.map(drop)
        })
        .await
        .map(|()| size)
    }

    /// Frees what a broken upload has left on the server; the server's own clean-up is the fallback.
    async fn abort(&self, key: &str, upload: &UploadId) {
        let aborted = with_timeout(ANSWER_TIMEOUT, key, || async {
            self.client
                .abort_multipart_upload(&self.bucket, key, upload.as_str())?
                .build()
                .send()
                .await
                .map(drop)
        });
        if let Err(error) = aborted.await {
            tracing::warn!(%error, key, "could not abort an upload to object storage");
        }
    }
}

/// An upload that must be completed or aborted. Dropped before its end, because its caller was cancelled, it is aborted in
/// the background: its parts would take space for ever.
struct Unfinished {
    store: ObjectStore,
    key: String,
    upload: Option<UploadId>,
    id: UploadId,
}

impl Unfinished {
    fn of(store: &ObjectStore, key: &str, id: UploadId) -> Self {
        Self { store: store.clone(), key: key.to_owned(), upload: Some(id.clone()), id }
    }

    fn id(&self) -> &UploadId {
        &self.id
    }

    async fn end(mut self, complete: bool) {
        let upload = self.upload.take().filter(|_| !complete);
        if let Some(upload) = upload {
            self.store.abort(&self.key, &upload).await;
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let (Some(upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let (store, key) = (self.store.clone(), std::mem::take(&mut self.key));
        runtime.spawn(async move { store.abort(&key, &upload).await });
    }
}

/// A source cut into pieces of [`PART_BYTES`]; the last one is shorter, perhaps empty.
struct Parts<'a, S> {
    source: Pin<&'a mut S>,
    rest: BytesMut,
}

impl<S: Stream<Item = io::Result<Bytes>>> Parts<'_, S> {
    async fn next(&mut self) -> Result<Bytes> {
        while self.rest.len() < PART_BYTES {
            match self.source.next().await {
                Some(chunk) => self.rest.extend_from_slice(&chunk.map_err(source_failed)?),
                None => break,
            }
        }
        let end = self.rest.len().min(PART_BYTES);
        Ok(self.rest.split_to(end).freeze())
    }
}

fn source_failed(error: io::Error) -> ObjectError {
    ObjectError::Other(format!("what was to be stored could not be read: {error}"))
}
