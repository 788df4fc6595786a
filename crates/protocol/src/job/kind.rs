//! The one table of job kinds. An entry holds everything that the rest of the system needs to know about a kind: queues,
//! release, claims, leases and garbage collection follow from it.
//!
//! A new kind is an entry here, a file in `worker/src/jobs/` and its line of registration in `worker/src/jobs/mod.rs`.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{spec::ExecuteSpec, words::words};
use crate::index::IndexSpec;

/// Which queue a job waits in: someone is looking at it, or it is one of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobClass {
    #[default]
    Interactive,
    Bulk,
}

/// What jobs compete for on a worker: a number of slots. The numbers never change: coordinators of two versions lock by
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pool {
    /// Sandboxes of the container engine.
    Sandbox = 1,
    /// Jobs that cost next to nothing.
    Noop = 2,
    /// Threads that own an index writer.
    Index = 3,
    /// Threads that own a model.
    Model = 4,
}

words!(JobClass { Interactive = "interactive", Bulk = "bulk" });
words!(Pool { Sandbox = "sandbox", Noop = "noop", Index = "index", Model = "model" });

/// What the system knows about the jobs of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindProperties {
    /// The slots that its jobs take.
    pub pool: Pool,
    /// The queues that it has.
    pub classes: &'static [JobClass],
    /// Among kinds of one pool and class, those with a lower number are released first.
    pub priority: u8,
    /// Its attempts write to object storage, and what a lost one left there must be collected.
    pub leaves_objects: bool,
    /// A project has at most one unfinished job of the kind: asking for another gives the one there is.
    pub exclusive: bool,
}

/// The kinds that the API names and nothing submits yet have this specification, of which there is no value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Unspecified {}

/// Defines [`JobKind`], [`JobSpec`] and [`JobKind::properties`] from the entries of the table.
macro_rules! job_kinds {
    ($(
        $(#[doc = $doc:literal])*
        $(#[cfg($condition:meta)])?
        $variant:ident $(($spec:ty))? = $word:literal { $($property:ident: $value:expr),+ $(,)? }
    )+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum JobKind {
            $($(#[doc = $doc])* $(#[cfg($condition)])? #[serde(rename = $word)] $variant,)+
        }

        words!(JobKind { $($(#[cfg($condition)])? $variant = $word),+ });

        /// What a worker is told to do, by kind: resolved and checked by the coordinator, stored with the job.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[allow(clippy::large_enum_variant)] // one at a time, on its way to the wire
        pub enum JobSpec {
            $($(#[cfg($condition)])? #[serde(rename = $word)] $variant $(($spec))?,)+
        }

        impl JobSpec {
            pub fn kind(&self) -> JobKind {
                match self { $($(#[cfg($condition)])? Self::$variant { .. } => JobKind::$variant,)+ }
            }
        }

        impl JobKind {
            pub const fn properties(self) -> KindProperties {
                match self { $($(#[cfg($condition)])? Self::$variant => KindProperties { $($property: $value),+ },)+ }
            }
        }
    };
}

const BOTH: &[JobClass] = &[JobClass::Interactive, JobClass::Bulk];

job_kinds! {
    /// Runs a program in a sandbox.
    Execute(ExecuteSpec) = "execute" { pool: Pool::Sandbox, classes: BOTH, priority: 0, leaves_objects: true, exclusive: false }

    /// Builds a project's search index. One at a time writes a project's index; its objects are swept by project.
    Index(IndexSpec) = "index" { pool: Pool::Index, classes: BOTH, priority: 0, leaves_objects: false, exclusive: true }

    /// Improves code with a model.
    Refine(Unspecified) = "refine" { pool: Pool::Model, classes: BOTH, priority: 0, leaves_objects: true, exclusive: false }

    /// Does nothing; exists only where load tests are enabled.
    Noop = "noop" { pool: Pool::Noop, classes: BOTH, priority: 0, leaves_objects: false, exclusive: false }

    /// Ends with the text it was given: shows what a kind needs, and exists only in the test of that.
    #[cfg(feature = "test-kind")]
    TestEcho(String) = "test_echo" { pool: Pool::Sandbox, classes: BOTH, priority: 1, leaves_objects: false, exclusive: false }
}

impl JobKind {
    /// The kinds of a worker that does not report its kinds, because it is of an older version.
    pub const OF_OLDER_WORKERS: &'static [Self] = &[Self::Execute, Self::Noop];

    pub const fn pool(self) -> Pool {
        self.properties().pool
    }

    pub const fn classes(self) -> &'static [JobClass] {
        self.properties().classes
    }

    pub const fn leaves_objects(self) -> bool {
        self.properties().leaves_objects
    }

    pub const fn is_exclusive(self) -> bool {
        self.properties().exclusive
    }

    /// `class` if the kind has it, else the kind's first class.
    pub fn class_for(self, class: JobClass) -> JobClass {
        if self.classes().contains(&class) { class } else { self.classes()[0] }
    }
}

impl Pool {
    /// The kinds that take its slots, the most important first.
    pub fn kinds(self) -> Vec<JobKind> {
        let mut kinds: Vec<_> = JobKind::ALL.iter().copied().filter(|kind| kind.pool() == self).collect();
        kinds.sort_by_key(|kind| kind.properties().priority);
        kinds
    }

    /// Whether its jobs run in the container engine.
    pub const fn needs_engine(self) -> bool {
        matches!(self, Self::Sandbox)
    }

    /// Whether its jobs are so short that a worker receives some ahead and takes any of them in any free slot. Elsewhere
    /// a worker receives a job only for a free slot, and bulk jobs leave a quarter of the slots to interactive ones.
    pub fn is_short(self) -> bool {
        self == Self::Noop
    }
}

/// By hand, because utoipa does not see the words that the table's macro hands to serde.
impl PartialSchema for JobKind {
    fn schema() -> RefOr<Schema> {
        Schema::from(crate::schema::words(Self::ALL)).into()
    }
}

impl ToSchema for JobKind {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_words_of_the_wire() {
        let schema = serde_json::to_value(JobKind::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(JobKind::ALL).unwrap());
    }

    #[test]
    fn every_kind_has_a_queue() {
        for kind in JobKind::ALL {
            assert!(!kind.classes().is_empty(), "{kind} has no class");
            assert!(kind.pool().kinds().contains(kind));
        }
    }

    #[test]
    fn the_table_and_serde_use_the_same_names() {
        for kind in JobKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse::<JobKind>().unwrap(), *kind);
        }
        assert_eq!(serde_json::to_value(JobSpec::Noop).unwrap(), JobKind::Noop.as_str());
    }
}
