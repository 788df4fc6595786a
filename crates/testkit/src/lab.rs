//! The whole product, started for one test.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use engunity_artifacts::ObjectStore;
use futures::future::try_join_all;
use tempfile::TempDir;

use crate::{
    Client, Process, Proxy, ServiceConfig,
    broker::{self, User, Vhost},
    bucket, containers,
    database::{self, Database},
    eventually, gc, names,
    process::{Environment, Role},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Time limit for a graceful shutdown, on a machine that runs other tests too.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit for the running workers to remove the containers of a killed one. They spare a container that was created
/// and not started for 20 s, because its worker may be about to start it.
const WORKER_GC_TIMEOUT: Duration = Duration::from_secs(60);

/// Variables of the test's environment that the processes inherit: they locate Docker and temporary files.
const INHERITED: [&str; 7] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "DOCKER_HOST",
    "ENGUNITY__DOCKER__SOCKET",
    "ENGUNITY__RUNTIMES__IMAGE_PREFIX",
    "RUST_BACKTRACE",
];

#[derive(Default)]
pub struct Builder {
    coordinators: usize,
    workers: usize,
    proxy: bool,
    links: bool,
    broker: Option<(String, String)>,
    environment: Environment,
    /// By the name of a process.
    environments: Vec<(String, String, String)>,
}

/// The ways of one process to its services, each of which can fail alone.
pub struct Links {
    pub broker: Proxy,
    /// Of coordinators only.
    pub database: Proxy,
}

impl Builder {
    pub fn coordinators(mut self, count: usize) -> Self {
        self.coordinators = count;
        self
    }

    pub fn workers(mut self, count: usize) -> Self {
        self.workers = count;
        self
    }

    /// Puts a proxy between the processes and the broker.
    pub fn broker_proxy(mut self) -> Self {
        self.proxy = true;
        self
    }

    /// Puts proxies between each process and its services: see [`TestLab::links`].
    pub fn links(mut self) -> Self {
        self.links = true;
        self
    }

    /// Sets a variable for one process, `coordinator-<n>` or `worker-<n>` from 1 on.
    pub fn env_of(mut self, process: &str, name: &str, value: impl ToString) -> Self {
        self.environments.push((process.to_owned(), name.to_owned(), value.to_string()));
        self
    }

    /// Uses a broker other than the environment's, by its AMQP and management URLs.
    pub fn broker(mut self, url: &str, management_url: &str) -> Self {
        self.broker = Some((url.to_owned(), management_url.to_owned()));
        self
    }

    /// Sets a variable for all processes.
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.environment.insert(name.to_owned(), value.to_string());
        self
    }

    pub async fn start(self) -> Result<TestLab> {
        let mut services = ServiceConfig::from_env()?;
        gc::run_once(&services).await?;
        if let Some((url, management_url)) = &self.broker {
            (services.broker_url, services.management_url) = (url.clone(), management_url.clone());
        }
        let mut lab = TestLab::create(services, self.proxy).await?;
        if self.links {
            lab.link(&self).await?;
        }
        lab.add_processes(&self).await?;
        try_join_all(lab.coordinators.iter().chain(&lab.workers).map(Process::start)).await?;
        Ok(lab)
    }
}

/// Processes with a private database, vhost and bucket.
pub struct TestLab {
    pub name: String,
    pub services: ServiceConfig,
    pub database: Database,
    pub vhost: Vhost,
    pub objects: ObjectStore,
    pub proxy: Option<Proxy>,
    /// By the name of the process, where the builder asked for them.
    pub links: BTreeMap<String, Links>,
    pub coordinators: Vec<Process>,
    pub workers: Vec<Process>,
    dir: TempDir,
    finished: bool,
}

impl TestLab {
    /// Defaults: one coordinator and one worker.
    pub fn builder() -> Builder {
        Builder { coordinators: 1, workers: 1, ..Builder::default() }
    }

    pub async fn start() -> Result<Self> {
        Self::builder().start().await
    }

    async fn create(services: ServiceConfig, proxied: bool) -> Result<Self> {
        let name = names::new_name();
        let (database, vhost, objects) = tokio::try_join!(
            Database::create(&services, &name),
            Vhost::create_named(&services, &name),
            bucket::create(&services, &name),
        )?;
        let proxy = if proxied { Some(Proxy::start(vhost.address()).await?) } else { None };
        let dir = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir()?;
        let (coordinators, workers) = (Vec::new(), Vec::new());
        Ok(Self {
            name,
            services,
            database,
            vhost,
            objects,
            proxy,
            links: BTreeMap::new(),
            coordinators,
            workers,
            dir,
            finished: false,
        })
    }

    async fn link(&mut self, plan: &Builder) -> Result<()> {
        let coordinators = (1..=plan.coordinators).map(|n| format!("coordinator-{n}"));
        for name in coordinators.chain((1..=plan.workers).map(|n| format!("worker-{n}"))) {
            let broker = Proxy::start(self.vhost.address()).await?;
            let database = Proxy::start(database::address(&self.services)).await?;
            self.links.insert(name, Links { broker, database });
        }
        Ok(())
    }

    /// What is said of this process alone.
    fn own_environment(&self, plan: &Builder, name: &str) -> Environment {
        let own = plan.environments.iter().filter(|(process, ..)| process == name);
        own.map(|(_, variable, value)| (variable.clone(), value.clone())).collect()
    }

    async fn add_processes(&mut self, plan: &Builder) -> Result<()> {
        let coordinators = (1..=plan.coordinators).map(|n| {
            let name = format!("coordinator-{n}");
            Process::new(Role::Coordinator, &name, self.coordinator_environment(plan, &name), self.dir.path())
        });
        self.coordinators = coordinators.collect();
        for n in 1..=plan.workers {
            let name = format!("worker-{n}");
            let user = self.vhost.create_worker_user(&self.configured_name(&name)).await?;
            let environment = self.worker_environment(plan, &name, &user);
            self.workers.push(Process::new(Role::Worker, &name, environment, self.dir.path()));
        }
        Ok(())
    }

    fn coordinator_environment(&self, plan: &Builder, name: &str) -> Environment {
        let mut environment = self.shared_environment();
        let mut database = self.database.url();
        if let Some(links) = self.links.get(name) {
            database = self.database.url_through(&links.database);
            environment.insert("ENGUNITY__BROKER__URL".into(), self.vhost.url_through(&links.broker));
        }
        let own = [
            ("ENGUNITY__POSTGRES__URL", database),
            ("ENGUNITY__HTTP__LISTEN", "127.0.0.1:0".into()),
            ("ENGUNITY__AUTH__SECRET", format!("a secret for tests only {}", self.name)),
            ("ENGUNITY__RATE_LIMIT__PER_MINUTE", "0".into()),
            ("ENGUNITY__RATE_LIMIT__ADDRESS_PER_MINUTE", "0".into()),
            ("ENGUNITY__LOAD_TESTS__ENABLED", "true".into()),
            // Tests count jobs; those of search turn it on.
            ("ENGUNITY__INDEX__AUTOMATIC", "false".into()),
            ("ENGUNITY__COORDINATOR__DRAIN_SECONDS", "3".into()),
            ("ENGUNITY__COORDINATOR__SHUTDOWN_GRACE_SECONDS", "0".into()),
        ];
        environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        environment.extend(plan.environment.clone());
        environment.extend(self.own_environment(plan, name));
        environment
    }

    /// Names of workers are unique among all labs, because the broker's users are shared by all vhosts.
    fn configured_name(&self, worker: &str) -> String {
        format!("{}-{worker}", self.name)
    }

    fn worker_environment(&self, plan: &Builder, name: &str, user: &User) -> Environment {
        let mut environment = self.shared_environment();
        let proxy = self.links.get(name).map(|links| &links.broker).or(self.proxy.as_ref());
        let own = [
            ("ENGUNITY__BROKER__URL", self.vhost.url_of(user, proxy)),
            ("ENGUNITY__WORKER__NAME", self.configured_name(name)),
            ("ENGUNITY__WORKER__SLOTS", "2".into()),
            ("ENGUNITY__WORKER__NOOP_SLOTS", "16".into()),
            ("ENGUNITY__WORKER__DRAIN_SECONDS", "3".into()),
            ("ENGUNITY__WORKER__SCRATCH_DIR", self.dir.path().join(name).display().to_string()),
        ];
        environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
        environment.extend(plan.environment.clone());
        environment.extend(self.own_environment(plan, name));
        environment
    }

    fn shared_environment(&self) -> Environment {
        let inherited =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let mut environment: Environment = inherited.collect();
        let broker =
            self.proxy.as_ref().map_or_else(|| self.vhost.url(), |proxy| self.vhost.url_through(proxy));
        let shared = [
            (names::LAB_VARIABLE, self.name.clone()),
            ("ENGUNITY__BROKER__URL", broker),
            ("ENGUNITY__S3__ENDPOINT", self.services.s3.endpoint.clone()),
            ("ENGUNITY__S3__REGION", self.services.s3.region.clone()),
            ("ENGUNITY__S3__BUCKET", self.name.clone()),
            ("ENGUNITY__S3__ACCESS_KEY", self.services.s3.access_key.clone()),
            ("ENGUNITY__S3__SECRET_KEY", self.services.s3.secret_key.clone()),
            ("ENGUNITY__RUNTIMES__DIR", Path::new(ROOT).join("languages").display().to_string()),
            ("ENGUNITY__LOG__FILTER", std::env::var("RUST_LOG").unwrap_or_else(|_| "info,lapin=off".into())),
        ];
        environment.extend(shared.map(|(name, value)| (name.to_owned(), value)));
        environment
    }

    /// Removes what a worker, which does not run, has on its disk.
    pub fn forget_scratch(&self, worker: usize) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.dir.path().join(&self.workers[worker].name))?)
    }

    /// A client of the first coordinator, without a token.
    pub fn client(&self) -> Client {
        self.client_of(0)
    }

    pub fn client_of(&self, coordinator: usize) -> Client {
        Client::new(&self.coordinators[coordinator].url())
    }

    /// A client of a new user.
    pub async fn user(&self, name: &str) -> Result<Client> {
        self.client().register(&format!("{name}-{:08x}@example.org", rand::random::<u32>())).await
    }

    /// Ids of the containers of this lab's workers.
    pub fn containers(&self) -> Result<Vec<String>> {
        containers::of(&self.name)
    }

    /// Stops everything and checks that nothing is left.
    pub async fn finish(mut self) -> Result<()> {
        self.wait_for_worker_gc().await?;
        self.end_processes().await?;
        let left = eventually("no container is left", STOP_TIMEOUT, || async {
            Ok(self.containers()?.is_empty().then_some(()))
        });
        left.await.with_context(|| format!("containers {:?}", self.containers()))?;
        self.remove_services().await?;
        let processes = names::processes_of(&self.name);
        ensure!(processes.is_empty(), "processes are left: {processes:?}");
        ensure!(!self.vhost.exists().await?, "the vhost is left");
        ensure!(!database::names(&self.services).await?.contains(&self.name), "the database is left");
        self.finished = true;
        Ok(())
    }

    /// Running workers remove the containers of killed ones; this waits for that.
    async fn wait_for_worker_gc(&self) -> Result<()> {
        let alive: Vec<_> =
            self.workers.iter().filter(|worker| worker.is_running()).map(Process::identity).collect();
        if alive.is_empty() {
            return Ok(());
        }
        let abandoned = || containers::abandoned(&self.name, &alive);
        eventually("the running workers removed the containers of killed ones", WORKER_GC_TIMEOUT, || async {
            Ok(abandoned()?.is_empty().then_some(()))
        })
        .await
        .with_context(|| format!("containers {:?}", abandoned()))
    }

    /// Stops workers first, because they hand jobs back through the coordinators.
    async fn end_processes(&self) -> Result<()> {
        for group in [&self.workers, &self.coordinators] {
            let running: Vec<_> = group.iter().filter(|process| process.is_running()).collect();
            running.iter().try_for_each(|process| process.cont().and_then(|()| process.terminate()))?;
            for process in running {
                let code = process.ended(STOP_TIMEOUT).await?;
                ensure!(code == Some(0), "{} ended with {code:?}", process.name);
            }
        }
        Ok(())
    }

    async fn remove_services(&self) -> Result<()> {
        tokio::try_join!(
            database::drop_database(&self.services, &self.name),
            self.vhost.delete(),
            broker::remove_worker_users(&self.services, |worker| worker.starts_with(&self.name)),
            bucket::remove(&self.services, &self.name),
        )?;
        Ok(())
    }

    fn show_logs(&self) {
        for process in self.coordinators.iter().chain(&self.workers) {
            eprintln!("{}", process.last_lines(80));
        }
    }
}

/// Cleans up after a failed test; a passed test has called `finish`.
impl Drop for TestLab {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.show_logs();
        for process in self.coordinators.iter().chain(&self.workers) {
            let _ = process.kill9();
        }
        let _ = self.containers().and_then(|left| containers::remove(&left));
        // On another thread: this one may drive the test's runtime.
        let removal = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()?
                        .block_on(self.remove_services())
                })
                .join()
        });
        if !matches!(removal, Ok(Ok(()))) {
            eprintln!("could not remove all of {}: {removal:?}", self.name);
        }
    }
}
