//! A model's folder, in the layout of sentence-transformers: what is in it, what it hashes to, and whether it is whole.
//! Reads files.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// `sha256sum`'s list of the folder's files. Where it is there, it must be right.
const SUMS: &str = "SHA256SUMS";
const WEIGHTS: &str = "model.safetensors";
const VOCABULARY: &str = "vocab.txt";
const TOKENIZER: &str = "tokenizer_config.json";

/// A checked folder.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub name: String,
    /// SHA-256 over the hashes of weights, vocabulary and the tokenizer's settings.
    pub hash: String,
    pub max_tokens: usize,
    pub lower_case: bool,
    pub strip_accents: bool,
    pub pooling: Pooling,
    pub normalise: bool,
}

/// How the vectors of the tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    Mean,
    First,
}

impl Folder {
    /// Reads and checks the folder at `path`.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| format!("the model's folder {}", path.display()))?;
        check_sums(&path)?;
        let parts = [WEIGHTS, VOCABULARY, TOKENIZER].map(|file| sha256(&path.join(file)));
        let hash = parts.into_iter().collect::<anyhow::Result<Vec<_>>>()?.join("\n");
        let (lower_case, strip_accents) = tokenizer(&path)?;
        let (pooling, normalise) = modules(&path)?;
        let sentences: Sentences = read(&path.join("sentence_bert_config.json"))?;
        ensure!(sentences.max_seq_length > 2, "max_seq_length is {}", sentences.max_seq_length);
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            hash: hex(&Sha256::digest(hash)),
            max_tokens: sentences.max_seq_length,
            lower_case,
            strip_accents,
            pooling,
            normalise,
            path,
        })
    }

    pub fn weights(&self) -> PathBuf {
        self.path.join(WEIGHTS)
    }

    pub fn vocabulary(&self) -> PathBuf {
        self.path.join(VOCABULARY)
    }

    pub fn config(&self) -> PathBuf {
        self.path.join("config.json")
    }
}

#[derive(Deserialize)]
struct Sentences {
    max_seq_length: usize,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Deserialize)]
struct Tokenizer {
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

/// Whether to lower the case, and to strip accents: where nothing is said, what BERT does.
fn tokenizer(path: &Path) -> anyhow::Result<(bool, bool)> {
    let tokenizer: Tokenizer = read(&path.join(TOKENIZER))?;
    let sentences: Sentences = read(&path.join("sentence_bert_config.json"))?;
    let lower_case = tokenizer.do_lower_case.unwrap_or(sentences.do_lower_case);
    Ok((lower_case, tokenizer.strip_accents.unwrap_or(lower_case)))
}

/// The steps after the transformer.
fn modules(path: &Path) -> anyhow::Result<(Pooling, bool)> {
    let modules: Vec<Module> = read(&path.join("modules.json"))?;
    let kinds: Vec<_> = modules.iter().map(|module| module.kind.rsplit('.').next().unwrap_or("")).collect();
    let normalise = match kinds[..] {
        ["Transformer", "Pooling"] => false,
        ["Transformer", "Pooling", "Normalize"] => true,
        _ => anyhow::bail!("modules.json: {kinds:?} is not Transformer, Pooling and Normalize"),
    };
    let pooling: PoolingConfig = read(&path.join(&modules[1].path).join("config.json"))?;
    match (pooling.pooling_mode_mean_tokens, pooling.pooling_mode_cls_token) {
        (true, false) => Ok((Pooling::Mean, normalise)),
        (false, true) => Ok((Pooling::First, normalise)),
        _ => anyhow::bail!("the pooling is neither the mean of the tokens nor the first token"),
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

fn check_sums(path: &Path) -> anyhow::Result<()> {
    let list = match fs::read_to_string(path.join(SUMS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        list => list.context(SUMS)?,
    };
    for line in list.lines() {
        let (expected, file) = line.split_once("  ").with_context(|| format!("{SUMS}: {line:?}"))?;
        ensure!(sha256(&path.join(file))? == expected, "{file} is not what {SUMS} says: fetch it again");
    }
    Ok(())
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    let file = File::open(path).with_context(|| path.display().to_string())?;
    io::copy(&mut io::BufReader::with_capacity(1 << 20, file), &mut hasher)?;
    Ok(hex(&hasher.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        let files = [
            (WEIGHTS, "weights"),
            (VOCABULARY, "[PAD]\n"),
            (TOKENIZER, r#"{"do_lower_case": true, "strip_accents": null}"#),
            ("sentence_bert_config.json", r#"{"max_seq_length": 256, "do_lower_case": false}"#),
            ("1_Pooling/config.json", r#"{"pooling_mode_mean_tokens": true}"#),
            (
                "modules.json",
                r#"[{"path": "", "type": "a.Transformer"}, {"path": "1_Pooling", "type": "a.Pooling"},
                    {"path": "2_Normalize", "type": "a.Normalize"}]"#,
            ),
        ];
        fs::create_dir(dir.path().join("1_Pooling")).expect("a folder");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).expect("a file");
        }
        dir
    }

    fn failure(dir: &Path) -> String {
        format!("{:#}", Folder::open(dir).expect_err("an error"))
    }

    #[test]
    fn the_settings_are_read_and_the_hash_follows_weights_and_tokenizer() {
        let dir = folder();
        let first = Folder::open(dir.path()).expect("a model");
        assert_eq!((first.max_tokens, first.lower_case, first.strip_accents), (256, true, true));
        assert_eq!((first.pooling, first.normalise, first.hash.len()), (Pooling::Mean, true, 64));
        assert_eq!(Folder::open(dir.path()).expect("a model").hash, first.hash);
        fs::write(dir.path().join(VOCABULARY), "[PAD]\nmore\n").expect("a file");
        assert_ne!(Folder::open(dir.path()).expect("a model").hash, first.hash);
    }

    #[test]
    fn a_changed_file_is_refused_by_its_sum() {
        let dir = folder();
        let sum = sha256(&dir.path().join(WEIGHTS)).expect("a sum");
        fs::write(dir.path().join(SUMS), format!("{sum}  {WEIGHTS}\n")).expect("a file");
        assert!(Folder::open(dir.path()).is_ok());
        fs::write(dir.path().join(WEIGHTS), "weightz").expect("a file");
        assert!(failure(dir.path()).contains("is not what SHA256SUMS says"), "{}", failure(dir.path()));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let dir = folder();
        fs::write(dir.path().join("modules.json"), r#"[{"path": "", "type": "a.CLIPModel"}]"#)
            .expect("a file");
        assert!(failure(dir.path()).contains("CLIPModel"));
        fs::remove_file(dir.path().join(WEIGHTS)).expect("a file");
        assert!(failure(dir.path()).contains(WEIGHTS));
        assert!(failure(Path::new("/no/such/folder")).contains("/no/such/folder"));
    }
}
