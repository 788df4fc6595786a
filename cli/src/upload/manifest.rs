//! What a folder contains, as the server is told: paths and hashes; and which content must be sent. The choice is
//! pure; hashing reads files.

use std::{
    collections::HashSet,
    fs::File,
    path::{Path, PathBuf},
};

use engunity_protocol::path::LINK_MODE;
use engunity_protocol::sync::{Manifest, ManifestEntry};

use super::{
    cache::HashCache,
    walk::{Found, LocalFile},
};
use crate::error::{About, Result};

/// Content that the server does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub hash: String,
    pub size: u64,
    /// The file to read it from, or the link.
    pub disk: PathBuf,
    pub link: bool,
    pub path: String,
}

/// Hashes the files that `cache` does not know; `read` is called with the bytes of each file.
pub fn build(
    found: &Found,
    cache: &mut HashCache,
    keep: bool,
    mut read: impl FnMut(u64),
) -> Result<Manifest> {
    let files = &found.files;
    let mut entries = Vec::with_capacity(files.len());
    for file in files {
        let entry = entry(file, cache)?;
        read(entry.size);
        entries.push(entry);
    }
    let pairs = files.iter().zip(&entries).filter(|(file, _)| file.link.is_none());
    cache.save(pairs.map(|(file, entry)| (entry.path.clone(), file.stamp, entry.hash.clone())));
    let folders = found.empty_folders.iter().map(ToString::to_string).collect();
    Ok(Manifest { files: entries, folders, keep })
}

fn entry(file: &LocalFile, cache: &HashCache) -> Result<ManifestEntry> {
    let path = file.path.to_string();
    if let Some(target) = &file.link {
        let hash = blake3::hash(target.as_bytes()).to_hex().to_string();
        return Ok(ManifestEntry { path, hash, size: target.len() as u64, mode: LINK_MODE });
    }
    let hash = match cache.get(&path, &file.stamp) {
        Some(hash) => hash.to_owned(),
        None => hash(&file.disk)?,
    };
    let mode = if file.executable { 0o755 } else { 0o644 };
    Ok(ManifestEntry { path, hash, size: file.stamp.size, mode })
}

fn hash(disk: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    File::open(disk).and_then(|file| hasher.update_reader(file).map(drop)).about(disk.display())?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The content to send: each missing hash once.
pub fn to_send(files: &[LocalFile], manifest: &Manifest, missing: &[String]) -> Vec<Blob> {
    let mut wanted: HashSet<&str> = missing.iter().map(String::as_str).collect();
    let pairs = files.iter().zip(&manifest.files);
    let first_of_each = pairs.filter(|(_, entry)| wanted.remove(entry.hash.as_str()));
    first_of_each
        .map(|(file, entry)| Blob {
            hash: entry.hash.clone(),
            size: entry.size,
            disk: file.disk.clone(),
            link: file.link.is_some(),
            path: entry.path.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use engunity_protocol::path::ProjectPath;

    use super::*;
    use crate::upload::walk::Stamp;

    fn file(path: &str) -> LocalFile {
        let stamp = Stamp { size: 1, mtime_ns: 0, ctime_ns: 0, inode: 0 };
        let path = ProjectPath::parse(path).unwrap();
        LocalFile { disk: path.as_str().into(), path, executable: false, link: None, stamp }
    }

    fn entry(path: &str, hash: &str) -> ManifestEntry {
        ManifestEntry { path: path.into(), hash: hash.into(), size: 1, mode: 0o644 }
    }

    #[test]
    fn each_missing_content_is_sent_once() {
        let files = ["a", "b", "c", "d"].map(file);
        let manifest = Manifest {
            files: vec![entry("a", "1"), entry("b", "2"), entry("c", "1"), entry("d", "3")],
            folders: Vec::new(),
            keep: false,
        };
        let sent = to_send(&files, &manifest, &["1".into(), "3".into(), "unknown".into()]);
        let sent: Vec<_> = sent.iter().map(|blob| (blob.path.as_str(), blob.hash.as_str())).collect();
        assert_eq!(sent, [("a", "1"), ("d", "3")]);
        assert_eq!(to_send(&files, &manifest, &[]), []);
    }

    #[test]
    fn a_file_is_hashed_and_keeps_its_executable_bit() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x"), "hello").unwrap();
        let files = vec![
            LocalFile { disk: dir.path().join("x"), executable: true, ..file("x") },
            LocalFile { link: Some("../z".into()), ..file("y") },
        ];
        let empty_folders = vec![ProjectPath::parse("e").unwrap()];
        let found = Found { files, empty_folders, ..Found::default() };
        let mut read = 0;
        let manifest = build(&found, &mut HashCache::default(), true, |bytes| read += bytes).unwrap();
        assert_eq!(
            manifest.files[1],
            ManifestEntry {
                path: "y".into(),
                hash: blake3::hash(b"../z").to_hex().to_string(),
                size: 4,
                mode: 0o120_000
            }
        );
        assert_eq!(manifest.files[0].hash, blake3::hash(b"hello").to_hex().as_str());
        assert_eq!(manifest.folders, ["e"]);
        assert_eq!((manifest.files[0].mode, manifest.keep, read), (0o755, true, 5));
    }
}
