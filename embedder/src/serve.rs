//! The server: reads requests, has them computed by fixed threads that each own a model, and writes the answers. It ends
//! when its input does, so it never outlives its worker.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use actix::{Actor, Addr, Handler, Message, SyncArbiter, SyncContext, System};
use anyhow::Context;
use engunity_agent::frame::{self, Decoder};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc as channel},
};

use crate::message::{
    About, FromEmbedder, Kind, MAX_TEXT_BYTES, MAX_TEXTS, Refusal, Request, ToEmbedder, pack,
};

/// Requests that wait or run, per kind. More are refused.
const MAX_WAITING: usize = 64;
/// Answers that wait for a worker that does not read.
const MAX_ANSWERS: usize = 64;
const READ_SIZE: usize = 64 * 1024;

/// A loaded model. It stays on the thread that made it.
pub trait Model {
    /// One vector of unit length per text.
    fn embed(&mut self, texts: &[String]) -> anyhow::Result<Vec<Vec<f32>>>;
}

/// Makes models on the threads that own them.
pub trait Loader: Send + Sync + 'static {
    /// Returns `(about the model, a model for this kind of text)`.
    fn load(&self, kind: Kind) -> anyhow::Result<(About, Box<dyn Model>)>;
    /// How many threads compute documents.
    fn threads(&self) -> usize;
}

/// Serves stdin and stdout until stdin ends. Then the process should exit, whatever its threads still compute.
pub fn run(loader: impl Loader) -> anyhow::Result<()> {
    System::new().block_on(serve(loader, tokio::io::stdin(), tokio::io::stdout()))
}

/// Serves until `input` ends. Needs a running [`System`].
pub async fn serve(
    loader: impl Loader,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + 'static,
) -> anyhow::Result<()> {
    let (answers, outgoing) = channel::channel(MAX_ANSWERS);
    let writer = actix::spawn(write_answers(outgoing, output));
    match Lanes::start(Arc::new(loader)).await {
        Ok((lanes, about)) => {
            answers.send(FromEmbedder::Ready(about)).await?;
            read_requests(&lanes, input, &answers).await
        }
        Err(error) => {
            answers.send(FromEmbedder::Failed(format!("{error:#}"))).await?;
            drop(answers);
            let _ = writer.await;
            Err(error)
        }
    }
}

async fn write_answers(mut outgoing: channel::Receiver<FromEmbedder>, mut output: impl AsyncWrite + Unpin) {
    while let Some(answer) = outgoing.recv().await {
        let Ok(bytes) = frame::encode(&answer) else { continue };
        if output.write_all(&bytes).await.is_err() || output.flush().await.is_err() {
            return;
        }
    }
}

async fn read_requests(
    lanes: &Lanes,
    mut input: impl AsyncRead + Unpin,
    answers: &channel::Sender<FromEmbedder>,
) -> anyhow::Result<()> {
    let (mut decoder, mut buffer) = (Decoder::default(), vec![0; READ_SIZE]);
    loop {
        let count = input.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        decoder.extend(&buffer[..count]);
        while let Some(message) = decoder.take()? {
            match message {
                ToEmbedder::Ping(id) => answers.send(FromEmbedder::Pong(id)).await?,
                ToEmbedder::Embed(request) => lanes.accept(request, answers).await?,
            }
        }
    }
}

/// The threads of both kinds, with the requests that each may hold.
struct Lanes {
    queries: Lane,
    documents: Lane,
}

struct Lane {
    threads: Addr<ModelThread>,
    room: Arc<Semaphore>,
}

impl Lanes {
    /// Returns once every thread has loaded its model.
    async fn start(loader: Arc<impl Loader>) -> anyhow::Result<(Self, About)> {
        let count = loader.threads().max(1);
        let (loaded, results) = mpsc::channel();
        let queries = Lane::start(1, Kind::Query, loader.clone(), loaded.clone());
        let documents = Lane::start(count, Kind::Document, loader, loaded);
        let about = tokio::task::spawn_blocking(move || await_models(&results, count + 1)).await??;
        Ok((Self { queries, documents }, About { threads: count as u32, ..about }))
    }

    async fn accept(&self, request: Request, answers: &channel::Sender<FromEmbedder>) -> anyhow::Result<()> {
        let lane = match request.kind {
            Kind::Query => &self.queries,
            Kind::Document => &self.documents,
        };
        let room = lane.room.clone().try_acquire_owned();
        let (id, refused) = (request.id, |why, detail: &str| (why, detail.to_owned()));
        let refusal = match (complaint(&request), room) {
            (Some(detail), _) => refused(Refusal::Invalid, detail),
            (None, Err(_)) => refused(Refusal::Busy, "too many requests wait"),
            (None, Ok(room)) => {
                actix::spawn(answer(lane.threads.clone(), request, room, answers.clone()));
                return Ok(());
            }
        };
        answers.send(FromEmbedder::Refused { id, why: refusal.0, detail: refusal.1 }).await?;
        Ok(())
    }
}

impl Lane {
    fn start(count: usize, kind: Kind, loader: Arc<impl Loader>, loaded: Loaded) -> Self {
        let name = match kind {
            Kind::Query => "query",
            Kind::Document => "document",
        };
        let builder = || thread::Builder::new().name(name.to_owned());
        let start = move || ModelThread::load(loader.as_ref(), kind, &loaded);
        let threads = SyncArbiter::start_with_thread_builder(count, builder, start);
        Self { threads, room: Arc::new(Semaphore::new(MAX_WAITING)) }
    }
}

type Loaded = mpsc::Sender<anyhow::Result<About>>;

fn await_models(results: &mpsc::Receiver<anyhow::Result<About>>, count: usize) -> anyhow::Result<About> {
    let mut about = None;
    for _ in 0..count {
        about = Some(results.recv().context("a thread ended while it loaded its model")??);
    }
    about.context("no model")
}

fn complaint(request: &Request) -> Option<&'static str> {
    if request.texts.len() > MAX_TEXTS {
        return Some("too many texts");
    }
    request.texts.iter().any(|text| text.len() > MAX_TEXT_BYTES).then_some("a text is too long")
}

/// Waits for a thread and sends its answer.
async fn answer(
    threads: Addr<ModelThread>,
    request: Request,
    _room: OwnedSemaphorePermit,
    answers: channel::Sender<FromEmbedder>,
) {
    let id = request.id;
    let deadline = Instant::now() + Duration::from_millis(request.timeout_ms.into());
    let answer = match threads.send(Job { texts: request.texts, deadline }).await {
        Ok(Ok(data)) => FromEmbedder::Vectors { id, data },
        Ok(Err((why, detail))) => FromEmbedder::Refused { id, why, detail },
        Err(error) => FromEmbedder::Refused { id, why: Refusal::Failed, detail: error.to_string() },
    };
    let _ = answers.send(answer).await;
}

/// The texts of one request on their way to a thread.
struct Job {
    texts: Vec<String>,
    deadline: Instant,
}

impl Message for Job {
    type Result = Result<Vec<u8>, (Refusal, String)>;
}

/// A thread with its model; without one, the program is about to end.
struct ModelThread {
    model: Option<Box<dyn Model>>,
}

impl ModelThread {
    fn load(loader: &impl Loader, kind: Kind, loaded: &Loaded) -> Self {
        let (result, model) = match loader.load(kind) {
            Ok((about, model)) => (Ok(about), Some(model)),
            Err(error) => (Err(error), None),
        };
        let _ = loaded.send(result);
        Self { model }
    }
}

impl Actor for ModelThread {
    type Context = SyncContext<Self>;
}

impl Handler<Job> for ModelThread {
    type Result = <Job as Message>::Result;

    fn handle(&mut self, job: Job, _: &mut Self::Context) -> Self::Result {
        if Instant::now() >= job.deadline {
            return Err((Refusal::Expired, "the time was over before its turn came".into()));
        }
        let model = self.model.as_mut().ok_or((Refusal::Failed, "no model".to_owned()))?;
        // libtorch reports errors as panics; they must not take the thread away.
        let vectors = catch_unwind(AssertUnwindSafe(|| model.embed(&job.texts)));
        match vectors {
            Ok(Ok(vectors)) => Ok(pack(&vectors)),
            Ok(Err(error)) => Err((Refusal::Failed, format!("{error:#}"))),
            Err(_) => Err((Refusal::Failed, "the model panicked".into())),
        }
    }
}
