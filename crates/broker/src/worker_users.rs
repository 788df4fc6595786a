//! The broker user of a worker. A worker runs strangers' code, and one day its host may be taken over: its user may read its
//! own queues and offered jobs, and write events, heartbeats, claims and answers on streams, nothing else. The broker
//! verifies the user's name on each message, so a worker can not speak for another one.

use engunity_protocol::WorkerId;

/// Prefix of a worker's user; the worker's configured name follows.
const PREFIX: &str = "worker.";
/// A worker's id is its name, a hyphen and so many random hexadecimal digits, new at each start.
const SUFFIX_DIGITS: usize = 8;

/// Regular expressions of the queues and exchanges that a user may configure, write and read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Permissions {
    pub configure: String,
    pub write: String,
    pub read: String,
}

/// The name of a worker's broker user.
pub fn user_name(worker_name: &str) -> String {
    format!("{PREFIX}{worker_name}")
}

/// What the user of a worker may do in the vhost.
pub fn permissions(worker_name: &str) -> Permissions {
    let own = format!("(control|stream\\.worker)\\.{}-[0-9a-f]{{{SUFFIX_DIGITS}}}", escape(worker_name));
    Permissions {
        configure: format!("^{own}$"),
        write: "^(events|claims|streams)$".into(),
        read: format!("^(jobs\\..*|{own})$"),
    }
}

/// Names have letters, digits, `-`, `_` and `.`; only the last means something else in a regular expression.
fn escape(name: &str) -> String {
    name.replace('.', "\\.")
}

/// Whether messages of workers must come from the worker's own user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderCheck {
    Enforced,
    /// All workers share a user: each is trusted to speak for itself only.
    Off,
}

impl SenderCheck {
    /// Whether a message that `sender` sent may speak for `worker`.
    pub fn accepts(self, sender: Option<&str>, worker: &WorkerId) -> bool {
        let user_of = sender.and_then(|user| user.strip_prefix(PREFIX));
        self == Self::Off || user_of.is_some_and(|name| Some(name) == name_of(worker))
    }
}

/// The configured name in a worker's id.
fn name_of(worker: &WorkerId) -> Option<&str> {
    let (name, suffix) = worker.0.rsplit_once('-')?;
    let is_suffix = suffix.len() == SUFFIX_DIGITS && suffix.bytes().all(|digit| digit.is_ascii_hexdigit());
    (is_suffix && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_speaks_for_its_own_worker_only() {
        let accepts = |sender, worker: &str| SenderCheck::Enforced.accepts(sender, &WorkerId(worker.into()));
        assert!(accepts(Some("worker.w-1"), "w-1-0123abcd"));
        assert!(accepts(Some("worker.a.b"), "a.b-0123abcd"));
        assert!(!accepts(Some("worker.w-1"), "w-2-0123abcd"));
        assert!(!accepts(Some("worker.w"), "w-1-0123abcd"));
        assert!(!accepts(Some("worker.w-1-0123abcd"), "w-1-0123abcd"));
        assert!(!accepts(Some("w-1"), "w-1-0123abcd"));
        assert!(!accepts(Some("worker."), "-0123abcd"));
        assert!(!accepts(None, "w-1-0123abcd"));
        assert!(!accepts(None, "no-id"));
        assert!(SenderCheck::Off.accepts(None, &WorkerId("w-1-0123abcd".into())));
    }

    #[test]
    fn the_name_is_taken_literally() {
        let permissions = permissions("a.b-1");
        assert_eq!(permissions.configure, r"^(control|stream\.worker)\.a\.b-1-[0-9a-f]{8}$");
        assert_eq!(permissions.read, r"^(jobs\..*|(control|stream\.worker)\.a\.b-1-[0-9a-f]{8})$");
    }
}
