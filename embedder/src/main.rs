//! `engunity-embedder`: loads a BERT sentence model and computes vectors for the worker that started it.

mod bert;

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    thread::available_parallelism,
};

use bert::{BertLoader, Precision};
use clap::{Parser, ValueEnum};
use engunity_agent::frame;
use engunity_embedder::{folder::Folder, message::FromEmbedder, serve};

/// Computes sentence vectors for the worker that starts it; speaks frames on stdin and stdout.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of a BERT sentence model: safetensors, in the layout of sentence-transformers.
    #[arg(long)]
    model: PathBuf,
    /// Threads for documents, each with a model of its own; 0: one per processor, at most 4.
    #[arg(long, default_value_t = 0)]
    threads: usize,
    #[arg(long, value_enum, default_value_t = Wanted::Auto)]
    precision: Wanted,
}

/// More would only wait for memory.
const MOST_THREADS: usize = 4;

#[derive(Clone, Copy, ValueEnum)]
enum Wanted {
    /// bf16 where the processor computes with it, else f32.
    Auto,
    F32,
    Bf16,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if io::stdin().is_terminal() {
        eprintln!("the worker starts this program and speaks to it over stdin");
        return ExitCode::FAILURE;
    }
    let ended = loader(&arguments).inspect_err(say).and_then(serve::run);
    if let Err(error) = &ended {
        eprintln!("{error:#}");
    }
    // Not by returning: threads may still compute what nobody waits for.
    std::process::exit(ended.is_err().into())
}

/// Tells the worker why there will be no model.
fn say(error: &anyhow::Error) {
    if let Ok(frame) = frame::encode(&FromEmbedder::Failed(format!("{error:#}"))) {
        let _ = io::stdout().write_all(&frame);
    }
}

fn loader(arguments: &Arguments) -> anyhow::Result<BertLoader> {
    let processors = available_parallelism().map_or(1, |count| count.get());
    let threads = match arguments.threads {
        0 => processors.min(MOST_THREADS),
        count => count,
    };
    Ok(BertLoader {
        folder: Arc::new(Folder::open(&arguments.model)?),
        precision: arguments.precision.choose(),
        threads,
        query_threads: processors.min(MOST_THREADS),
    })
}

impl Wanted {
    fn choose(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
            Self::Auto if computes_bf16() => Precision::Bf16,
            Self::Auto => Precision::F32,
        }
    }
}

/// Whether the processor multiplies bf16. (Processors with AMX have these instructions as well.)
fn computes_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}
