//! Which containers the workers of a lab have: asked with Docker's own command line (`DOCKER_HOST` says where).

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Ids of all containers, running or not, whose worker's id starts with `worker`.
pub fn of(worker: &str) -> Result<Vec<String>> {
    let listed = docker(&["ps", "-a", "--filter", "label=engunity.worker", "--format", r#"{{.ID}} {{.Label "engunity.worker"}}"#])?;
    let lines = listed.lines().filter_map(|line| line.split_once(' '));
    Ok(lines.filter(|(_, label)| label.starts_with(worker)).map(|(id, _)| id.to_owned()).collect())
}

pub fn remove(ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut arguments = vec!["rm", "-f", "-v"];
    arguments.extend(ids.iter().map(String::as_str));
    docker(&arguments).map(drop)
}

fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker").args(arguments).output().context("docker")?;
    ensure!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
