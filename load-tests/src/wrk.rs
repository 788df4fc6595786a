//! Runs `wrk` against one address and parses its report.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::{HERE, measured};

const THREADS: &str = "1";
const CONNECTIONS: &str = "32";

#[derive(Debug, Clone, Deserialize)]
pub struct Load {
    /// Requests a second.
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Number of requests.
    pub requests: u64,
    refused: u64,
    broken: u64,
}

/// Lists (`GET`) or creates (`POST`) projects at `base` for `duration`, as each user in turn.
pub async fn load(base: &str, tokens: &[String], create: bool, duration: Duration) -> Result<Load> {
    let script = script(tokens, create)?;
    let seconds = format!("{}s", duration.as_secs());
    let mut wrk = Command::new("wrk");
    wrk.args(["-t", THREADS, "-c", CONNECTIONS, "-d", &seconds, "--timeout", "10s", "-s"]).arg(&script);
    wrk.arg(format!("{base}/api/v1/code/")).kill_on_drop(true);
    let load: Load = measured(wrk).await.context("wrk (Debian package `wrk`)")?;
    std::fs::remove_file(script)?;
    ensure!(load.refused == 0 && load.broken == 0, "{base}: {load:?}");
    Ok(load)
}

/// The script for wrk: the tokens, the request unless it is a plain GET, and the report.
fn script(tokens: &[String], create: bool) -> Result<PathBuf> {
    let read = |name: &str| std::fs::read_to_string(Path::new(HERE).join("api").join(name));
    let request = if create { read("create.lua")? } else { String::new() };
    let tokens = tokens.iter().map(|token| format!("\"{token}\", ")).collect::<String>();
    let path = std::env::temp_dir().join(format!("wrk-{}-{create}.lua", std::process::id()));
    std::fs::write(
        &path,
        format!("local tokens = {{ {tokens} }}\n{request}{}{}", read("users.lua")?, read("report.lua")?),
    )?;
    Ok(path)
}
