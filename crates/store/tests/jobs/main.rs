//! Jobs on a real PostgreSQL: accepting, releasing, claiming, recording, cancelling, losing.

mod accepting;
mod ending;
mod events;
mod lab;
mod releasing;
