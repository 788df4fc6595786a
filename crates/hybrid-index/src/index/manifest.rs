//! The one list of what an index consists of. It is replaced in one step, and with it the index.

use serde::{Deserialize, Serialize};

use crate::{embed::ModelId, error::IndexError, grammar, parse, segment, tokens, vectors};

/// A stored index is of use to those versions only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub schema: u32,
    pub tokenizer: u32,
    pub chunker: String,
    pub vectors: u32,
}

impl Versions {
    pub fn current() -> Self {
        Self {
            schema: segment::VERSION,
            tokenizer: tokens::VERSION,
            chunker: format!("{}-{}", parse::VERSION, grammar::version()),
            vectors: vectors::VERSION,
        }
    }
}

/// A file of the index: its name is the BLAKE3 of its content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Object {
    pub hash: String,
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub versions: Versions,
    pub generation: u64,
    pub segments: Vec<SegmentRef>,
    pub vectors: Vec<Object>,
    pub graph: Option<Object>,
    /// Whose vectors they are.
    pub model: Option<ModelId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentRef {
    pub object: Object,
    /// Numbers of files that were replaced or removed since.
    pub dead: Vec<u32>,
}

impl Manifest {
    pub fn empty() -> Self {
        Self {
            versions: Versions::current(),
            generation: 0,
            segments: Vec::new(),
            vectors: Vec::new(),
            graph: None,
            model: None,
        }
    }

    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let segments = self.segments.iter().map(|segment| &segment.object);
        segments.chain(&self.vectors).chain(&self.graph)
    }

    /// The hash of what follows, a line break, and the manifest as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let mut bytes = blake3::hash(&body).to_hex().as_bytes().to_vec();
        bytes.push(b'\n');
        bytes.extend(body);
        bytes
    }

    /// Refuses what is damaged or of another version.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let corrupt = |why: &str| IndexError::Corrupt(format!("the manifest {why}"));
        let (head, body) = bytes.split_at_checked(65).ok_or_else(|| corrupt("is too short"))?;
        let (hash, line_break) = head.split_at(64);
        if line_break != b"\n" || hash != blake3::hash(body).to_hex().as_bytes() {
            return Err(corrupt("does not match its hash"));
        }
        #[derive(Deserialize)]
        struct Head {
            versions: serde_json::Value,
        }
        let head: Head = serde_json::from_slice(body).map_err(|_| corrupt("cannot be read"))?;
        let current = serde_json::to_value(Versions::current()).unwrap_or_default();
        if head.versions != current {
            return Err(IndexError::Foreign(format!("{}, here is {current}", head.versions)));
        }
        let manifest: Self = serde_json::from_slice(body).map_err(|_| corrupt("cannot be read"))?;
        let is_sound = manifest.objects().all(|object| is_hash(&object.hash));
        if is_sound { Ok(manifest) } else { Err(corrupt("names a file that is no hash")) }
    }
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}
