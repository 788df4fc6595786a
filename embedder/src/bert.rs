//! A BERT model with its tokenizer, by rust-bert on libtorch. The only file that names them.

use std::sync::Arc;

use anyhow::{Context, ensure};
use engunity_embedder::{
    batch,
    folder::{Folder, Pooling},
    message::{About, Kind},
    serve::{Loader, Model},
};
use rust_bert::bert::{BertConfig, BertForSentenceEmbeddings};
use rust_tokenizers::tokenizer::{BertTokenizer, Tokenizer, TruncationStrategy};
use tch::{Device, Tensor, nn::VarStore};

/// Tokens that go through the model at once, padding included: enough to use the processor fully, few enough that what
/// they need in between stays in its caches.
const BATCH_TOKENS: usize = 2048;
/// BERT's padding token.
const PADDING: i64 = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    F32,
    Bf16,
}

/// How models are loaded.
pub struct BertLoader {
    pub folder: Arc<Folder>,
    pub precision: Precision,
    /// Threads for documents; each computes alone.
    pub threads: usize,
    /// Processors that a query may use.
    pub query_threads: usize,
}

impl Loader for BertLoader {
    fn load(&self, kind: Kind) -> anyhow::Result<(About, Box<dyn Model>)> {
        match kind {
            Kind::Query => tch::set_num_threads(self.query_threads as i32),
            Kind::Document => {
                tch::set_num_threads(1);
                yield_to_queries();
            }
        }
        let bert = Bert::load(&self.folder, self.precision)?;
        Ok((self.about(bert.dimensions), Box::new(bert)))
    }

    fn threads(&self) -> usize {
        self.threads
    }
}

impl BertLoader {
    fn about(&self, dimensions: i64) -> About {
        let precision = match self.precision {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        };
        About {
            name: self.folder.name.clone(),
            hash: self.folder.hash.clone(),
            dimensions: dimensions as u32,
            max_tokens: self.folder.max_tokens as u32,
            precision: precision.to_owned(),
            threads: self.threads as u32,
        }
    }
}

/// Lowers the priority of this thread alone: the query's thread and whatever else the machine does come first.
fn yield_to_queries() {
    // SAFETY: no memory is passed. On Linux, process 0 means the calling thread here.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
}

struct Bert {
    folder: Arc<Folder>,
    tokenizer: BertTokenizer,
    transformer: BertForSentenceEmbeddings,
    dimensions: i64,
    /// Owns the weights.
    _weights: VarStore,
}

impl Bert {
    fn load(folder: &Arc<Folder>, precision: Precision) -> anyhow::Result<Self> {
        let config: BertConfig =
            serde_json::from_slice(&std::fs::read(folder.config())?).context("config.json")?;
        ensure!(
            folder.max_tokens as i64 <= config.max_position_embeddings,
            "max_seq_length is more than max_position_embeddings"
        );
        let mut weights = VarStore::new(Device::Cpu);
        let transformer = BertForSentenceEmbeddings::new_with_optional_pooler(weights.root(), &config, false);
        weights.load(folder.weights()).context("the weights")?;
        weights.freeze();
        if precision == Precision::Bf16 {
            weights.bfloat16();
        }
        let tokenizer =
            BertTokenizer::from_file(folder.vocabulary(), folder.lower_case, folder.strip_accents)
                .context("the vocabulary")?;
        let dimensions = config.hidden_size;
        Ok(Self { folder: folder.clone(), tokenizer, transformer, dimensions, _weights: weights })
    }

    fn tokens(&self, text: &str) -> Vec<i64> {
        let strategy = TruncationStrategy::LongestFirst;
        self.tokenizer.encode(&clean(text), None, self.folder.max_tokens, &strategy, 0).token_ids
    }

    /// The vectors of texts that are padded to the longest of them: `[texts, dimensions]`.
    fn forward(&self, texts: &[&[i64]]) -> anyhow::Result<Tensor> {
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let padded = |text: &[i64], with: i64, to: fn(i64) -> i64| {
            let padding = std::iter::repeat_n(with, longest - text.len());
            text.iter().map(|&token| to(token)).chain(padding).collect::<Vec<_>>()
        };
        let rows = |with, to| texts.iter().flat_map(|text| padded(text, with, to)).collect::<Vec<i64>>();
        let shape = [texts.len() as i64, longest as i64];
        let tokens = Tensor::from_slice(&rows(PADDING, |token| token)).view(shape);
        let mask = Tensor::from_slice(&rows(0, |_| 1)).view(shape);
        let output =
            self.transformer.forward_t(Some(&tokens), Some(&mask), None, None, None, None, None, false)?;
        Ok(self.pool(&output.hidden_state.to_kind(tch::Kind::Float), &mask))
    }

    fn pool(&self, hidden: &Tensor, mask: &Tensor) -> Tensor {
        let pooled = match self.folder.pooling {
            Pooling::First => hidden.select(1, 0),
            Pooling::Mean => {
                let mask = mask.unsqueeze(-1).to_kind(tch::Kind::Float);
                let dimension = Some([1i64].as_slice());
                let sum = (hidden * &mask).sum_dim_intlist(dimension, false, tch::Kind::Float);
                sum / mask.sum_dim_intlist(dimension, false, tch::Kind::Float)
            }
        };
        if !self.folder.normalise {
            return pooled;
        }
        let length = pooled.norm_scalaropt_dim(2, [1i64].as_slice(), true).clamp_min(1e-12);
        pooled / length
    }
}

/// What BERT's own tokenizer does to spaces and control characters; rust_tokenizers leaves some of them out.
fn clean(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    kept.map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

impl Model for Bert {
    fn embed(&mut self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>> {
        let tokens: Vec<_> = texts.iter().map(|text| self.tokens(text)).collect();
        let lengths: Vec<_> = tokens.iter().map(Vec::len).collect();
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in batch::plan(&lengths, BATCH_TOKENS) {
            let rows: Vec<_> = batch.iter().map(|&index| tokens[index].as_slice()).collect();
            let computed = tch::no_grad(|| self.forward(&rows))?;
            for (index, vector) in batch.into_iter().zip(Vec::<Vec<f32>>::try_from(computed)?) {
                vectors[index] = vector;
            }
        }
        Ok(vectors)
    }
}
