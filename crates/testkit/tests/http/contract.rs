//! What the document promises beyond single calls: pages about refusals, parts of contents, objects that are objects.

use anyhow::{Result, ensure};
use engunity_protocol::problem::ErrorCode::{self, *};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{field, header, lab, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_page_about_its_code() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let problem = user.get("/jobs/none").await?.problem()?;
    ensure!(problem.kind == "/api/v1/docs/errors/not_found", "{problem:?}");
    for code in ErrorCode::ALL {
        let page = reqwest::get(format!("{}{}", user.base(), code.page())).await?;
        ensure!(page.status() == StatusCode::OK, "{code}");
        ensure!(page.headers()["content-type"] == "text/html; charset=utf-8", "{code}");
        ensure!(page.text().await?.contains(&format!("{code}")), "{code}");
    }
    refused(&user.get("/docs/errors/none").await?, NotFound)?;
    ensure!(user.get("/docs/errors").await?.ok()?.text().contains("/api/v1/docs/errors/bad_archive"));
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_content_are_answered() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?;
    // One content lies in the database, the other in object storage.
    let large = "0123456789".repeat(200_000);
    user.upload(project.id, "large.txt", large.clone().into_bytes()).await?.ok()?;
    user.write(project.id, "small.txt", "0123456789").await?;
    let files: Vec<Value> = user.get(&format!("/code/{}/files", project.id)).await?.ok()?.json()?;
    for file in files {
        let size = file["size"].as_u64().unwrap_or_default();
        let path = format!("/code/files/{}/content", file["id"].as_str().unwrap_or_default());
        let tag = format!("\"{}\"", file["etag"].as_str().unwrap_or_default());
        let part = |range: &str, tag: &str| {
            let asked = user.request(Method::GET, &path).header("range", range);
            user.send(if tag.is_empty() { asked } else { asked.header("if-range", tag) })
        };
        let middle = part("bytes=2-5", "").await?;
        ensure!(middle.status == StatusCode::PARTIAL_CONTENT && middle.text() == "2345", "{middle:?}");
        ensure!(header(&middle, "content-range") == format!("bytes 2-5/{size}"), "{middle:?}");
        ensure!(header(&middle, "content-length") == "4" && header(&middle, "etag") == tag, "{middle:?}");
        ensure!(part("bytes=-3", &tag).await?.text() == "789");
        ensure!(part(&format!("bytes={}-", size - 1), "").await?.text() == "9");
        for (range, tag) in [("bytes=2-5", "\"other\""), ("bytes=0-1,4-5", ""), ("bytes=5-2", "")] {
            let whole = part(range, tag).await?;
            ensure!(whole.status == StatusCode::OK && whole.body.len() as u64 == size, "{range} {tag}");
            ensure!(header(&whole, "accept-ranges") == "bytes");
        }
        let outside = part(&format!("bytes={size}-"), "").await?;
        refused(&outside, RangeNotSatisfiable)?;
        ensure!(header(&outside, "content-range") == format!("bytes */{size}"), "{outside:?}");
    }
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_wherever_it_stands() -> Result<()> {
    let lab = lab().await?;
    let user = lab.user("ada").await?;
    let project = user.project("demo").await?.id;
    let runs = format!("/code/{project}/runs");
    field(&user.post(&runs, json!({"command": "true", "limits": [1, 2, 3]})).await?, "limits")?;
    let entry = json!(["a.txt", "0".repeat(64), 1]);
    field(&user.post(&format!("/code/{project}/sync"), json!({"files": [entry]})).await?, "files[0]")?;
    for glob in ["../**", "/etc/*", "out/../../x"] {
        let run = json!({"command": "true", "artifacts": ["out/**", glob]});
        field(&user.post(&runs, run).await?, "artifacts[1]")?;
    }
    field(&user.get("/jobs?limit=").await?, "limit")?;
    field(&user.get("/jobs?state=asleep").await?, "state")?;
    let packed = zstd::encode_all(&b""[..], 1)?;
    refused(&user.upload(project, "p.tar.zst", packed[..packed.len() - 1].to_vec()).await?, BadArchive)?;
    lab.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_with_a_problem() -> Result<()> {
    let lab = lab().await?;
    let address = lab.client().base().trim_start_matches("http://").to_owned();
    for (words, status, code) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400, MalformedRequest),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000)), 414, UriTooLong),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(200_000)), 431, HeadersTooLarge),
    ] {
        let mut socket = tokio::net::TcpStream::connect(&address).await?;
        socket.write_all(words.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        ensure!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        ensure!(head.contains("application/problem+json"), "{head}");
        let problem: engunity_protocol::problem::Problem = serde_json::from_str(body)?;
        ensure!(problem.code == code && problem.kind == code.page(), "{problem:?}");
    }
    lab.finish().await
}
