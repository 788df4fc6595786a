//! The only speller of object paths.
//!
//! ```text
//! blobs/<user>/<hash[..2]>/<hash>                 content of files, once per user and content
//! <user>/projects/<project>/<uuid>/<name>         uploaded archives, as they came
//! snapshots/<project>/<hash>.tar.zst              all files of a project at one revision
//! jobs/<job>/<attempt>/<path>                     what a run left behind
//! indexes/<project>/changes/<revision>-<uuid>     files that an index job takes in
//! indexes/<project>/<name>                        parts of a project's search index, named by their content
//! ```
//!
//! Blobs are shared between the projects of one user and never between users: whether a hash is "missing" must
//! not reveal what another user has.

use std::fmt::Display;

use engunity_protocol::{JobId, ProjectId, UserId, path::ProjectPath};
use uuid::Uuid;

/// Longest key that S3 takes, in bytes.
const MAX_KEY_BYTES: usize = 1024;
const MAX_UPLOAD_NAME_BYTES: usize = 200;

/// The content with BLAKE3 `hash` (hex) of a user's files.
pub fn blob(user: UserId, hash: &str) -> String {
    format!("blobs/{user}/{}/{hash}", hash.get(..2).unwrap_or("__"))
}

/// All blobs of a user.
pub fn blobs_prefix(user: UserId) -> String {
    format!("blobs/{user}/")
}

/// An uploaded archive, kept as it came; this is a project's `storage_path`.
pub fn upload(user: UserId, project: ProjectId, upload: Uuid, name: &str) -> String {
    format!("{}{upload}/{}", uploads_prefix(user, project), plain_name(name))
}

/// All archives uploaded to a project.
pub fn uploads_prefix(user: UserId, project: ProjectId) -> String {
    format!("{user}/projects/{project}/")
}

/// All files of a project at one revision (or of one content: whatever names it).
pub fn snapshot(project: ProjectId, revision: impl Display) -> String {
    format!("{}{revision}.tar.zst", snapshots_prefix(project))
}

/// All snapshots of a project.
pub fn snapshots_prefix(project: ProjectId) -> String {
    format!("snapshots/{project}/")
}

/// A file that an attempt of a job left behind. A path too long for a key is replaced by its hash, behind a
/// backslash, which no project path has.
pub fn artifact(job: JobId, attempt: i32, path: &ProjectPath) -> String {
    let prefix = attempt_prefix(job, attempt);
    if prefix.len() + path.as_str().len() <= MAX_KEY_BYTES {
        return prefix + path.as_str();
    }
    format!("{prefix}\\{}", blake3::hash(path.as_str().as_bytes()).to_hex())
}

/// Everything that one attempt of a job left behind.
pub fn attempt_prefix(job: JobId, attempt: i32) -> String {
    format!("{}{attempt}/", job_prefix(job))
}

/// Everything that a job left behind.
pub fn job_prefix(job: JobId) -> String {
    format!("jobs/{job}/")
}

/// The files that an index job takes in to come to a revision.
pub fn index_changes(project: ProjectId, revision: i64, id: Uuid) -> String {
    format!("{}changes/{revision}-{}", index_prefix(project), id.simple())
}

/// The revision in a key of [`index_changes`]; `None`: it is another key.
pub fn revision_of_changes(project: ProjectId, key: &str) -> Option<i64> {
    key.strip_prefix(&index_prefix(project))?.strip_prefix("changes/")?.split('-').next()?.parse().ok()
}

/// A part of a project's search index.
pub fn index_part(project: ProjectId, name: &str) -> String {
    format!("{}{name}", index_prefix(project))
}

/// Everything of a project's search index.
pub fn index_prefix(project: ProjectId) -> String {
    format!("indexes/{project}/")
}

/// The last part of a client's file name, without what could mean something in a path.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    let end = clean
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| *end <= MAX_UPLOAD_NAME_BYTES)
        .last();
    match &clean[..end.unwrap_or(0)] {
        "" | "." | ".." => "upload".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ProjectPath {
        ProjectPath::parse(text).unwrap()
    }

    #[test]
    fn spells_every_key() {
        let project: ProjectId = "0193564e-0000-7000-8000-000000000001".parse().unwrap();
        let job: JobId = "0193564e-0000-7000-8000-000000000002".parse().unwrap();
        let id: Uuid = "0193564e-0000-7000-8000-000000000003".parse().unwrap();
        assert_eq!(blob(UserId(7), "abcdef"), "blobs/7/ab/abcdef");
        assert_eq!(upload(UserId(7), project, id, "a.zip"), format!("7/projects/{project}/{id}/a.zip"));
        assert_eq!(snapshot(project, 12), format!("snapshots/{project}/12.tar.zst"));
        assert_eq!(artifact(job, 2, &path("htmlcov/index.html")), format!("jobs/{job}/2/htmlcov/index.html"));
        let changes = index_changes(project, 12, id);
        assert_eq!(changes, format!("indexes/{project}/changes/12-{}", id.simple()));
        assert_eq!(revision_of_changes(project, &changes), Some(12));
        assert_eq!(revision_of_changes(project, &index_part(project, "af13")), None);
        assert!(artifact(job, 2, &path("x")).starts_with(&job_prefix(job)));
    }

    #[test]
    fn a_long_path_still_fits_and_stays_its_own() {
        let job = JobId::new();
        let long = |last: char| {
            path(&format!("{}{last}", "abcdefghi/".repeat(58) + &"x".repeat(200) + "/" + &"y".repeat(200)))
        };
        let (a, b) = (artifact(job, 1, &long('a')), artifact(job, 1, &long('b')));
        assert!(a.len() <= MAX_KEY_BYTES && a.starts_with(&attempt_prefix(job, 1)));
        assert_ne!(a, b);
    }

    #[test]
    fn an_upload_name_is_one_plain_part() {
        for (name, kept) in [
            ("../../x.zip", "x.zip"),
            ("C:\\a\\b.tar", "b.tar"),
            ("..", "upload"),
            ("", "upload"),
            ("a\nb", "a_b"),
        ] {
            assert_eq!(plain_name(name), kept);
        }
        assert!(plain_name(&"ü".repeat(300)).len() <= MAX_UPLOAD_NAME_BYTES);
    }
}
