//! Which published indexes a local folder can stand in for. Pure, but for reading and writing the file that says it.
//!
//! A folder begins with one bundle, or with none, and jobs take changes into it. What it has more than a bundle of its
//! lineage are changes that the coordinator still sends along with every question about that bundle, so that answers
//! are the same. A bundle that another worker built is not in the lineage: the folder is of no use for it.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};

/// Bundles that a lineage remembers: the last one may not be published yet.
const MAX: usize = 3;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The keys of their manifests, oldest first; none: it began with an empty index that was not published.
    bundles: Vec<String>,
}

impl Lineage {
    pub fn of(bundle: Option<&str>) -> Self {
        Self { bundles: bundle.map(str::to_owned).into_iter().collect() }
    }

    /// Whether the folder can be used where `bundle` is wanted.
    pub fn serves(&self, bundle: Option<&str>) -> bool {
        match bundle {
            Some(bundle) => self.bundles.iter().any(|known| known == bundle),
            None => self.bundles.is_empty(),
        }
    }

    /// The folder was uploaded as `bundle`.
    pub fn add(&mut self, bundle: &str) {
        self.bundles.retain(|known| known != bundle);
        self.bundles.push(bundle.to_owned());
        let surplus = self.bundles.len().saturating_sub(MAX);
        self.bundles.drain(..surplus);
    }

    pub fn load(file: &Path) -> io::Result<Self> {
        serde_json::from_slice(&std::fs::read(file)?).map_err(io::Error::other)
    }

    pub fn save(&self, file: &Path) -> io::Result<()> {
        let temp = file.with_extension("new");
        std::fs::write(&temp, serde_json::to_vec(self)?)?;
        std::fs::rename(temp, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_serves_what_it_grew_from_and_what_it_became() {
        let mut lineage = Lineage::of(None);
        assert!(lineage.serves(None) && !lineage.serves(Some("a")));
        lineage.add("a");
        lineage.add("b");
        assert!(lineage.serves(Some("a")) && lineage.serves(Some("b")));
        assert!(!lineage.serves(None) && !lineage.serves(Some("of another worker")));
        lineage.add("a");
        lineage.add("c");
        lineage.add("d");
        assert!(!lineage.serves(Some("b")) && lineage.serves(Some("a")), "the oldest is forgotten");
    }

    #[test]
    fn it_survives_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lineage.json");
        assert!(Lineage::load(&file).is_err());
        Lineage::of(Some("a")).save(&file).unwrap();
        assert_eq!(Lineage::load(&file).unwrap(), Lineage::of(Some("a")));
        std::fs::write(&file, "{").unwrap();
        assert!(Lineage::load(&file).is_err());
    }
}
