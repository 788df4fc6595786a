//! The web application: pages, packed siblings, caching, policies, and nothing outside its folder.

use anyhow::{Result, ensure};
use engunity_testkit::TestLab;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::json;

async fn get(base: &str, path: &str, headers: &[(&str, &str)]) -> Result<(StatusCode, HeaderMap, String)> {
    let request =
        headers.iter().fold(reqwest::Client::new().get(format!("{base}{path}")), |request, (name, value)| {
            request.header(*name, *value)
        });
    let answer = request.send().await?;
    Ok((answer.status(), answer.headers().clone(), answer.text().await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_is_served() -> Result<()> {
    let root = tempfile::tempdir()?;
    let csp = json!({"pages": {"/index.html": ["sha256-abc="]}}).to_string();
    for (name, text) in [
        ("index.html", "home"),
        ("index.html.br", "packed"),
        ("code/index.html", "studio"),
        ("404.html", "lost"),
        ("_next/static/chunks/a.js", "script"),
        ("csp.json", &csp),
    ] {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(path, text)?;
    }
    let lab = TestLab::builder()
        .coordinators(1)
        .workers(0)
        .env("ENGUNITY__WEB__ROOT", root.path().display())
        .start()
        .await?;
    let base = lab.client().base().to_owned();
    let (status, headers, text) = get(&base, "/", &[]).await?;
    ensure!(
        status == 200 && text == "home" && headers["content-type"] == "text/html; charset=utf-8",
        "{headers:?}"
    );
    let policy = headers["content-security-policy"].to_str()?;
    ensure!(
        policy.contains("script-src 'self' 'sha256-abc='")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe-eval")
    );
    ensure!(
        headers["x-content-type-options"] == "nosniff"
            && headers.contains_key("referrer-policy")
            && headers["cache-control"] == "no-cache"
    );
    ensure!(!headers.contains_key("ratelimit"), "static files are not counted");
    let (status, _, text) = get(&base, "/", &[("if-none-match", headers["etag"].to_str()?)]).await?;
    ensure!(status == 304 && text.is_empty());
    let (_, headers, text) = get(&base, "/", &[("accept-encoding", "gzip, br")]).await?;
    ensure!(
        text == "packed"
            && headers["content-encoding"] == "br"
            && headers["content-type"] == "text/html; charset=utf-8"
    );
    ensure!(get(&base, "/code", &[]).await?.2 == "studio" && get(&base, "/code/", &[]).await?.2 == "studio");
    let (_, headers, _) = get(&base, "/_next/static/chunks/a.js", &[]).await?;
    ensure!(
        headers["cache-control"].to_str()?.contains("immutable")
            && headers["content-type"] == "text/javascript; charset=utf-8"
    );
    let (status, _, text) = get(&base, "/none", &[("accept", "text/html,*/*;q=0.8")]).await?;
    ensure!(status == 404 && text == "lost");
    let (status, headers, _) = get(&base, "/api/v1/none", &[("accept", "text/html")]).await?;
    ensure!(status == 404 && headers["content-type"] == "application/problem+json");
    for path in ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/code/..%2f..%2f..%2fetc%2fpasswd"] {
        ensure!(get(&base, path, &[]).await?.0 == 404, "{path}");
    }
    let posted = reqwest::Client::new().post(format!("{base}/")).send().await?;
    ensure!(posted.status() == 405 && posted.headers()["allow"] == "GET, HEAD");
    lab.finish().await
}
