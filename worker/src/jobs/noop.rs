//! A job that does nothing. Load tests use it to measure the cost of everything around a run.

use engunity_protocol::verdict::Reason;

use crate::execution::{Ending, Run};

pub async fn run(_: &mut Run) -> Ending {
    Ending::verdict(Reason::Ok, "nothing was to be done")
}
