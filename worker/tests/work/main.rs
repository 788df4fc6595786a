//! The whole worker on a real broker, engine and object storage, with a coordinator that only this test needs: it
//! grants what was asked for and writes down what is reported.

mod fake_coordinator;
mod life;
mod runs;
