//! Runs one program in a real sandbox and returns its output, verdict and artifacts. Checks that no container is left.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use engunity_agent::message::{Collect, Exit, Start, Stream};
use engunity_languages::Catalog;
use engunity_protocol::{
    JobId, ProjectId, WorkerId,
    job::RunRequest,
    spec::{self, Limits},
    verdict::{Reason, Verdict},
};
use engunity_testkit::snapshot;
use engunity_worker::{
    sandbox::{AgentConnection, Event, Sandbox, SandboxError, SandboxSpec, docker::DockerSandbox},
    verdict::verdict,
};

const MIB: u64 = 1024 * 1024;

pub struct Lab {
    pub sandbox: Arc<DockerSandbox>,
    pub catalog: Catalog,
    prefix: String,
}

/// The program to run.
pub struct Program {
    pub runtime: &'static str,
    pub command: spec::Command,
    pub files: Vec<(String, String)>,
    pub env: BTreeMap<String, String>,
    pub stdin: Option<String>,
    pub limits: Limits,
    pub artifacts: Vec<String>,
}

/// The result of a program.
#[derive(Debug)]
pub struct Ended {
    pub exit: Exit,
    pub verdict: Verdict,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub artifacts: Vec<(String, Vec<u8>)>,
    pub skipped: Vec<String>,
}

impl Ended {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    #[track_caller]
    pub fn assert(&self, reason: Reason) -> &Self {
        let errors = String::from_utf8_lossy(&self.stderr);
        assert_eq!(self.verdict.reason, reason, "{:?}\n{}{errors}", self.verdict, self.text());
        self
    }
}

/// A program that only needs a shell.
pub fn shell(line: &str) -> Program {
    program("bash", line)
}

pub fn python(code: &str) -> Program {
    let files = vec![("main.py".to_owned(), code.to_owned())];
    Program { files, ..program("python", "exec python3 main.py") }
}

fn program(runtime: &'static str, line: &str) -> Program {
    let limits = Limits { wall_s: 20.0, cpu: 2.0, memory_mb: 128, output_kb: 256, pids: 32, disk_mb: 16 };
    Program {
        runtime,
        command: spec::Command::Shell(line.into()),
        files: Vec::new(),
        env: BTreeMap::new(),
        stdin: None,
        limits,
        artifacts: Vec::new(),
    }
}

impl Lab {
    pub async fn new() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../languages");
        Self {
            sandbox: DockerSandbox::connect(&setting("ENGUNITY__DOCKER__SOCKET")).await.unwrap(),
            catalog: Catalog::load(dir).unwrap(),
            prefix: setting("ENGUNITY__RUNTIMES__IMAGE_PREFIX"),
        }
    }

    pub fn spec(&self, program: &Program) -> SandboxSpec {
        SandboxSpec {
            image: self.catalog.by_name(program.runtime).unwrap().image(&self.prefix),
            limits: program.limits,
            job_id: JobId::new(),
            attempt: 1,
            project_id: ProjectId::new(),
            worker_id: WorkerId("sandbox-tests".into()),
        }
    }

    pub async fn open(&self, program: &Program) -> (AgentConnection, JobId) {
        let spec = self.spec(program);
        let mut agent = self.sandbox.open(&spec).await.unwrap();
        if !program.files.is_empty() {
            agent.unpack(&mut &*snapshot::project(&program.files)).await.unwrap();
        }
        (agent, spec.job_id)
    }

    /// The start message that a coordinator and the execute job would build.
    pub fn start(&self, program: &Program) -> Start {
        let request = RunRequest {
            command: Some(program.command.clone()),
            runtime: Some(program.runtime.into()),
            env: program.env.clone(),
            ..RunRequest::default()
        };
        Start {
            argv: program.command.argv(),
            env: self.catalog.resolve(&request, None).unwrap().env,
            wall_ms: (program.limits.wall_s * 1000.0) as u64,
            output_bytes: program.limits.output_kb * 1024,
            open_files: 1024,
            file_bytes: u64::MAX,
            scratch: ["/workspace", "/tmp", "/dev/shm"].map(str::to_owned).into(),
            ..Start::default()
        }
    }

    pub async fn run(&self, program: Program) -> Ended {
        let (mut agent, job) = self.open(&program).await;
        agent.start(self.start(&program), program.stdin.clone(), false).await.unwrap();
        let mut ended = finish(&mut agent, &program.limits).await.unwrap();
        if !program.artifacts.is_empty() {
            collect(&mut agent, &program, &mut ended).await;
        }
        drop(agent);
        wait_until_gone(job).await;
        ended
    }
}

/// Reads events until the program ends.
pub async fn finish(agent: &mut AgentConnection, limits: &Limits) -> Result<Ended, SandboxError> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    loop {
        match agent.next().await? {
            Event::Output(Stream::Stdout, data) => stdout.extend(data),
            Event::Output(Stream::Stderr, data) => stderr.extend(data),
            Event::InputRead => {}
            Event::Exited(exit) => {
                let verdict = verdict(&exit, limits);
                return Ok(Ended {
                    exit,
                    verdict,
                    stdout,
                    stderr,
                    artifacts: Vec::new(),
                    skipped: Vec::new(),
                });
            }
        }
    }
}

async fn collect(agent: &mut AgentConnection, program: &Program, ended: &mut Ended) {
    let request = Collect { globs: program.artifacts.clone(), max_files: 100, max_bytes: MIB };
    agent.collect(request).unwrap();
    while let Some(file) = agent.next_file().await.unwrap() {
        let mut data = Vec::new();
        while (data.len() as u64) < file.size {
            data.extend(agent.file_data(file.size - data.len() as u64).await.unwrap());
        }
        ended.artifacts.push((file.path, data));
    }
    ended.skipped = agent.skipped().iter().map(|file| file.path.clone()).collect();
}

/// A setting from the environment or from `.dev/env`.
fn setting(name: &str) -> String {
    env::var(name)
        .ok()
        .or_else(|| from_dev_env(name))
        .unwrap_or_else(|| panic!("{name} is not set: run `./dev services` first"))
}

fn from_dev_env(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.dev/env");
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")))?;
    Some(line.trim_matches(['\'', '"']).to_owned())
}

/// Waits until the engine knows no container of the job.
pub async fn wait_until_gone(job: JobId) {
    let began = Instant::now();
    while !containers(job).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "a container is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The containers of a job, whatever their state.
pub fn containers(job: JobId) -> String {
    docker(&["ps", "-aq", "--filter", &format!("label=engunity.job={job}")])
}

pub fn docker(arguments: &[&str]) -> String {
    let host = setting("ENGUNITY__DOCKER__SOCKET");
    let output = Command::new("docker").env("DOCKER_HOST", host).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
