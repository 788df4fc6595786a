//! One stream that holds a whole index: a mark, the manifest with the hash of every file, then the files. What does not
//! match its hash, or was made by another version, is refused.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    embed::ModelId,
    error::IndexError,
    index::{Folder, Manifest, Object},
};

const MARK: &[u8; 8] = b"EngIdx01";
/// A longer manifest is none: it has some hundred bytes for each segment and some for each removed file.
const MAX_MANIFEST: u32 = 64 * 1024 * 1024;
/// Attempts to read a state that a merge replaces meanwhile.
const ATTEMPTS: usize = 5;

/// What a bundle says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleInfo {
    /// The hash of the manifest, and so of everything.
    pub hash: String,
    pub generation: u64,
    /// Of all files together.
    pub bytes: u64,
    pub model: Option<ModelId>,
}

impl BundleInfo {
    fn of(manifest: &Manifest) -> Self {
        Self {
            hash: blake3::hash(&manifest.to_bytes()).to_hex().to_string(),
            generation: manifest.generation,
            bytes: manifest.objects().map(|object| object.bytes).sum(),
            model: manifest.model.clone(),
        }
    }
}

/// Writes the committed state of the index in `dir` to `writer`. Changes may go on meanwhile.
pub fn export(dir: impl AsRef<Path>, mut writer: impl Write) -> Result<BundleInfo, IndexError> {
    let (manifest, files) = opened(&Folder::new(dir.as_ref()))?;
    let bytes = manifest.to_bytes();
    let write = || {
        writer.write_all(MARK)?;
        writer.write_all(&(bytes.len() as u32).to_le_bytes())?;
        writer.write_all(&bytes)?;
        for (object, file) in manifest.objects().zip(files) {
            let copied = io::copy(&mut file.take(object.bytes), &mut writer)?;
            if copied != object.bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        writer.flush()
    };
    write().map_err(IndexError::io("bundle"))?;
    Ok(BundleInfo::of(&manifest))
}

/// A manifest with all its files open, so that they stay readable when they are removed.
fn opened(folder: &Folder) -> Result<(Manifest, Vec<File>), IndexError> {
    let mut failed = None;
    for _ in 0..ATTEMPTS {
        let manifest = match folder.manifest() {
            Ok(manifest) => manifest.unwrap_or_else(Manifest::empty),
            Err(error) => {
                failed = Some(error);
                continue;
            }
        };
        let files: Result<Vec<_>, _> = manifest
            .objects()
            .map(|object| File::open(folder.object(object)).map_err(IndexError::io(folder.object(object))))
            .collect();
        match files {
            Ok(files) => return Ok((manifest, files)),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| IndexError::Corrupt("the index is never at rest".into())))
}

/// Unpacks a bundle into `dir`, which must not exist or be empty, after every hash was checked. A refused bundle leaves
/// nothing behind.
pub fn import(reader: impl Read, dir: impl AsRef<Path>) -> Result<BundleInfo, IndexError> {
    let dir = dir.as_ref();
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(IndexError::io(parent))?;
    let unpacked = tempfile::TempDir::new_in(parent).map_err(IndexError::io(parent))?;
    let folder = Folder::new(unpacked.path());
    folder.create()?;
    let manifest = unpack(reader, &folder)?;
    folder.set_manifest(&manifest)?;
    // Renaming onto a folder works only while it is empty.
    fs::rename(unpacked.path(), dir).map_err(IndexError::io(dir))?;
    Ok(BundleInfo::of(&manifest))
}

fn unpack(mut reader: impl Read, folder: &Folder) -> Result<Manifest, IndexError> {
    let corrupt = |why: &str| IndexError::Corrupt(format!("the bundle {why}"));
    let mut head = [0; MARK.len() + 4];
    reader.read_exact(&mut head).map_err(|_| corrupt("is too short"))?;
    let (mark, length) = head.split_at(MARK.len());
    if mark != MARK {
        return Err(corrupt("is no bundle of an index"));
    }
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
    if length > MAX_MANIFEST {
        return Err(corrupt("has a manifest that is too long"));
    }
    let mut bytes = Vec::new();
    reader.by_ref().take(length.into()).read_to_end(&mut bytes).map_err(IndexError::io("bundle"))?;
    let manifest = Manifest::of_bytes(&bytes)?;
    for object in manifest.objects() {
        unpack_object(&mut reader, folder, object)?;
    }
    match reader.read(&mut [0]) {
        Ok(0) => Ok(manifest),
        Ok(_) => Err(corrupt("goes on after its end")),
        Err(error) => Err(IndexError::io("bundle")(error)),
    }
}

fn unpack_object(reader: &mut impl Read, folder: &Folder, object: &Object) -> Result<(), IndexError> {
    let written = folder.add(|out| {
        let mut part = reader.take(object.bytes);
        io::copy(&mut part, &mut { out }).map(drop).map_err(IndexError::io("bundle"))
    })?;
    match &written == object {
        true => Ok(()),
        false => {
            Err(IndexError::Corrupt(format!("a file of the bundle does not match its hash {}", object.hash)))
        }
    }
}
