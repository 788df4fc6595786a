//! Natural batching: while one statement is under way, what arrives meanwhile waits and goes together into the
//! next. A lone item is not delayed; under load one commit carries hundreds. Knows nothing of what it batches.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use engunity_store::StoreError;
use futures::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::throttle::Throttle;

/// Items that may wait; beyond this, callers wait.
const QUEUE: usize = 4096;

struct Entry<I, O> {
    item: I,
    answer: oneshot::Sender<Result<O, StoreError>>,
}

/// A cheap handle: clone it freely. The batching ends when the last one is dropped.
pub struct Batcher<I, O> {
    queue: mpsc::Sender<Entry<I, O>>,
}

impl<I, O> Clone for Batcher<I, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<I: Clone + Send + Sync + 'static, O: Send + 'static> Batcher<I, O> {
    /// Starts `concurrency` tasks that each run one batch of at most `max_batch` items at a time; under load, batches begin
    /// at least `min_interval` apart. `run` answers its items in their order.
    pub fn start<F, Fut>(concurrency: usize, max_batch: usize, min_interval: Duration, run: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<O>, StoreError>> + Send + 'static,
    {
        let (queue, entries) = mpsc::channel(QUEUE);
        let waiting = Waiting { entries, max_batch, throttle: Throttle::new(min_interval) };
        let (waiting, run) = (Arc::new(Mutex::new(waiting)), Arc::new(run));
        for _ in 0..concurrency {
            tokio::spawn(work(waiting.clone(), run.clone()));
        }
        Self { queue }
    }

    /// Adds an item and waits for its answer.
    pub async fn submit(&self, item: I) -> Result<O, StoreError> {
        let (answer, answered) = oneshot::channel();
        let ended = || StoreError::unavailable("its batch was given up, or the coordinator is shutting down");
        self.queue.send(Entry { item, answer }).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// Items that wait for a task.
struct Waiting<I, O> {
    entries: mpsc::Receiver<Entry<I, O>>,
    max_batch: usize,
    throttle: Throttle,
}

impl<I, O> Waiting<I, O> {
    /// The next batch; empty when there will be none.
    async fn next(&mut self) -> Vec<Entry<I, O>> {
        let mut batch = Vec::new();
        if self.entries.recv_many(&mut batch, self.max_batch).await > 0 {
            self.throttle.wait().await;
            while batch.len() < self.max_batch
                && let Ok(entry) = self.entries.try_recv()
            {
                batch.push(entry);
            }
        }
        batch
    }
}

async fn work<I, O, F, Fut>(waiting: Arc<Mutex<Waiting<I, O>>>, run: Arc<F>)
where
    I: Clone,
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Result<Vec<O>, StoreError>>,
{
    loop {
        let batch = waiting.lock().await.next().await;
        if batch.is_empty() {
            return;
        }
        let (items, answers): (Vec<I>, Vec<_>) =
            batch.into_iter().map(|entry| (entry.item, entry.answer)).unzip();
        // A panic must not end the lane: nobody would start it again. Its callers get an error.
        let Ok(outcomes) = AssertUnwindSafe(run_batch(items, &*run)).catch_unwind().await else {
            tracing::error!(items = answers.len(), "a batch panicked");
            continue;
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // The caller may have gone; the work is done all the same.
            let _ = answer.send(outcome);
        }
    }
}

/// One outcome for each item. When the database refuses a batch, its items run one by one, so that only the bad one fails.
async fn run_batch<I, O, F, Fut>(items: Vec<I>, run: &F) -> Vec<Result<O, StoreError>>
where
    I: Clone,
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Result<Vec<O>, StoreError>>,
{
    let count = items.len();
    match run(items.clone()).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(StoreError::Unavailable(cause)) => {
            (0..count).map(|_| Err(StoreError::Unavailable(cause.clone()))).collect()
        }
        Err(error) if count == 1 => vec![Err(error)],
        Err(error) => {
            tracing::warn!(%error, count, "a batch failed; its items are tried one by one");
            let mut outcomes = Vec::with_capacity(count);
            for item in items {
                outcomes.push(
                    run(vec![item])
                        .await
                        .and_then(|mut one| one.pop().ok_or(StoreError::corrupt("no answer"))),
                );
            }
            outcomes
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_arrives_meanwhile_goes_together() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let batcher = Batcher::start(1, 100, Duration::ZERO, move |items: Vec<u32>| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(items.into_iter().map(|n| n * 2).collect())
            }
        });
        let answers = futures::future::join_all((0..50).map(|n| batcher.submit(n))).await;
        let doubled: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(doubled, (0..50).map(|n| n * 2).collect::<Vec<_>>());
        assert!(runs.load(Ordering::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn a_panic_ends_its_batch_and_no_lane() {
        let batcher = Batcher::start(1, 1, Duration::ZERO, |items: Vec<u32>| async move {
            assert!(items[0] != 3, "three");
            Ok(items)
        });
        assert!(batcher.submit(3).await.is_err());
        assert_eq!(batcher.submit(4).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_bad_item_fails_alone() {
        let batcher = Batcher::start(1, 100, Duration::ZERO, |items: Vec<u32>| async move {
            if items.contains(&3) { Err(StoreError::corrupt("three")) } else { Ok(items) }
        });
        let answers = futures::future::join_all((0..5).map(|n| batcher.submit(n))).await;
        let failed: Vec<usize> =
            answers.iter().enumerate().filter(|(_, a)| a.is_err()).map(|(n, _)| n).collect();
        assert_eq!(failed, [3]);
    }
}
