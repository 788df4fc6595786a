//! `./dev bench api`: list and create projects, beside FastAPI with SQLAlchemy on the same PostgreSQL server, each
//! alone on the machine while it is measured; then the coordinator's memory with 1,000 open sessions.

use std::{net::TcpListener, time::Duration};

use anyhow::{Context, Result, ensure};
use engunity_load_tests::{
    Goal, Row, Setting, alone,
    cpu::Meter,
    goals, measured, peer, resident_mb, table,
    wrk::{Load, load},
};
use engunity_testkit::{Client, Process, TestLab, database, eventually, names};
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpStream, process::Child};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const WARM_UP: Duration = Duration::from_secs(2);
const DURATION: Duration = Duration::from_secs(10);
/// Number of users that send requests in turn, and the number of projects of each.
const USERS: usize = 32;
const LISTED: usize = 20;
const SESSIONS: usize = 1_000;

struct Measured {
    list: Load,
    create: Load,
    /// CPU time per list and per creation.
    spent: [String; 2],
}

#[tokio::main]
async fn main() -> Result<()> {
    let setting = Setting::record(&["Python", "fastapi", "uvicorn", "sqlalchemy", "psycopg"]).await?;
    let lab = TestLab::builder()
        .workers(0)
        .env("ENGUNITY__LOG__FILTER", "warn,lapin=off")
        .env("ENGUNITY__USER_LIMITS__PROJECTS", 0)
        .env("ENGUNITY__USER_LIMITS__OPEN_STREAMS", 0)
        .start()
        .await?;
    let idle_mb = resident_mb(lab.coordinators[0].pid().context("a pid")?)?;
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(lab.user(&format!("load-{number}")).await?);
    }
    let coordinator: Vec<u32> = lab.coordinators.iter().filter_map(Process::pid).collect();
    let ours = measure(&users, &[("coordinator", coordinator)]).await?;
    let (sessions_mb, memory) = memory(&lab, idle_mb).await?;
    if alone() {
        println!("{}\n{memory}", ours.spent.join("\n"));
        return lab.finish().await;
    }
    let theirs = theirs(&lab).await?;
    lab.finish().await?;
    let rows = [
        Row::rate("list 20 projects", ours.list.rate, theirs.list.rate),
        Row::time("list, p50", ours.list.p50, theirs.list.p50),
        Row::time("list, p99", ours.list.p99, theirs.list.p99),
        Row::rate("create a project", ours.create.rate, theirs.create.rate),
        Row::time("create, p50", ours.create.p50, theirs.create.p50),
        Row::time("create, p99", ours.create.p99, theirs.create.p99),
    ];
    let spent = format!("- Ours, {}.\n- Theirs, {}.\n", ours.spent.join("; "), theirs.spent.join("; "));
    let goals = goals(&[
        faster("list", &ours.list, &theirs.list),
        faster("create", &ours.create, &theirs.create),
        Goal {
            what: format!("coordinator < 100 MB resident with {SESSIONS} open sessions"),
            came: format!("{sessions_mb:.0} MiB"),
            met: sessions_mb * 1.048_576 < 100.0,
        },
    ]);
    let body = format!("{}\n{goals}\n{EXPLANATION}{spent}{memory}", table("FastAPI + SQLAlchemy", &rows));
    setting.report("api", "API: projects over HTTP", &body)
}

fn faster(what: &str, ours: &Load, theirs: &Load) -> Goal {
    let times = ours.rate / theirs.rate;
    Goal {
        what: format!("{what}: ≥ 15 × FastAPI's rate at a lower p99"),
        came: format!("{times:.1} ×"),
        met: times >= 15.0 && ours.p99 < theirs.p99,
    }
}

const EXPLANATION: &str = "\
- `wrk`, 32 connections for 10 s after a warm-up, in turn for 32 users with 20 projects each; each server alone while it is measured; wrk, \
  the server and PostgreSQL share the machine.
- Both check a JWT, load what belongs to the caller alone, and have 20 database connections. Ours: one coordinator with all its parts \
  running, rate limit off. Theirs: uvicorn with 2 workers (uvloop, httptools), the newest FastAPI, SQLAlchemy 2 and psycopg 3.
- An insert is as durable in both: same server, same `synchronous_commit`.
";

/// Measures lists first, then creations, which make the lists longer.
async fn measure(users: &[Client], server: &[(&'static str, Vec<u32>)]) -> Result<Measured> {
    let base = users[0].base();
    let tokens: Vec<String> = users.iter().map(|user| user.token().to_owned()).collect();
    for user in users {
        for number in 0..LISTED {
            user.post("/code/", json!({"name": format!("project {number}"), "language": "python"}))
                .await?
                .ok()?;
        }
        let listed: Vec<Value> = user.get("/code/").await?.ok()?.json()?;
        ensure!(listed.len() == LISTED, "{} are listed", listed.len());
    }
    load(base, &tokens, false, WARM_UP).await?;
    let meter = Meter::start(server)?;
    let list = load(base, &tokens, false, DURATION).await?;
    let listing = meter.per("list", list.requests as f64)?;
    load(base, &tokens, true, WARM_UP).await?;
    let meter = Meter::start(server)?;
    let create = load(base, &tokens, true, DURATION).await?;
    let creating = meter.per("creation", create.requests as f64)?;
    eprintln!("{base}: {list:?} {create:?}; {listing}; {creating}");
    Ok(Measured { list, create, spent: [listing, creating] })
}

async fn theirs(lab: &TestLab) -> Result<Measured> {
    let name = names::new_name();
    database::create_empty(&lab.services, &name).await?;
    let measured = measure_theirs(&database::url_of(&lab.services, &name)).await;
    database::drop_database(&lab.services, &name).await?;
    measured
}

async fn measure_theirs(database: &str) -> Result<Measured> {
    let url = database.replacen("postgres://", "postgresql+psycopg://", 1);
    let variables =
        [("PEER_DATABASE", url.as_str()), ("PEER_SECRET", "a secret for the bench alone, long enough")];
    let mut prepare = peer("api", &["prepare.py", &USERS.to_string()])?;
    prepare.envs(variables);
    let tokens: Vec<String> = measured(prepare).await?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let arguments = [
        "-m",
        "uvicorn",
        "app:app",
        "--workers",
        "2",
        "--log-level",
        "warning",
        "--no-access-log",
        "--port",
        &port.to_string(),
    ];
    let mut server = peer("api", &arguments)?.envs(variables).spawn()?;
    let anyone = Client::new(&format!("http://127.0.0.1:{port}"));
    let users: Vec<Client> = tokens.iter().map(|token| anyone.with_token(token)).collect();
    let measured = async {
        eventually("the peer is up", Duration::from_secs(30), || async {
            users[0].get("/code/").await?.ok().map(Some)
        })
        .await?;
        measure(&users, &[("uvicorn", server.id().into_iter().collect())]).await
    };
    let measured = measured.await;
    end(&mut server).await?;
    measured
}

/// Sends SIGTERM, so that the server stops its workers.
async fn end(server: &mut Child) -> Result<()> {
    if let Some(pid) = server.id() {
        std::process::Command::new("kill").arg(pid.to_string()).status()?;
    }
    server.wait().await?;
    Ok(())
}

/// Resident memory with `SESSIONS` open session sockets, each on its own project.
async fn memory(lab: &TestLab, idle_mb: f64) -> Result<(f64, String)> {
    let user = lab.user("crowd").await?;
    let pid = lab.coordinators[0].pid().context("a pid")?;
    let before = resident_mb(pid)?;
    let opening = stream::iter((0..SESSIONS).map(|number| open_session(&user, number)));
    let sockets: Vec<_> = opening.buffer_unordered(16).try_collect().await?;
    let after = resident_mb(pid)?;
    drop(sockets);
    let text = format!(
        "\nMemory of the coordinator (resident): {idle_mb:.0} MiB after its start, {before:.0} MiB after the load above, **{after:.0} MiB with \
         {SESSIONS} open sessions** ({SESSIONS} sockets on {SESSIONS} projects).\n"
    );
    Ok((after, text))
}

async fn open_session(user: &Client, number: usize) -> Result<WebSocketStream<TcpStream>> {
    let project = user.project(&format!("session {number}")).await?;
    let ticket: Value = user.post("/auth/ticket", json!({})).await?.ok()?.json()?;
    let ticket = ticket["ticket"].as_str().context("a ticket")?;
    let host = user.base().trim_start_matches("http://").to_owned();
    let socket = TcpStream::connect(&host).await?;
    let url = format!("ws://{host}/api/v1/code/{}/session?ticket={ticket}", project.id);
    let (mut session, _) = client_async(url, socket).await?;
    session.send(Message::text(r#"{"type":"hello"}"#)).await?;
    let welcome = session.next().await.context("a welcome")??;
    ensure!(welcome.to_text()?.contains("welcome"), "{welcome}");
    Ok(session)
}
