//! Uploads blobs in packs of bounded size. A pack is a tar that is sent in one request and can be sent again.

use std::{fs, time::Duration};

use bytes::Bytes;
use engunity_protocol::ProjectId;
use futures::stream;
use indicatif::ProgressBar;

use super::{manifest::Blob, walk::target};
use crate::{
    client::Client,
    error::{About, CliError, Result},
};

/// Maximum content of a pack; a larger file is a pack of its own.
const PACK_BYTES: u64 = 32 << 20;
/// Maximum entries of a pack.
const PACK_FILES: usize = 2_000;
const CHUNK_BYTES: usize = 64 << 10;
const TRIES: u32 = 4;

/// Groups `blobs`, in order, into packs.
fn group(blobs: Vec<Blob>) -> Vec<Vec<Blob>> {
    let mut packs: Vec<Vec<Blob>> = Vec::new();
    let mut bytes = 0;
    for blob in blobs {
        let fits =
            packs.last().is_some_and(|pack| bytes + blob.size <= PACK_BYTES && pack.len() < PACK_FILES);
        if !fits {
            packs.push(Vec::new());
            bytes = 0;
        }
        bytes += blob.size;
        if let Some(pack) = packs.last_mut() {
            pack.push(blob);
        }
    }
    packs
}

/// Sends all `blobs`; the bar counts content bytes.
pub async fn send(client: &Client, project: ProjectId, blobs: Vec<Blob>, bar: &ProgressBar) -> Result<()> {
    for pack in group(blobs) {
        let tar = tar_of(&pack)?;
        let content: u64 = pack.iter().map(|blob| blob.size).sum();
        send_pack(client, project, &tar, content, bar).await?;
    }
    Ok(())
}

async fn send_pack(
    client: &Client,
    project: ProjectId,
    tar: &Bytes,
    content: u64,
    bar: &ProgressBar,
) -> Result<()> {
    let start = bar.position();
    let mut failure = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            bar.set_position(start);
            tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
        }
        let body = || counted(tar.clone(), start, content, bar.clone());
        match client.put_blobs(project, tar.len() as u64, body).await {
            Ok(_) => {
                bar.set_position(start + content);
                return Ok(());
            }
            Err(error) if error.transient => failure = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(failure
        .unwrap_or_else(|| CliError::new("an upload request failed"))
        .hint("engunity upload  (content that was uploaded is not sent again)"))
}

/// The body in chunks; the bar advances with each.
fn counted(
    tar: Bytes,
    start: u64,
    content: u64,
    bar: ProgressBar,
) -> impl stream::Stream<Item = std::io::Result<Bytes>> + Send {
    stream::unfold(0, move |at| {
        let chunk = tar.slice(at..tar.len().min(at + CHUNK_BYTES));
        bar.set_position(start + (at as u64).min(content));
        let next = (!chunk.is_empty()).then(|| (Ok(chunk.clone()), at + chunk.len()));
        async move { next }
    })
}

/// A tar whose entries are named by their hashes.
fn tar_of(pack: &[Blob]) -> Result<Bytes> {
    let size: u64 = pack.iter().map(|blob| blob.size + 1024).sum();
    let mut tar = tar::Builder::new(Vec::with_capacity(size as usize + 1024));
    for blob in pack {
        let content = read(blob).about(blob.disk.display())?;
        if blake3::hash(&content).to_hex().as_str() != blob.hash {
            return Err(
                CliError::new(format!("{} changed during the upload", blob.path)).hint("engunity upload")
            );
        }
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, &blob.hash, content.as_slice()).about(&blob.path)?;
    }
    Ok(tar.into_inner().about("tar")?.into())
}

fn read(blob: &Blob) -> std::io::Result<Vec<u8>> {
    if blob.link { Ok(target(&blob.disk)?.unwrap_or_default().into_bytes()) } else { fs::read(&blob.disk) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(size: u64) -> Blob {
        Blob { hash: String::new(), size, disk: Default::default(), link: false, path: String::new() }
    }

    #[test]
    fn packs_are_bounded_and_lose_nothing() {
        let sizes = |packs: Vec<Vec<Blob>>| {
            packs.iter().map(|pack| pack.iter().map(|b| b.size).collect()).collect::<Vec<Vec<u64>>>()
        };
        const MB: u64 = 1 << 20;
        assert_eq!(sizes(group(vec![])), Vec::<Vec<u64>>::new());
        let packs = sizes(group([20, 12, 1, 40, 5, 0].map(|mb| blob(mb * MB)).to_vec()));
        assert_eq!(packs, [vec![20 * MB, 12 * MB], vec![MB], vec![40 * MB], vec![5 * MB, 0]]);
        assert_eq!(group(vec![blob(0); PACK_FILES + 1]).len(), 2);
    }

    #[test]
    fn a_pack_is_a_tar_named_by_hashes_and_a_changed_file_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let disk = dir.path().join("x");
        fs::write(&disk, "hello").unwrap();
        let blob = Blob {
            hash: blake3::hash(b"hello").to_hex().to_string(),
            size: 5,
            disk: disk.clone(),
            link: false,
            path: "x".into(),
        };
        let tar = tar_of(std::slice::from_ref(&blob)).unwrap();
        let mut archive = tar::Archive::new(&tar[..]);
        let names: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(names, std::slice::from_ref(&blob.hash));
        fs::write(&disk, "other").unwrap();
        assert!(tar_of(std::slice::from_ref(&blob)).unwrap_err().message.contains("changed"));
    }
}
