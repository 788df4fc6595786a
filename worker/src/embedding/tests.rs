//! The embedder's life as the worker sees it, with the twin of testkit in the place of the real program.

use std::{fs, path::Path, sync::Arc, time::Duration};

use engunity_embedder::message::{Kind, MAX_TEXT_BYTES, MAX_TEXTS};
use engunity_hybrid_index::Embedder as _;
use engunity_testkit::process::binary;
use futures::future::join_all;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};

use super::*;

const LONG: Duration = Duration::from_secs(30);

/// A model's folder and an embedder for it.
struct Lab {
    embedding: Arc<Embedding>,
    dir: TempDir,
}

impl Lab {
    /// With the twin in place.
    async fn ready() -> Self {
        let lab = Self::start(|settings| settings.frozen = Duration::from_secs(2));
        lab.install();
        lab.pid().await;
        lab
    }

    /// Without a program.
    fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (program, model) = (dir.path().join("embedder"), dir.path().to_owned());
        let mut settings =
            Settings { program, model, look_interval: Duration::from_millis(50), ..Settings::default() };
        change(&mut settings);
        Self { embedding: Arc::new(Embedding::start(settings)), dir }
    }

    fn install(&self) {
        let new = self.dir.path().join("new");
        fs::copy(binary("embedder-twin").expect("the twin"), &new).expect("a copy");
        fs::rename(new, self.dir.path().join("embedder")).expect("the program");
    }

    async fn until(&self, what: &str, mut wanted: impl FnMut(&State) -> bool) -> State {
        let mut states = self.embedding.watch();
        let reached = timeout(LONG, states.wait_for(|state| wanted(state))).await;
        let last = self.embedding.state();
        reached.unwrap_or_else(|_| panic!("{what}, but {last:?}")).expect("a state").clone()
    }

    /// Of the running embedder, once there is one.
    async fn pid(&self) -> u32 {
        self.another_pid(0).await
    }

    async fn another_pid(&self, former: u32) -> u32 {
        let other = |state: &State| matches!(state, State::Ready(running) if running.pid != former);
        match self.until("ready", other).await {
            State::Ready(running) => running.pid,
            state => panic!("{state:?}"),
        }
    }

    async fn signal(&self, signal: Signal) -> u32 {
        let pid = self.pid().await;
        kill(Pid::from_raw(pid as i32), signal).expect("a signal");
        pid
    }

    async fn one(&self, kind: Kind, text: &str, limit: Duration) -> Result<Vec<f32>, EmbedError> {
        self.embedding.embed(kind, &[text], limit).await.map(|mut vectors| vectors.remove(0))
    }
}

#[tokio::test]
async fn many_texts_come_back_in_order_and_as_if_alone() {
    let lab = Lab::ready().await;
    let texts: Vec<_> =
        (0..3 * MAX_TEXTS + 7).map(|n| format!("text {n} {}", "word ".repeat(n * 37 % 50))).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let vectors = lab.embedding.embed(Kind::Document, &texts, LONG).await.expect("vectors");
    assert_eq!(vectors.len(), texts.len());
    for at in [0, 1, MAX_TEXTS, texts.len() - 1] {
        assert_eq!(lab.one(Kind::Query, texts[at], LONG).await.expect("a vector"), vectors[at], "{at}");
    }
    assert!(lab.embedding.embed(Kind::Document, &[], LONG).await.expect("none").is_empty());
}

#[tokio::test]
async fn empty_odd_and_enormous_texts_have_a_vector() {
    let lab = Lab::ready().await;
    let enormous = "ü".repeat(MAX_TEXT_BYTES * 100);
    for text in ["", " \n\t", "\0", "👩‍👩‍👧‍👦", &enormous] {
        let vector = lab.one(Kind::Document, text, LONG).await.expect("a vector");
        assert!(vector.iter().all(|value| value.is_finite()), "{:?}", cut_for_message(text));
    }
}

fn cut_for_message(text: &str) -> &str {
    message::cut(text, 20)
}

#[tokio::test]
async fn a_killed_embedder_fails_its_requests_at_once_and_starts_again() {
    let lab = Lab::ready().await;
    let asked = async { lab.one(Kind::Document, "twin: sleep 20000", LONG).await };
    let killed = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lab.signal(Signal::SIGKILL).await
    };
    let (began, (answer, former)) = (Instant::now(), tokio::join!(asked, killed));
    assert_eq!(answer, Err(EmbedError::Unavailable("it died".into())));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    lab.another_pid(former).await;
    lab.one(Kind::Query, "a word", LONG).await.expect("a vector");
}

#[tokio::test]
async fn a_request_that_takes_the_process_along_does_not_take_the_next() {
    let lab = Lab::ready().await;
    let former = lab.pid().await;
    let answer = lab.one(Kind::Document, "twin: abort", LONG).await;
    assert!(matches!(answer, Err(EmbedError::Unavailable(_))), "{answer:?}");
    lab.another_pid(former).await;
    lab.one(Kind::Document, "a word", LONG).await.expect("a vector");
}

#[tokio::test]
async fn a_frozen_embedder_costs_no_more_than_the_deadline_and_is_replaced() {
    let lab = Lab::ready().await;
    let former = lab.signal(Signal::SIGSTOP).await;
    let began = Instant::now();
    let answer = lab.one(Kind::Query, "a word", Duration::from_millis(400)).await;
    assert_eq!(answer, Err(EmbedError::Late));
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    lab.another_pid(former).await;
    lab.one(Kind::Query, "a word", LONG).await.expect("a vector");
}

#[tokio::test]
async fn a_short_pause_is_survived() {
    let lab = Lab::ready().await;
    let former = lab.signal(Signal::SIGSTOP).await;
    let asked = lab.one(Kind::Query, "a word", LONG);
    let resumed = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        lab.signal(Signal::SIGCONT).await
    };
    let (answer, pid) = tokio::join!(asked, resumed);
    answer.expect("a vector");
    assert_eq!(pid, former);
}

#[tokio::test]
async fn a_query_never_waits_behind_documents() {
    let lab = Lab::ready().await;
    let busy = join_all((0..8).map(|_| lab.one(Kind::Document, "twin: sleep 3000", LONG)));
    let asked = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let began = Instant::now();
        lab.one(Kind::Query, "a word", LONG).await.expect("a vector");
        began.elapsed()
    };
    tokio::select! {
        _ = busy => panic!("the documents were ready before the query"),
        took = asked => assert!(took < Duration::from_secs(2), "{took:?}"),
    }
}

#[tokio::test]
async fn requests_beyond_the_bound_wait_no_longer_than_their_deadline() {
    let lab = Lab::ready().await;
    let limit = Duration::from_millis(700);
    let answers = join_all((0..200).map(|_| lab.one(Kind::Document, "twin: sleep 2000", limit))).await;
    assert!(answers.iter().all(|answer| *answer == Err(EmbedError::Late)), "{answers:?}");
    lab.one(Kind::Query, "a word", LONG).await.expect("a vector");
}

#[tokio::test]
async fn a_failing_model_refuses_one_request_and_goes_on() {
    let lab = Lab::ready().await;
    let pid = lab.pid().await;
    for order in ["twin: fail", "twin: panic"] {
        let answer = lab.one(Kind::Document, order, LONG).await;
        assert!(matches!(&answer, Err(EmbedError::Refused(_))), "{order}: {answer:?}");
    }
    lab.one(Kind::Document, "a word", LONG).await.expect("a vector");
    assert_eq!(lab.pid().await, pid);
}

#[tokio::test]
async fn a_worker_without_the_program_says_so_and_finds_it_later() {
    let lab = Lab::start(|_| {});
    let missing = lab.until("missing", |state| matches!(state, State::Missing(_))).await;
    assert!(missing.to_string().contains("embedder is missing"), "{missing}");
    let answer = lab.one(Kind::Query, "a word", LONG).await;
    assert_eq!(answer, Err(EmbedError::Unavailable(missing.to_string())));
    assert!(lab.embedding.documents().is_none());
    lab.install();
    lab.pid().await;
    lab.one(Kind::Query, "a word", LONG).await.expect("a vector");
}

#[tokio::test]
async fn a_worker_without_a_model_is_off() {
    let lab = Lab::start(|settings| settings.model = Path::new("").to_owned());
    let answer = lab.one(Kind::Query, "a word", LONG).await;
    assert_eq!(answer, Err(EmbedError::Unavailable("none is configured".into())));
}

#[tokio::test]
async fn another_program_takes_the_place_of_the_former() {
    let lab = Lab::ready().await;
    let former = lab.pid().await;
    lab.install();
    lab.another_pid(former).await;
}

#[tokio::test]
async fn why_a_model_does_not_load_is_told_and_it_is_tried_again() {
    let lab = Lab::start(|_| {});
    fs::write(lab.dir.path().join("broken"), "").expect("a file");
    lab.install();
    let failed = lab.until("failed", |state| matches!(state, State::Failed(_))).await;
    assert_eq!(failed.to_string(), "the weights are broken");
    fs::remove_file(lab.dir.path().join("broken")).expect("a file");
    lab.pid().await;
}

#[tokio::test]
async fn the_index_gets_vectors_from_its_own_thread() {
    let lab = Lab::ready().await;
    let (documents, queries) =
        (lab.embedding.documents().expect("ready"), lab.embedding.queries().expect("ready"));
    assert_eq!((documents.model().name.as_str(), documents.dimensions()), ("hashing-twin", 256));
    let vectors = tokio::task::spawn_blocking(move || {
        (documents.embed(&["open a file", "paint it black"]), queries.embed(&["open the file"]))
    });
    let (documents, query) = vectors.await.expect("no panic");
    let (documents, query) = (documents.expect("vectors"), query.expect("a vector"));
    let dot = |vector: &[f32]| vector.iter().zip(&query[0]).map(|(a, b)| a * b).sum::<f32>();
    assert!(dot(&documents[0]) > dot(&documents[1]));
}

#[test]
fn texts_are_dealt_to_all_threads_by_length() {
    let long = "x".repeat(5000);
    let mut texts = vec!["short"; 64];
    texts.extend([long.as_str(); 4]);
    let parts = deal(&texts, 2);
    assert!(parts.iter().all(|part| part.len() <= MAX_TEXTS));
    let mut all: Vec<_> = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..texts.len()).collect::<Vec<_>>());
    assert_eq!(deal(&["a", "b"], 2).len(), 2);
    assert!(deal(&[], 2).is_empty());
}
