//! A stand-in for `engunity-embedder` in tests: the same server and protocol, the index's twin of a model, and texts that
//! make it misbehave (see `Twin::embed`).

use std::{path::PathBuf, process, thread, time::Duration};

use anyhow::bail;
use engunity_embedder::{
    message::{About, Kind},
    serve::{self, Loader, Model},
};
use engunity_hybrid_index::{Embedder, HashingEmbedder};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let model = PathBuf::from(value("--model").unwrap_or_default());
    let threads = value("--threads").and_then(|threads| threads.parse().ok()).unwrap_or(0);
    let ended = serve::run(TwinLoader { model, threads });
    process::exit(ended.is_err().into())
}

struct TwinLoader {
    model: PathBuf,
    threads: usize,
}

impl Loader for TwinLoader {
    fn load(&self, _: Kind) -> anyhow::Result<(About, Box<dyn Model>)> {
        if self.model.join("broken").exists() {
            bail!("the weights are broken");
        }
        let twin = HashingEmbedder::default();
        let about = About {
            name: twin.model().name.clone(),
            hash: twin.model().hash.clone(),
            dimensions: twin.dimensions() as u32,
            max_tokens: 256,
            precision: "f32".into(),
            threads: 0,
        };
        Ok((about, Box::new(Twin(twin))))
    }

    fn threads(&self) -> usize {
        self.threads.max(2)
    }
}

struct Twin(HashingEmbedder);

impl Model for Twin {
    /// `twin: sleep MS`, `twin: fail`, `twin: panic` and `twin: abort` do what they say.
    fn embed(&mut self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        for order in texts.iter().filter_map(|text| text.strip_prefix("twin: ")) {
            match order.split_once(' ') {
                Some(("sleep", ms)) => thread::sleep(Duration::from_millis(ms.parse()?)),
                None if order == "fail" => bail!("asked to fail"),
                None if order == "panic" => panic!("asked to panic"),
                None if order == "abort" => process::abort(),
                _ => bail!("unknown order {order:?}"),
            }
        }
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        Ok(self.0.embed(&texts)?.into_iter().map(unit).collect())
    }
}

fn unit(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-12);
    vector.into_iter().map(|value| value / length).collect()
}
