//! Kinds of jobs in statements: named by the table alone.

use engunity_protocol::job::JobKind;

/// The condition that leaves out kinds whose jobs are too short to count or to keep output; as in the index of jobs with
/// output. `column` is the job's kind.
pub(crate) fn is_counted(column: &str) -> String {
    let all = JobKind::ALL.iter().filter(|kind| kind.pool().is_short());
    let names: Vec<_> = all.map(|kind| format!("'{kind}'")).collect();
    format!("{column} NOT IN ({})", names.join(", "))
}
