//! Puts what was built into object storage, as one object that is named by its content, and counts what is in it.

use std::sync::Arc;

use engunity_artifacts::{ObjectError, ObjectStore, keys};
use engunity_hybrid_index::{IndexError, bundle};
use engunity_protocol::{
    ProjectId,
    index::{IndexBundle, IndexCounts, MAX_SKIPPED, SkippedFile},
};
use tempfile::NamedTempFile;

use super::cache::{OpenIndex, blocking};

/// Why an index was not uploaded.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("the worker's disk: {0}")]
    Disk(#[from] std::io::Error),
}

/// Uploads the index as it is committed now. The object is complete before anyone learns its key.
pub async fn upload(
    objects: &ObjectStore,
    project: ProjectId,
    open: &Arc<OpenIndex>,
) -> Result<IndexBundle, UploadError> {
    let (packed, info) = blocking({
        let open = open.clone();
        move || {
            let mut packed = NamedTempFile::new_in(open.scratch())?;
            let info = bundle::export(open.folder(), packed.as_file_mut())?;
            Ok::<_, UploadError>((packed, info))
        }
    })
    .await?;
    let key = keys::index_part(project, &info.hash);
    let bytes =
        if objects.exists(&key).await? { info.bytes } else { objects.put_file(&key, packed.path()).await? };
    open.became(&key)?;
    Ok(IndexBundle { manifest: key.clone(), objects: vec![key], bytes })
}

/// What is in the index.
pub fn counts(open: &OpenIndex) -> IndexCounts {
    let (state, skipped) = (open.index.state(), open.index.skipped());
    let skipped_files = skipped.len() as u64;
    let named =
        skipped.into_iter().take(MAX_SKIPPED).map(|file| SkippedFile { path: file.path, why: file.why });
    IndexCounts {
        files: state.files as u64,
        // As in the coverage of answers: a function has a text for its body and one for its signature.
        chunks: state.embedding.total as u64,
        embedded: state.embedding.done as u64,
        segments: state.segments as u64,
        skipped_files,
        skipped: named.collect(),
    }
}
