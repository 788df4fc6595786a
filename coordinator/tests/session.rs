//! The session socket against the whole stack, with two coordinators: who is here, what changes, who comes back,
//! and what happens when the session's owner dies.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use engunity_protocol::{ProjectId, job::Job};
use engunity_testkit::{Client, TestLab};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const TIMEOUT: Duration = Duration::from_secs(60);

struct Tab {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

async fn ticket(user: &Client) -> Result<String> {
    let answer = user.post("/auth/ticket", json!({})).await?.ok()?;
    Ok(answer.json::<Value>()?["ticket"].as_str().context("a ticket")?.to_owned())
}

fn address(user: &Client, project: ProjectId, ticket: &str) -> String {
    format!("{}/api/v1/code/{project}/session?ticket={ticket}", user.base().replacen("http", "ws", 1))
}

impl Tab {
    /// Opens a tab, says hello and returns its welcome.
    async fn open(user: &Client, project: ProjectId, hello: Value) -> Result<(Self, Value)> {
        let ticket = ticket(user).await?;
        let (socket, _) = connect_async(address(user, project, &ticket)).await?;
        let mut tab = Self { socket };
        tab.say(hello).await?;
        let welcome = tab.until("welcome", |_| true).await?;
        Ok((tab, welcome))
    }

    async fn say(&mut self, message: Value) -> Result<()> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn next(&mut self) -> Result<Value> {
        loop {
            match self.socket.next().await.context("the socket ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Skips what does not fit.
    async fn until(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let wait = async {
            loop {
                let message = self.next().await?;
                if message["type"] == kind && fits(&message) {
                    return Ok(message);
                }
            }
        };
        timeout(TIMEOUT, wait).await.with_context(|| format!("no {kind} came"))?
    }
}

fn hello() -> Value {
    json!({"type": "hello"})
}

fn here(message: &Value) -> usize {
    message["presence"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn tabs_on_two_coordinators_share_one_session() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).start().await?;
    let ann = lab.user("ann").await?;
    let project = ann.project("shared").await?.id;
    let elsewhere = ann.at(&lab.coordinators[1].url());
    let (mut first, welcome) = Tab::open(&ann, project, hello()).await?;
    let (mut second, other) = Tab::open(&elsewhere, project, hello()).await?;
    ensure!(welcome["epoch"] == other["epoch"], "one session");
    ensure!(here(&other) == 2, "{other}");
    first.until("presence", |message| here(message) == 2).await?;

    second.say(json!({"type": "presence", "line": 7})).await?;
    first.until("presence", |message| message["presence"].to_string().contains("\"line\":7")).await?;

    elsewhere.write(project, "a.py", "print(1)").await?;
    let change = first.until("file", |message| message["change"] == "created").await?;
    ensure!(change["file"]["path"] == "a.py", "{change}");
    let same = second.until("file", |_| true).await?;
    ensure!(same == change, "both see the same, with the same number");

    let job: Job = ann.post(&format!("/code/{project}/noops"), json!({})).await?.ok()?.json()?;
    for tab in [&mut first, &mut second] {
        tab.until("job", |message| {
            message["job"]["id"] == json!(job.id) && message["job"]["state"] == "succeeded"
        })
        .await?;
    }
    drop(second);
    first.until("presence", |message| here(message) == 1).await?;
    lab.finish().await
}

#[tokio::test]
async fn a_tab_that_comes_back_gets_what_it_missed() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let ann = lab.user("ann").await?;
    let project = ann.project("resumed").await?.id;
    let (mut stays, welcome) = Tab::open(&ann, project, hello()).await?;
    ensure!(welcome["snapshot"] == true, "{welcome}");
    let (mut leaves, _) = Tab::open(&ann, project, hello()).await?;
    ann.write(project, "a.py", "1").await?;
    let seen = leaves.until("file", |message| message["file"]["path"] == "a.py").await?;
    drop(leaves);
    ann.write(project, "b.py", "2").await?;
    stays.until("file", |message| message["file"]["path"] == "b.py").await?;

    let resume = json!({"type": "hello", "last_seq": seen["seq"], "epoch": welcome["epoch"]});
    let (mut back, again) = Tab::open(&ann, project, resume).await?;
    ensure!(again["snapshot"] == false, "{again}");
    // A starting coordinator may say "read again" (bulk) in between: a notice that names no file.
    let missed = back.until("file", |message| message["change"] != "bulk").await?;
    ensure!(missed["file"]["path"] == "b.py", "{missed}");
    let (_, new) =
        Tab::open(&ann, project, json!({"type": "hello", "last_seq": 3, "epoch": "another"})).await?;
    ensure!(new["snapshot"] == true, "{new}");
    lab.finish().await
}

#[tokio::test]
async fn a_session_moves_when_its_owner_dies() -> Result<()> {
    let lab = TestLab::builder().coordinators(2).workers(0).start().await?;
    let ann = lab.user("ann").await?;
    let project = ann.project("moved").await?.id;
    let (_owner, first) = Tab::open(&ann, project, hello()).await?;
    let elsewhere = ann.at(&lab.coordinators[1].url());
    let (mut tab, _) = Tab::open(&elsewhere, project, hello()).await?;
    lab.coordinators[0].kill9()?;
    let moved = tab.until("welcome", |message| message["epoch"] != first["epoch"]);
    let welcome = moved.await.context("the session did not move")?;
    ensure!(welcome["snapshot"] == true && here(&welcome) == 1, "{welcome}");
    elsewhere.write(project, "a.py", "1").await?;
    tab.until("file", |_| true).await?;
    lab.finish().await
}

#[tokio::test]
async fn a_socket_watches_jobs_as_server_sent_events_do() -> Result<()> {
    let lab = TestLab::start().await?;
    let ann = lab.user("ann").await?;
    let project = ann.project("watched").await?.id;
    let job: Job = ann.post(&format!("/code/{project}/noops"), json!({})).await?.ok()?.json()?;
    let (mut tab, _) = Tab::open(&ann, project, hello()).await?;
    tab.say(json!({"type": "watch", "job_id": job.id})).await?;
    let mut events = ann.events(job.id, 0).await?;
    while let Some(event) = events.next().await? {
        let same = tab.until("event", |_| true).await?;
        ensure!(same["id"] == json!(event.id), "{same} is not {event:?}");
        ensure!(same["event"] == serde_json::to_value(&event.event)?["event"], "{same}");
    }
    tab.say(json!({"type": "ping", "t": 1.5})).await?;
    tab.until("pong", |message| message["t"] == 1.5).await?;
    tab.say(json!({"type": "dance"})).await?;
    tab.until("error", |message| message["code"] == "invalid_input").await?;
    tab.say(json!({"type": "x".repeat(65 << 10)})).await?;
    let closed = tab.until("never", |_| true).await.unwrap_err().to_string();
    ensure!(closed.contains("Size"), "{closed}");
    lab.finish().await
}

#[tokio::test]
async fn a_socket_can_begin_near_the_end_of_what_a_job_said() -> Result<()> {
    let lab = TestLab::start().await?;
    let ann = lab.user("ann").await?;
    let project = ann.project("long").await?.id;
    let says_much = json!({"command": "head -c 1000000 /dev/zero | tr '\\0' x; echo end", "runtime": "bash"});
    let job: Job = ann.post(&format!("/code/{project}/runs"), says_much).await?.ok()?.json()?;
    ann.job_end(job.id, Duration::from_secs(60)).await?;
    let (mut tab, _) = Tab::open(&ann, project, hello()).await?;
    tab.say(json!({"type": "watch", "job_id": job.id, "tail": 100_000})).await?;
    let (mut first, mut bytes) = (None, 0);
    loop {
        let message = tab.until("event", |_| true).await?;
        match message["event"].as_str() {
            Some("result") => break,
            Some("output") => {
                first = first.or(message["data"]["offset"].as_u64());
                bytes += message["data"]["data"].as_str().map_or(0, str::len);
            }
            _ => {}
        }
    }
    ensure!(first.is_some_and(|offset| offset + bytes as u64 == 1_000_004), "from {first:?} {bytes} bytes");
    ensure!((100_000..200_000).contains(&bytes), "{bytes} bytes");
    lab.finish().await
}

#[tokio::test]
async fn only_a_fresh_ticket_from_our_own_page_opens_a_socket() -> Result<()> {
    let lab = TestLab::builder().workers(0).start().await?;
    let (ann, bob) = (lab.user("ann").await?, lab.user("bob").await?);
    let project = ann.project("guarded").await?.id;
    let once = ticket(&ann).await?;
    let refused = async |address: String, origin: Option<&str>| -> Result<Option<u16>> {
        let mut request = address.into_client_request()?;
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        match connect_async(request).await {
            Ok(_) => Ok(None),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Ok(Some(answer.status().as_u16())),
            Err(error) => Err(error.into()),
        }
    };
    ensure!(
        refused(address(&ann, project, &once), Some("https://evil.example")).await? == Some(401),
        "another page"
    );
    ensure!(
        refused(address(&ann, project, &once), None).await?.is_none(),
        "the ticket was not used up by that"
    );
    ensure!(refused(address(&ann, project, &once), None).await? == Some(401), "a ticket works once");
    let bobs = ticket(&bob).await?;
    ensure!(refused(address(&ann, project, &bobs), None).await? == Some(404), "someone else's project");
    lab.finish().await
}
