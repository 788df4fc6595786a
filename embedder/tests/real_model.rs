//! The real program with the real model, where `./dev embedder` has set it up: its vectors against those of transformers
//! on PyTorch (`golden.json`, made by `golden.py`), and what it needs. Left out where it is not set up; `./dev test` says so.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use engunity_agent::frame::{self, Decoder};
use engunity_embedder::message::{About, FromEmbedder, Kind, Request, ToEmbedder, unpack};
use serde::Deserialize;

/// Set by `./dev test` where the model is set up: then it is an error that it is not found.
const REQUIRED: &str = "ENGUNITY_TEST_EMBEDDER";

/// How far similarities and numbers may be from those of another library, and from those of another precision.
const F32_TOLERANCE: f32 = 0.001;
const BF16_TOLERANCE: f32 = 0.02;

struct Program {
    child: Child,
    decoder: Decoder,
}

impl Program {
    /// The program and what it says about its model; `None` where it is not set up.
    fn start(precision: &str) -> Option<(Self, About)> {
        let path = |name: &str| {
            let value = std::env::var_os(format!("ENGUNITY__EMBEDDING__{name}")).map(PathBuf::from);
            value.filter(|path| path.exists())
        };
        let (Some(program), Some(model), Some(libtorch)) = (path("PROGRAM"), path("MODEL"), path("LIBTORCH"))
        else {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "the embedding model is not set up: ./dev embedder"
            );
            eprintln!("skipped: the embedding model is not set up (./dev embedder)");
            return None;
        };
        let mut command = Command::new(program);
        command.arg("--model").arg(model).args(["--threads", "2", "--precision", precision]);
        command.env_clear().env("LD_LIBRARY_PATH", libtorch.join("lib"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the embedder");
        let mut program = Self { child, decoder: Decoder::default() };
        match program.receive() {
            FromEmbedder::Ready(about) => Some((program, about)),
            other => panic!("{other:?}"),
        }
    }

    fn receive(&mut self) -> FromEmbedder {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(message) = self.decoder.take().expect("a frame") {
                return message;
            }
            let count = self.child.stdout.as_mut().expect("stdout").read(&mut buffer).expect("an answer");
            assert!(count > 0, "the embedder ended");
            self.decoder.extend(&buffer[..count]);
        }
    }

    fn embed(&mut self, kind: Kind, texts: &[&str]) -> Vec<Vec<f32>> {
        let owned = texts.iter().map(|text| (*text).to_owned()).collect();
        let request = Request { id: 1, kind, texts: owned, timeout_ms: 300_000 };
        let frame = frame::encode(&ToEmbedder::Embed(request)).expect("a frame");
        self.child.stdin.as_mut().expect("stdin").write_all(&frame).expect("a request");
        match self.receive() {
            FromEmbedder::Vectors { id: 1, data } => unpack(&data, texts.len(), 384).expect("vectors"),
            other => panic!("{other:?}"),
        }
    }

    /// Memory of its own, without the files that all embedders share.
    fn memory_mb(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    /// The first numbers of each vector.
    first: Vec<Vec<f32>>,
    similarities: Vec<Vec<f32>>,
}

impl Golden {
    fn load() -> Self {
        serde_json::from_str(include_str!("golden.json")).expect("the golden file")
    }

    fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// All similarities of these vectors that are farther from the golden ones than `tolerance`.
fn wrong(golden: &Golden, vectors: &[Vec<f32>], tolerance: f32) -> Vec<String> {
    let mut wrong = Vec::new();
    for (row, a) in vectors.iter().enumerate() {
        for (column, b) in vectors.iter().enumerate() {
            let (ours, theirs) = (dot(a, b), golden.similarities[row][column]);
            if (ours - theirs).abs() > tolerance {
                wrong.push(format!("{row} and {column}: {ours}, not {theirs}"));
            }
        }
    }
    wrong
}

#[test]
fn vectors_are_those_of_transformers() {
    let Some((mut program, about)) = Program::start("f32") else { return };
    let golden = Golden::load();
    assert_eq!((about.dimensions, about.max_tokens, about.threads), (384, 256, 2));
    assert_eq!((about.name.as_str(), about.hash.len()), ("all-MiniLM-L6-v2", 64));
    let vectors = program.embed(Kind::Document, &golden.texts());
    for (at, first) in golden.first.iter().enumerate() {
        let off =
            vectors[at].iter().zip(first).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f32::max);
        assert!(off < F32_TOLERANCE, "text {at}: off by {off}");
    }
    let wrong = wrong(&golden, &vectors, F32_TOLERANCE);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn bf16_says_the_same() {
    let Some((mut program, _)) = Program::start("bf16") else { return };
    let golden = Golden::load();
    let vectors = program.embed(Kind::Document, &golden.texts());
    let wrong = wrong(&golden, &vectors, BF16_TOLERANCE);
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (index, vector) in vectors.iter().enumerate() {
        assert!((dot(vector, vector) - 1.0).abs() < 0.001, "the length of {index}");
    }
}

#[test]
fn a_batch_says_what_single_texts_say_and_a_query_what_a_document_says() {
    let Some((mut program, _)) = Program::start("f32") else { return };
    let golden = Golden::load();
    let together = program.embed(Kind::Document, &golden.texts());
    for (index, text) in golden.texts().into_iter().enumerate() {
        let alone = program.embed(Kind::Query, &[text]).remove(0);
        assert!(dot(&alone, &together[index]) > 0.9999, "{index}");
    }
}

#[test]
fn memory_has_a_bound_and_does_not_grow() {
    let Some((mut program, _)) = Program::start("auto") else { return };
    let text =
        "fn longest(texts: &[&str]) -> usize { texts.iter().map(|text| text.len()).max().unwrap_or(0) } "
            .repeat(20);
    let texts = vec![text.as_str(); 24];
    for _ in 0..2 {
        program.embed(Kind::Document, &texts);
    }
    let early = program.memory_mb();
    for _ in 0..3 {
        program.embed(Kind::Document, &texts);
    }
    let late = program.memory_mb();
    eprintln!("memory: {early} MB, then {late} MB");
    assert!(late < 1000, "{late} MB");
    assert!(late < early + 100, "{early} MB, then {late} MB");
}
