//! A job that does nothing: load tests measure everything around it.

use engunity_protocol::verdict::Reason;

use crate::execution::Ending;

pub fn run() -> Ending {
    Ending::verdict(Reason::Ok, "nothing was to be done")
}
