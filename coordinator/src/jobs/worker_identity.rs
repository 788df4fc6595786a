//! Refuses messages that one worker sends in another worker's name. The broker verifies the user of each message.

use engunity_broker::worker_users::SenderCheck;
use engunity_protocol::WorkerId;

/// Whether a message that names `worker` was sent by the broker user of that worker; counts and logs the others.
pub fn is_genuine(check: SenderCheck, sender: Option<&str>, worker: &WorkerId) -> bool {
    let genuine = check.accepts(sender, worker);
    if !genuine {
        metrics::counter!("engunity_forged_messages_total").increment(1);
        tracing::warn!(sender, claimed = %worker, "refused a message: it is not from the worker that it names");
    }
    genuine
}
