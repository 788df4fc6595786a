//! Lists and removes the containers of a lab's workers with the `docker` command (engine: `DOCKER_HOST`).

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Ids of all containers, running or stopped, whose worker id starts with `worker`.
pub fn of(worker: &str) -> Result<Vec<String>> {
    Ok(labelled(worker)?.into_iter().map(|(id, _)| id).collect())
}

/// Ids of those containers whose worker is not in `alive`.
pub fn abandoned(worker: &str, alive: &[String]) -> Result<Vec<String>> {
    let dead = labelled(worker)?.into_iter().filter(|(_, owner)| !alive.contains(owner));
    Ok(dead.map(|(id, _)| id).collect())
}

/// Container and worker ids.
fn labelled(worker: &str) -> Result<Vec<(String, String)>> {
    let listed = docker(&[
        "ps",
        "-a",
        "--filter",
        "label=engunity.worker",
        "--format",
        r#"{{.ID}} {{.Label "engunity.worker"}}"#,
    ])?;
    let lines = listed.lines().filter_map(|line| line.split_once(' '));
    let ours = lines.filter(|(_, owner)| owner.starts_with(worker));
    Ok(ours.map(|(id, owner)| (id.to_owned(), owner.to_owned())).collect())
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
