//! An index that a script drives, for measurements: one JSON command a line on standard input, one JSON answer a line on
//! standard output. While it embeds, it asks the script for vectors in the same way.

use std::{
    io::{BufRead, Write},
    path::Path,
    time::{Duration, Instant},
};

use engunity_hybrid_index::{
    EmbedBudget, EmbedError, Embedder, FileChange, Mode, ModelId, Overlay, ProjectIndex, Query, QueryVector,
    Settings,
};
use serde::Deserialize;
use serde_json::{Value, json};

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    /// Opens an index in a folder.
    Open(String),
    /// Puts files from the disk: path in the project, language, place.
    Put(Vec<(String, Option<String>, String)>),
    Embed {
        dimensions: usize,
    },
    Maintain,
    State,
    Search(Search),
    /// Searches many times and answers the times in microseconds only.
    Time {
        searches: Vec<Search>,
        threads: usize,
    },
}

#[derive(Deserialize, Clone)]
struct Search {
    text: String,
    mode: Mode,
    limit: usize,
    vector: Option<Vec<f32>>,
}

fn main() -> Anything<()> {
    let mut index: Option<ProjectIndex> = None;
    while let Some(line) = line()? {
        let began = Instant::now();
        let command = serde_json::from_str(&line)?;
        if let Command::Open(dir) = &command {
            index = Some(ProjectIndex::open(Path::new(dir), Settings::default())?.0);
        }
        let index = index.as_ref().ok_or("open an index first")?;
        let mut answer = run(index, command)?;
        answer["us"] = json!(began.elapsed().as_micros() as u64);
        say(&answer)?;
    }
    Ok(())
}

fn line() -> Anything<Option<String>> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}

fn say(value: &Value) -> Anything<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

fn run(index: &ProjectIndex, command: Command) -> Anything<Value> {
    Ok(match command {
        Command::Open(_) => json!({}),
        Command::Put(files) => {
            let changes: Vec<FileChange> = files
                .into_iter()
                .map(|(path, language, place)| {
                    Ok(FileChange::put(path, language.as_deref(), std::fs::read(place)?))
                })
                .collect::<Anything<_>>()?;
            json!({ "bytes": index.apply(changes)?.bytes })
        }
        Command::Embed { dimensions } => {
            let asking = Asking { model: model(), dimensions };
            let progress = index.embed_pending(&asking, EmbedBudget::ALL, &mut |_| ())?;
            json!({ "done": progress.done, "total": progress.total })
        }
        Command::Maintain => json!({ "did": index.maintain()? }),
        Command::State => {
            json!({ "state": index.state(), "skipped": index.skipped().len(), "rss_kb": resident_kb() })
        }
        Command::Search(search) => {
            json!({ "answer": index.search(&query(&search), &Overlay::default(), deadline())? })
        }
        Command::Time { searches, threads } => json!({ "times": times(index, &searches, threads) }),
    })
}

fn model() -> ModelId {
    ModelId { name: "measured".into(), hash: "1".into() }
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn query(search: &Search) -> Query {
    let vector = search.vector.clone().map(|values| QueryVector { model: model(), values });
    Query { limit: search.limit, vector, explain: true, ..Query::new(search.text.clone(), search.mode) }
}

fn times(index: &ProjectIndex, searches: &[Search], threads: usize) -> Vec<u64> {
    let one = |searches: &[Search]| -> Vec<u64> {
        let each = searches.iter().map(|search| {
            let query = query(search);
            let began = Instant::now();
            let _ = index.search(&query, &Overlay::default(), deadline());
            began.elapsed().as_micros() as u64
        });
        each.collect()
    };
    std::thread::scope(|scope| {
        let share = searches.len().div_ceil(threads.max(1)).max(1);
        let running: Vec<_> = searches.chunks(share).map(|part| scope.spawn(move || one(part))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Lets the script embed.
struct Asking {
    model: ModelId,
    dimensions: usize,
}

impl Embedder for Asking {
    fn model(&self) -> &ModelId {
        &self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let ask = || -> Anything<Vec<Vec<f32>>> {
            say(&json!({ "embed": texts }))?;
            Ok(serde_json::from_str(&line()?.ok_or("the script ended")?)?)
        };
        ask().map_err(|error| EmbedError(error.to_string()))
    }
}
