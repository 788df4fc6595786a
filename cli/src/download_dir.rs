//! Writes downloaded files: never outside the target folder, never through a symbolic link, never partially.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use engunity_protocol::path::ProjectPath;
use futures::{Stream, TryStreamExt};
use tempfile::NamedTempFile;

use crate::error::{About, CliError, Result};

/// A folder that receives files.
pub struct DownloadDir {
    root: PathBuf,
}

impl DownloadDir {
    /// Creates the folder if it is missing.
    pub fn create(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).about(root.display())?;
        Ok(Self { root: root.canonicalize().about(root.display())? })
    }

    pub fn folder(&self, path: &ProjectPath) -> Result<()> {
        self.make_folders(path.ancestors().into_iter().chain([path.clone()]))
    }

    /// Opens a file for `path`, which appears under its name when it is complete.
    pub fn file(&self, path: &ProjectPath, executable: bool) -> Result<AtomicFile> {
        self.make_folders(path.ancestors().into_iter())?;
        let target = self.free(path)?;
        let parent = target.parent().unwrap_or(&self.root);
        let mode = if executable { 0o755 } else { 0o644 };
        let file = tempfile::Builder::new()
            .prefix(".engunity-")
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(parent)
            .about(parent.display())?;
        Ok(AtomicFile { file, target })
    }

    /// Makes a symbolic link, which replaces a file or link of that name. Nothing is ever written through it.
    pub fn link(&self, path: &ProjectPath, to: &str) -> Result<()> {
        self.make_folders(path.ancestors().into_iter())?;
        let target = self.free(path)?;
        let parent = target.parent().unwrap_or(&self.root);
        let made = tempfile::Builder::new()
            .prefix(".engunity-")
            .make_in(parent, |new| symlink(to, new))
            .about(parent.display())?;
        made.into_temp_path().persist(&target).map_err(|failed| failed.error).about(target.display())
    }

    /// Where a file goes; refuses to replace a folder.
    fn free(&self, path: &ProjectPath) -> Result<PathBuf> {
        let target = self.root.join(path.as_str());
        if fs::symlink_metadata(&target).is_ok_and(|found| found.is_dir()) {
            return Err(CliError::new(format!("{} is a folder here", target.display())));
        }
        Ok(target)
    }

    /// Creates missing folders; existing ones must not be links.
    fn make_folders(&self, folders: impl Iterator<Item = ProjectPath>) -> Result<()> {
        for folder in folders {
            let disk = self.root.join(folder.as_str());
            match fs::symlink_metadata(&disk) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    return Err(CliError::new(format!("{} exists and is not a folder", disk.display())));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&disk).about(disk.display())?
                }
                Err(error) => return Err(error).about(disk.display()),
            }
        }
        Ok(())
    }
}

/// A file that appears under its name when it is complete.
pub struct AtomicFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Receives a whole body and checks it against its hash, if one is known.
    pub async fn receive(
        mut self,
        body: impl Stream<Item = Result<Bytes>>,
        hash: Option<&str>,
    ) -> Result<u64> {
        let mut body = std::pin::pin!(body);
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        while let Some(chunk) = body.try_next().await? {
            hasher.update(&chunk);
            size += chunk.len() as u64;
            self.file.write_all(&chunk).about(self.target.display())?;
        }
        if hash.is_some_and(|hash| hash != hasher.finalize().to_hex().as_str()) {
            return Err(
                CliError::new(format!("{} is damaged: its hash differs", self.target.display())).transient()
            );
        }
        self.persist()?;
        Ok(size)
    }

    /// Receives what `reader` yields; the file gets the given time, unless that is unknown.
    pub fn copy(mut self, reader: &mut impl io::Read, modified: Option<SystemTime>) -> Result<u64> {
        let size = io::copy(reader, &mut self.file).about(self.target.display())?;
        if let Some(modified) = modified {
            self.file.as_file().set_modified(modified).about(self.target.display())?;
        }
        self.persist()?;
        Ok(size)
    }

    /// Renames the file into place. A link of that name is replaced, not followed.
    fn persist(self) -> Result<()> {
        self.file.persist(&self.target).map(drop).about(self.target.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ProjectPath {
        ProjectPath::parse(text).unwrap()
    }

    #[test]
    fn files_land_in_folders_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let target = DownloadDir::create(&dir.path().join("out")).unwrap();
        target.file(&path("a/b/c.txt"), true).unwrap().copy(&mut &b"hello"[..], None).unwrap();
        let then = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        target.file(&path("a/b/c.txt"), false).unwrap().copy(&mut &b"again"[..], Some(then)).unwrap();
        target.folder(&path("x/y")).unwrap();
        let file = dir.path().join("out/a/b/c.txt");
        assert_eq!(fs::read_to_string(&file).unwrap(), "again");
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), then);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o644);
        assert!(dir.path().join("out/x/y").is_dir());
        assert_eq!(fs::read_dir(dir.path().join("out/a/b")).unwrap().count(), 1);
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (out, secret) = (dir.path().join("out"), dir.path().join("secret"));
        fs::create_dir(&out).unwrap();
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        fs::write(&secret, "keep").unwrap();
        symlink(&secret, out.join("f")).unwrap();
        symlink(dir.path().join("elsewhere"), out.join("d")).unwrap();
        let target = DownloadDir::create(&out).unwrap();
        target.file(&path("f"), false).unwrap().copy(&mut &b"new"[..], None).unwrap();
        assert_eq!(
            (
                fs::read_to_string(&secret).unwrap().as_str(),
                fs::read_to_string(out.join("f")).unwrap().as_str()
            ),
            ("keep", "new")
        );
        assert!(target.file(&path("d/x"), false).is_err() && target.folder(&path("d")).is_err());
        target.link(&path("made/here"), "../../secret").unwrap();
        target.link(&path("made/here"), "/etc/passwd").unwrap();
        target.link(&path("f"), "made").unwrap();
        assert_eq!(fs::read_link(out.join("made/here")).unwrap(), Path::new("/etc/passwd"));
        assert!(target.file(&path("f/x"), false).is_err() && target.link(&path("made"), "x").is_err());
        assert_eq!(fs::read_dir(out.join("made")).unwrap().count(), 1);
        assert_eq!(fs::read_dir(dir.path().join("elsewhere")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_damaged_or_broken_body_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = DownloadDir::create(dir.path()).unwrap();
        let good = || futures::stream::iter([Ok(Bytes::from_static(b"hello"))]);
        let torn = good().chain_error();
        assert!(target.file(&path("x"), false).unwrap().receive(torn, None).await.is_err());
        assert!(target.file(&path("x"), false).unwrap().receive(good(), Some("00")).await.is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let hash = blake3::hash(b"hello").to_hex();
        assert_eq!(target.file(&path("x"), false).unwrap().receive(good(), Some(&hash)).await.unwrap(), 5);
    }

    trait ChainError: Stream<Item = Result<Bytes>> + Sized {
        fn chain_error(self) -> impl Stream<Item = Result<Bytes>> {
            futures::StreamExt::chain(self, futures::stream::iter([Err(CliError::new("torn"))]))
        }
    }
    impl<S: Stream<Item = Result<Bytes>>> ChainError for S {}
}
