//! The coordinator's background services and their supervision.
//!
//! # Supervision
//!
//! ```text
//! Root
//! ├── SessionSupervisor             (session::supervisor)
//! │   └── SessionActor …            one for each open project
//! ├── dispatch.<pool>               release jobs to the broker, a task for each pool (jobs::dispatcher)
//! ├── claims                        answers workers' claims              (jobs::claims)
//! ├── database                      renews this coordinator's lease      (database_watch)
//! ├── heartbeats, beacons, pings    track workers, renew leases          (jobs::worker_registry)
//! ├── events                        records events of workers            (jobs::event_router)
//! ├── notifications.send, .receive  notify other coordinators            (notify::notifier)
//! ├── notifications.jobs            notifies sessions of changed jobs    (session::notifications)
//! ├── relay                         carries sessions' messages between coordinators (session::relay)
//! ├── metrics                       aggregates histograms                (telemetry)
//! └── redispatch, reaper, deletions, overdue, sessions, index-builds, gc-attempts, gc-storage, gc-indexes, retention
//!                                   (maintenance::clocks)
//! ```
//!
//! A service is an endless task. One that ends or panics is started again by [`Root`]: at once at first, after a
//! pause when it fails again and again, and never given up: a coordinator without one of them would accept jobs and not
//! run them. A session actor that fails is not restarted: its sockets notice, and the next one to attach starts it anew.
//!
//! Each piece of work is woken by its signal and by a clock, and is idempotent: doing it twice, or on two coordinators
//! at once, is harmless.

use std::{
    collections::HashMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};

use crate::session::{self, Sessions};

/// Failures within [`BUDGET_PERIOD`] after which a service restarts at once.
const RESTART_BUDGET: usize = 5;
const BUDGET_PERIOD: Duration = Duration::from_secs(60);
const PAUSE_BEYOND_BUDGET: Duration = Duration::from_secs(5);
/// Deadline for all services to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A named endless task; `start` makes a new one each time.
#[derive(Clone)]
pub struct Service {
    name: Arc<str>,
    start: Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

impl Service {
    pub fn new<F, Fut>(name: impl Into<Arc<str>>, start: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self { name: name.into(), start: Arc::new(move || start().boxed()) }
    }
}

/// The actor around one run of a service: it ends when the run does, and ends the run when it is stopped.
struct Runner;

struct Ended;

impl Actor for Runner {
    type Msg = Ended;
    type State = tokio::task::AbortHandle;
    type Arguments = Service;

    async fn pre_start(
        &self,
        myself: ActorRef<Ended>,
        service: Service,
    ) -> Result<Self::State, ActorProcessingErr> {
        let run = tokio::spawn(async move {
            if AssertUnwindSafe((service.start)()).catch_unwind().await.is_err() {
                tracing::error!(service = &*service.name, "a service panicked");
            }
            let _ = myself.cast(Ended);
        });
        Ok(run.abort_handle())
    }

    async fn handle(
        &self,
        _: ActorRef<Ended>,
        _: Ended,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        Err("the service ended".into())
    }

    async fn post_stop(&self, _: ActorRef<Ended>, run: &mut Self::State) -> Result<(), ActorProcessingErr> {
        run.abort();
        Ok(())
    }
}

/// All that runs in the background; ends with [`Background::stop`].
pub struct Background {
    root: ActorRef<RootMessage>,
    ended: tokio::task::JoinHandle<()>,
}

impl Background {
    pub async fn start(services: Vec<Service>, sessions: Arc<Sessions>) -> anyhow::Result<Self> {
        let (root, ended) = Actor::spawn(None, Root, (services, Some(sessions))).await?;
        Ok(Self { root, ended })
    }

    pub async fn stop(self) {
        self.root.stop(None);
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.ended).await;
    }
}

/// Supervises all services and the supervisor of sessions.
struct Root;

enum RootMessage {
    Start(Service),
    StartSessions,
}

#[derive(Default)]
struct RootState {
    running: HashMap<ActorId, Service>,
    sessions: Option<Arc<Sessions>>,
    session_supervisor: Option<ActorId>,
    failures: HashMap<Arc<str>, Vec<Instant>>,
}

impl RootState {
    /// How long to wait before starting `name` again.
    fn pause(&mut self, name: &Arc<str>, now: Instant) -> Duration {
        let failures = self.failures.entry(name.clone()).or_default();
        failures.retain(|failed| now.duration_since(*failed) < BUDGET_PERIOD);
        failures.push(now);
        if failures.len() > RESTART_BUDGET { PAUSE_BEYOND_BUDGET } else { Duration::ZERO }
    }
}

impl Actor for Root {
    type Msg = RootMessage;
    type State = RootState;
    type Arguments = (Vec<Service>, Option<Arc<Sessions>>);

    async fn pre_start(
        &self,
        myself: ActorRef<RootMessage>,
        (services, sessions): Self::Arguments,
    ) -> Result<RootState, ActorProcessingErr> {
        myself.cast(RootMessage::StartSessions)?;
        for service in services {
            myself.cast(RootMessage::Start(service))?;
        }
        Ok(RootState { sessions, ..RootState::default() })
    }

    async fn handle(
        &self,
        myself: ActorRef<RootMessage>,
        message: RootMessage,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            RootMessage::Start(service) => {
                let (runner, _) =
                    Actor::spawn_linked(None, Runner, service.clone(), myself.get_cell()).await?;
                state.running.insert(runner.get_id(), service);
            }
            RootMessage::StartSessions => {
                if let Some(sessions) = &state.sessions {
                    state.session_supervisor =
                        Some(session::supervisor::start(sessions, myself.get_cell()).await?);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<RootMessage>,
        event: SupervisionEvent,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let (SupervisionEvent::ActorFailed(who, _) | SupervisionEvent::ActorTerminated(who, ..)) = event
        else {
            return Ok(());
        };
        let (name, restart) = match state.running.remove(&who.get_id()) {
            Some(service) => (service.name.clone(), RootMessage::Start(service)),
            None if state.session_supervisor == Some(who.get_id()) => {
                ("sessions".into(), RootMessage::StartSessions)
            }
            None => return Ok(()),
        };
        let pause = state.pause(&name, Instant::now());
        tracing::warn!(
            service = &*name,
            pause_ms = pause.as_millis() as u64,
            "a service ended and is started again"
        );
        myself.send_after(pause, move || restart);
        Ok(())
    }
}

/// Runs `work` every `period`, forever; a failure is logged and retried at the next period.
pub async fn every<F, Fut, E>(period: Duration, what: &'static str, work: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut clock = tokio::time::interval(period);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Err(error) = work().await {
            tracing::warn!(%error, "could not {what}; trying again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_service_that_panics_is_started_again() {
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = starts.clone();
        let service = Service::new("test", move || {
            let start = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(start >= 2, "fails twice");
                std::future::pending().await
            }
        });
        let (root, handle) = Actor::spawn(None, Root, (vec![service], None)).await.unwrap();
        let third = async {
            while starts.load(Ordering::SeqCst) < 3 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), third).await.expect("it was not started a third time");
        root.stop(None);
        handle.await.unwrap();
    }

    #[test]
    fn restarts_beyond_the_budget_wait() {
        let (mut state, now) = (RootState::default(), Instant::now());
        assert!((0..RESTART_BUDGET).all(|_| state.pause(&"a".into(), now) == Duration::ZERO));
        assert_eq!(state.pause(&"a".into(), now), PAUSE_BEYOND_BUDGET);
        assert_eq!(state.pause(&"b".into(), now), Duration::ZERO);
        assert_eq!(state.pause(&"a".into(), now + BUDGET_PERIOD), Duration::ZERO);
    }
}
