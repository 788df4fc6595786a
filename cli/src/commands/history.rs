//! `engunity history`: what a file has held, shown, compared with now, restored.

use std::io::{self, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Utc;
use engunity_protocol::{ProjectId, history::Version};
use serde_json::json;
use similar::TextDiff;

use crate::{
    app::App,
    args,
    error::{CliError, Result},
    output::{
        plain,
        table::{cut, table},
        units::{ago, bytes},
    },
};

/// A time after which a comparison gets coarser instead of slower.
const DIFF_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

pub async fn run(app: &App, args: args::History) -> Result<u8> {
    let project = app.project().await?.id;
    let path = args.path.strip_prefix("./").unwrap_or(&args.path).trim_end_matches('/');
    let versions = app.client.history(project, path).await?;
    if versions.is_empty() {
        return Err(CliError::new(format!("{} has no history", plain(path))).hint("engunity trash list"));
    }
    match (&args.show, &args.diff, &args.restore) {
        (Some(asked), ..) => show(app, project, find(&versions, asked)?).await,
        (_, Some(asked), _) => diff(app, project, path, &versions, find(&versions, asked)?).await,
        (.., Some(asked)) => restore(app, project, find(&versions, asked)?).await,
        _ => list(app, &versions),
    }
}

/// By its number in the list, from 1 for the newest, or by its id.
fn find<'a>(versions: &'a [Version], asked: &str) -> Result<&'a Version> {
    let by_number = asked.parse::<usize>().ok().and_then(|number| versions.get(number.wrapping_sub(1)));
    let found = by_number.or_else(|| versions.iter().find(|version| version.id.to_string() == asked));
    found.ok_or_else(|| {
        let path = versions.first().map_or("…", |version| &version.path);
        CliError::new(format!("there is no version {}", plain(asked)))
            .hint(format!("engunity history {}", plain(path)))
    })
}

fn list(app: &App, versions: &[Version]) -> Result<u8> {
    app.out.result(&versions, || {
        let rows: Vec<_> = versions.iter().enumerate().map(|(n, version)| row(n + 1, version)).collect();
        table(["", "WHEN", "CAUSE", "BY", "SIZE", "ID", "PATH"], &rows)
    })?;
    Ok(0)
}

fn row(number: usize, version: &Version) -> [String; 7] {
    let now = if version.current { " (now)" } else { "" };
    [
        number.to_string(),
        ago(version.created_at, Utc::now()),
        format!("{}{now}", version.cause),
        version.author.as_ref().map_or_else(|| "-".to_owned(), |person| cut(&person.name, 24)),
        bytes(version.size.unsigned_abs()),
        version.id.to_string(),
        plain(&version.path),
    ]
}

async fn show(app: &App, project: ProjectId, version: &Version) -> Result<u8> {
    let content = app.client.version(project, version.id).await?;
    if !app.out.json {
        io::stdout().lock().write_all(&content)?;
        return Ok(0);
    }
    let (content, encoding) = match String::from_utf8(content) {
        Ok(text) => (text, "utf-8"),
        Err(error) => (BASE64_STANDARD.encode(error.as_bytes()), "base64"),
    };
    app.out.result(&json!({"version": version, "content": content, "encoding": encoding}), String::new)?;
    Ok(0)
}

/// From the version to what the file has now; to nothing where it is deleted.
async fn diff(
    app: &App,
    project: ProjectId,
    path: &str,
    versions: &[Version],
    version: &Version,
) -> Result<u8> {
    let old = app.client.version(project, version.id).await?;
    let new = match versions.iter().find(|version| version.current) {
        Some(current) => Some(app.client.version(project, current.id).await?),
        None => None,
    };
    let text = compare(path, version, &old, new.as_deref());
    app.out.result(&json!({"version": version, "diff": text}), || text.clone())?;
    Ok(0)
}

fn compare(path: &str, version: &Version, old: &[u8], new: Option<&[u8]>) -> String {
    let (from, to) = (format!("a/{}", plain(&version.path)), format!("b/{}", plain(path)));
    let to = if new.is_some() { to } else { "/dev/null".to_owned() };
    let new = new.unwrap_or_default();
    if old == new {
        return String::new();
    }
    match (std::str::from_utf8(old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) if !old.contains('\0') && !new.contains('\0') => {
            let diff = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(old, new);
            diff.unified_diff().header(&from, &to).to_string()
        }
        _ => format!("Binary files {from} and {to} differ\n"),
    }
}

async fn restore(app: &App, project: ProjectId, version: &Version) -> Result<u8> {
    let file = app.client.restore_version(project, version.id).await?;
    app.out.result(&file, || {
        format!("restored {} to the version of {}", plain(&file.path), ago(version.created_at, Utc::now()))
    })?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use engunity_protocol::{VersionId, history::Cause};

    use super::*;

    fn version(path: &str) -> Version {
        Version {
            id: VersionId::new(),
            path: path.into(),
            hash: String::new(),
            size: 1,
            created_at: Utc::now(),
            author: None,
            cause: Cause::Save,
            current: false,
        }
    }

    #[test]
    fn a_version_is_named_by_its_number_or_id() {
        let versions = [version("a"), version("a")];
        assert_eq!(find(&versions, "2").unwrap().id, versions[1].id);
        assert_eq!(find(&versions, &versions[0].id.to_string()).unwrap().id, versions[0].id);
        for unknown in ["0", "3", "-1", "x"] {
            assert!(find(&versions, unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_comparison_is_unified_and_says_what_is_binary_or_gone() {
        let old = version("old.txt");
        let text = compare("new.txt", &old, b"a\nb\n", Some(b"a\nc\n"));
        assert_eq!(text, "--- a/old.txt\n+++ b/new.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(compare("new.txt", &old, b"a", Some(b"a")), "");
        assert!(compare("new.txt", &old, b"a\n", None).contains("+++ /dev/null"));
        assert_eq!(compare("b", &old, b"\0", Some(b"1")), "Binary files a/old.txt and b/b differ\n");
    }
}
