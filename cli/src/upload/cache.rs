//! Hashes of the last upload, so that unchanged files are not read again. Losing it costs time only.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use etcetera::{BaseStrategy, base_strategy};
use serde::{Deserialize, Serialize};

use super::walk::Stamp;

/// A file that was written less than this before it was hashed may change again with the same time stamp.
const SETTLED_NS: i128 = 2_000_000_000;

#[derive(Default, Serialize, Deserialize)]
pub struct HashCache {
    entries: HashMap<String, (Stamp, String)>,
    #[serde(skip)]
    file: Option<PathBuf>,
}

impl HashCache {
    /// The cache of the folder `root`; empty when there is none or it can't be read.
    pub fn open(root: &Path) -> Self {
        let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
        let file = base_strategy::Xdg::new()
            .ok()
            .map(|xdg| xdg.cache_dir().join(format!("engunity/hashes/{name}.json")));
        let read = file.as_ref().and_then(|file| serde_json::from_slice::<Self>(&fs::read(file).ok()?).ok());
        Self { file, ..read.unwrap_or_default() }
    }

    pub fn get(&self, path: &str, stamp: &Stamp) -> Option<&str> {
        self.entries.get(path).filter(|(known, _)| known == stamp).map(|(_, hash)| hash.as_str())
    }

    /// Replaces all entries. Files that changed a moment ago are left out.
    pub fn save(&mut self, hashed: impl Iterator<Item = (String, Stamp, String)>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i128);
        let settled = |stamp: &Stamp| stamp.mtime_ns.max(stamp.ctime_ns) + SETTLED_NS < now;
        self.entries = hashed
            .filter(|(_, stamp, _)| settled(stamp))
            .map(|(path, stamp, hash)| (path, (stamp, hash)))
            .collect();
        // A cache that can't be written is no reason to fail.
        let _ = self.write();
    }

    fn write(&self) -> std::io::Result<()> {
        let Some((file, dir)) = self.file.as_ref().and_then(|file| Some((file, file.parent()?))) else {
            return Ok(());
        };
        fs::create_dir_all(dir)?;
        let new = tempfile::NamedTempFile::new_in(dir)?;
        fs::write(new.path(), serde_json::to_vec(self)?)?;
        new.persist(file)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_settled_is_trusted() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as i128;
        let stamp = |age: i128| Stamp { size: 1, mtime_ns: now - age, ctime_ns: now - age, inode: 1 };
        let (old, fresh) = (stamp(10_000_000_000), stamp(1_000_000));
        let mut cache = HashCache::default();
        cache.save([("old".into(), old, "h1".into()), ("fresh".into(), fresh, "h2".into())].into_iter());
        assert_eq!(cache.get("old", &old), Some("h1"));
        assert_eq!(cache.get("old", &Stamp { size: 2, ..old }), None);
        assert_eq!(cache.get("fresh", &fresh), None);
    }
}
