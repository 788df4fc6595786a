//! The handle on one bucket: small calls. Bodies are in `download` and `upload`.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use minio::s3::{
    MinioClient,
    client::MinioClientBuilder,
    creds::StaticProvider,
    error::Error,
    http::BaseUrl,
    minio_error_response::MinioErrorCode,
    response::ListObjectsResponse,
    types::{Region, S3Api, ToStream},
};
use serde::Deserialize;

use crate::{
    ObjectError, Result,
    timeout::{ANSWER_TIMEOUT, with_timeout},
};

/// Deletions under way at one time in [`ObjectStore::delete_prefix`].
const PARALLEL_DELETES: usize = 16;

/// The address of the bucket and the credentials.
#[derive(Clone, Deserialize)]
pub struct S3Config {
    /// `http://127.0.0.1:9000`
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
}

impl std::fmt::Debug for S3Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// A cheap handle on a bucket: clone it freely.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    pub(crate) client: MinioClient,
    pub(crate) bucket: String,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// Bytes.
    pub size: u64,
    pub modified: Option<DateTime<Utc>>,
}

impl ObjectStore {
    /// Prepares a client; nothing is sent before the first call.
    pub fn new(config: S3Config) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| ObjectError::Other(format!("s3 configuration: {error}"));
        let mut url: BaseUrl = config.endpoint.parse().map_err(|e| wrong(&e))?;
        // A region that is not set is asked for with a request per bucket, and refused by servers that have one.
        url.region = Region::new(config.region).map_err(|e| wrong(&e))?;
        let provider = StaticProvider::new(&config.access_key, &config.secret_key, None);
        let client = MinioClientBuilder::new(url).provider(Some(provider)).build().map_err(|e| wrong(&e))?;
        Ok(Self { client, bucket: config.bucket })
    }

    /// Checks that the server answers and has the bucket.
    pub async fn ping(&self) -> Result<()> {
        match self.bucket_exists().await? {
            true => Ok(()),
            false => Err(ObjectError::Unavailable(format!("there is no bucket {:?}", self.bucket))),
        }
    }

    /// Makes the bucket where it is missing.
    pub async fn ensure_bucket(&self) -> Result<()> {
        if self.bucket_exists().await? {
            return Ok(());
        }
        with_timeout(ANSWER_TIMEOUT, &self.bucket, || async {
            match self.client.create_bucket(&self.bucket)?.build().send().await {
                Err(error) if is_code(&error, &MinioErrorCode::BucketAlreadyOwnedByYou) => Ok(()),
                result => result.map(drop),
            }
        })
        .await
    }

    /// Removes the bucket with everything in it; one that is not there is fine.
    pub async fn remove_bucket(&self) -> Result<()> {
        if !self.bucket_exists().await? {
            return Ok(());
        }
        self.delete_prefix("").await?;
        with_timeout(ANSWER_TIMEOUT, &self.bucket, || async {
            self.client.delete_bucket(&self.bucket)?.build().send().await.map(drop)
        })
        .await
    }

    async fn bucket_exists(&self) -> Result<bool> {
        with_timeout(ANSWER_TIMEOUT, &self.bucket, || async {
            Ok(self.client.bucket_exists(&self.bucket)?.build().send().await?.exists())
        })
        .await
    }

    /// Bytes of the object; `None` when there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        let stat = with_timeout(ANSWER_TIMEOUT, key, || async {
            Ok(self.client.stat_object(&self.bucket, key)?.build().send().await?.size()?)
        });
        match stat.await {
            Err(ObjectError::NotFound(_)) => Ok(None),
            result => result.map(Some),
        }
    }

    pub async fn exists(&self, key: &str) -> Result<bool> {
        Ok(self.size(key).await?.is_some())
    }

    /// Removes the object; one that is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let deletion = with_timeout(ANSWER_TIMEOUT, key, || async {
            self.client.delete_object(&self.bucket, key)?.build().send().await.map(drop)
        });
        match deletion.await {
            Err(ObjectError::NotFound(_)) => Ok(()),
            result => result,
        }
    }

    /// Removes everything whose key starts with `prefix`; answers how many objects that were.
    ///
    /// One request per object: the client does not escape the keys of a bulk deletion (a `&` breaks it).
    pub async fn delete_prefix(&self, prefix: &str) -> Result<u64> {
        self.list(prefix)
            .map_ok(|entry| async move { self.delete(&entry.key).await })
            .try_buffer_unordered(PARALLEL_DELETES)
            .try_fold(0, |count, ()| async move { Ok(count + 1) })
            .await
    }

    /// Everything whose key starts with `prefix`, in order of the keys, read page by page.
    pub fn list<'a>(&'a self, prefix: &str) -> BoxStream<'a, Result<Entry>> {
        let prefix = prefix.to_owned();
        let pages = stream::once(async move { self.pages(&prefix).await }).try_flatten();
        pages.map_ok(|page| stream::iter(entries(page).into_iter().map(Ok))).try_flatten().boxed()
    }

    async fn pages<'a>(&'a self, prefix: &str) -> Result<BoxStream<'a, Result<ListObjectsResponse>>> {
        let request =
            self.client.list_objects(&self.bucket).map_err(|e| ObjectError::sort(prefix, e.into()))?;
        let pages = request.recursive(true).prefix(prefix.to_owned()).build().to_stream().await;
        let prefix = prefix.to_owned();
        Ok(stream::try_unfold((pages, prefix), |(mut pages, prefix)| async move {
            match tokio::time::timeout(ANSWER_TIMEOUT, pages.next()).await {
                Ok(Some(Ok(page))) => Ok(Some((page, (pages, prefix)))),
                Ok(Some(Err(error))) => Err(ObjectError::sort(&prefix, error)),
                Ok(None) => Ok(None),
                Err(_) => Err(ObjectError::too_late()),
            }
        })
        .boxed())
    }
}

fn entries(page: ListObjectsResponse) -> Vec<Entry> {
    let objects = page.contents.into_iter().filter(|entry| !entry.is_prefix);
    objects
        .map(|entry| Entry { key: entry.name, size: entry.size.unwrap_or(0), modified: entry.last_modified })
        .collect()
}

fn is_code(error: &Error, code: &MinioErrorCode) -> bool {
    matches!(error, Error::S3Server(minio::s3::error::S3ServerError::S3Error(response)) if response.code() == *code)
}
