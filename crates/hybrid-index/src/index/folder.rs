//! The folder of an index: `manifest`, `objects/<hash>` and `writer.lock`. The only file that writes to the disk.
//! An object has its name only when it is complete; the manifest names only objects that are on the disk.

use std::{
    collections::HashSet,
    fs::{self, File, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::manifest::{Manifest, Object};
use crate::error::IndexError;

pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub fn create(&self) -> Result<(), IndexError> {
        let objects = self.root.join("objects");
        fs::create_dir_all(&objects).map_err(IndexError::io(objects))
    }

    /// Keeps other writers out as long as the file is held.
    pub fn lock(&self) -> Result<File, IndexError> {
        let path = self.root.join("writer.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(IndexError::io(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(IndexError::Locked { path: self.root.clone() }),
            Err(TryLockError::Error(error)) => Err(IndexError::io(path)(error)),
        }
    }

    pub fn object(&self, object: &Object) -> PathBuf {
        self.root.join("objects").join(&object.hash)
    }

    fn manifest_path(&self) -> PathBuf {
        self.root.join("manifest")
    }

    /// The manifest's bytes; `None`: there is none.
    pub fn manifest_bytes(&self) -> Result<Option<Vec<u8>>, IndexError> {
        match fs::read(self.manifest_path()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(IndexError::io(self.manifest_path())(error)),
        }
    }

    /// The manifest, after its objects were found to be there in full length.
    pub fn manifest(&self) -> Result<Option<Manifest>, IndexError> {
        let Some(bytes) = self.manifest_bytes()? else { return Ok(None) };
        let manifest = Manifest::of_bytes(&bytes)?;
        for object in manifest.objects() {
            let length = fs::metadata(self.object(object)).map_or(0, |about| about.len());
            if length != object.bytes {
                let (hash, bytes) = (&object.hash, object.bytes);
                return Err(IndexError::Corrupt(format!("{hash} has {length} of {bytes} bytes")));
            }
        }
        Ok(Some(manifest))
    }

    /// Replaces the manifest in one step.
    pub fn set_manifest(&self, manifest: &Manifest) -> Result<(), IndexError> {
        let path = self.manifest_path();
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.root)?;
            file.write_all(&manifest.to_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.root)?.sync_all()
        };
        write().map_err(IndexError::io(&path))
    }

    /// Writes an object; it has its name when it is complete and on the disk.
    pub fn add(
        &self,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), IndexError>,
    ) -> Result<Object, IndexError> {
        let objects = self.root.join("objects");
        let file = tempfile::NamedTempFile::new_in(&objects).map_err(IndexError::io(&objects))?;
        let mut out = Hashing { out: BufWriter::new(file), hasher: blake3::Hasher::new(), bytes: 0 };
        fill(&mut out)?;
        let object = Object { hash: out.hasher.finalize().to_hex().to_string(), bytes: out.bytes };
        let finish = || {
            let file = out.out.into_inner().map_err(|error| error.into_error())?;
            file.as_file().sync_data()?;
            file.persist(self.object(&object)).map_err(|error| error.error)?;
            File::open(&objects)?.sync_all()
        };
        finish().map_err(IndexError::io(&objects))?;
        Ok(object)
    }

    /// Removes what `manifest` does not name: leftovers of a crash, and what was merged.
    pub fn sweep(&self, manifest: &Manifest) {
        let named: HashSet<&str> = manifest.objects().map(|object| object.hash.as_str()).collect();
        for entry in fs::read_dir(self.root.join("objects")).into_iter().flatten().flatten() {
            let is_named = entry.file_name().to_str().is_some_and(|name| named.contains(name));
            if !is_named && let Err(error) = fs::remove_file(entry.path()) {
                tracing::warn!(path = %entry.path().display(), error.message = %error, "an old file of an index stays");
            }
        }
    }

    /// Removes everything but the lock.
    pub fn clear(&self) -> Result<(), IndexError> {
        let _ = fs::remove_file(self.manifest_path());
        self.sweep(&Manifest::empty());
        self.create()
    }
}

struct Hashing {
    out: BufWriter<tempfile::NamedTempFile>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
