//! Builds the API's request from the options of `engunity run`.

use std::{collections::BTreeMap, env, fs, io::Read, path::Path};

use engunity_protocol::{
    job::{LimitsRequest, RunRequest},
    spec::Command,
};

use crate::{
    args,
    error::{About, CliError, Result},
};

/// The request that the options describe.
pub fn request(
    command: Option<Command>,
    entry: Option<String>,
    what: &args::RunOptions,
) -> Result<RunRequest> {
    let limits = LimitsRequest {
        wall_s: what.wall,
        cpu: what.cpu,
        memory_mb: what.memory,
        output_kb: what.output,
        pids: what.pids,
    };
    Ok(RunRequest {
        command,
        entry,
        runtime: what.runtime.clone(),
        stdin: what.stdin.as_deref().map(read_stdin).transpose()?,
        tty: false,
        terminal: None,
        input: None,
        env: variables(&what.env, |name| env::var(name).ok())?,
        limits: (limits != LimitsRequest::default()).then_some(limits),
        artifacts: what.artifacts.clone(),
        class: what.class.unwrap_or_default(),
    })
}

fn read_stdin(from: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    if from == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = fs::read(from).about(from.display())?;
    }
    String::from_utf8(bytes).map_err(|_| {
        CliError::new("stdin must be UTF-8 text; put other data into a file and upload it")
            .hint("engunity upload")
    })
}

/// `NAME=VALUE`, or `NAME` for its current value.
fn variables(given: &[String], here: impl Fn(&str) -> Option<String>) -> Result<BTreeMap<String, String>> {
    given
        .iter()
        .map(|variable| match variable.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            None if here(variable).is_some() => Ok((variable.clone(), here(variable).unwrap_or_default())),
            _ => Err(CliError::new(format!("--env {variable}: the variable is not set"))
                .hint(format!("engunity run --env {}=… -- …", variable.trim_matches('=')))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_come_from_the_line_or_from_here() {
        let here = |name: &str| (name == "HOME").then(|| "/home/x".to_owned());
        let given = ["A=1".to_owned(), "B=".to_owned(), "C=x=y".to_owned(), "HOME".to_owned()];
        let read = variables(&given, here).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("A", "1"), ("B", ""), ("C", "x=y"), ("HOME", "/home/x")]);
        assert!(variables(&["=x".to_owned()], here).is_err());
        assert!(variables(&["NOT_HERE".to_owned()], here).is_err());
    }
}
