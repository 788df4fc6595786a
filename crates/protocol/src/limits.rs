//! What one user may use, and what one uses. Pure: the numbers and their names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schema;

/// Defines the limits once: the view, the change and the names.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The limits of one user; 0 is no limit.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub struct LimitsView { $($(#[$doc])* pub $name: i64,)* }

        /// What the limits count, as it is now.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub struct UsageView { $($(#[$doc])* pub $name: i64,)* }

        /// A change of limits: absent leaves one alone, `null` goes back to the default.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct LimitsPatch {
            $(#[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
            #[schema(schema_with = schema::limit)]
            pub $name: Option<Option<i64>>,)*
        }

        impl LimitsView {
            /// These limits with what `patch` sets.
            pub fn with(mut self, patch: &LimitsPatch) -> Self {
                $(if let Some(Some(value)) = patch.$name { self.$name = value; })*
                self
            }
        }

        impl LimitsPatch {
            /// This patch, then `later` over it; what becomes `null` is left out.
            pub fn then(mut self, later: &Self) -> Self {
                $(if let Some(value) = later.$name { self.$name = value.map(Some); })*
                self
            }

            /// The first number that is out of range, by name.
            pub fn out_of_range(&self) -> Option<&'static str> {
                $(if let Some(Some(value)) = self.$name && !(0..=schema::MAX_LIMIT).contains(&value) {
                    return Some(stringify!($name));
                })*
                None
            }
        }
    };
}

limits! {
    /// Jobs that run at one time; more wait.
    running_jobs,
    /// Jobs that wait or run.
    queued_jobs,
    /// CPU-seconds of ended jobs, each day (UTC).
    cpu_seconds_per_day,
    /// Bytes of recorded output, each day.
    output_bytes_per_day,
    /// Bytes of artifacts, each day.
    artifact_bytes_per_day,
    projects,
    /// Bytes of all files of all projects.
    stored_bytes,
    /// Event streams and session sockets that are open at one time.
    open_streams,
    /// Uploads at one time.
    concurrent_uploads,
}

/// A limit that stopped a request, as the problem document tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReachedLimit {
    pub name: String,
    pub limit: i64,
    pub used: i64,
}

/// `null` is said, which is something else than nothing.
fn named<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(input).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_sets_leaves_and_resets() {
        let patch = |text: &str| serde_json::from_str::<LimitsPatch>(text).unwrap();
        let first = LimitsPatch::default().then(&patch(r#"{"projects":5,"queued_jobs":7}"#));
        let second = first.then(&patch(r#"{"projects":null,"running_jobs":0}"#));
        assert_eq!(serde_json::to_string(&second).unwrap(), r#"{"running_jobs":0,"queued_jobs":7}"#);
        let base = LimitsView { projects: 100, running_jobs: 8, ..LimitsView::default() };
        let limits = base.with(&second);
        assert_eq!((limits.projects, limits.running_jobs, limits.queued_jobs), (100, 0, 7));
        assert_eq!(patch(r#"{"projects":-1}"#).out_of_range(), Some("projects"));
        assert!(serde_json::from_str::<LimitsPatch>(r#"{"cats":1}"#).is_err());
    }
}
