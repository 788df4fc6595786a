//! Counts Ctrl-C and SIGTERM.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::Result;

/// Counts SIGINT and SIGTERM.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    seen: u32,
}

impl Interrupts {
    pub fn listen() -> Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate, seen: 0 })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        self.seen += 1;
    }

    /// Waits until there was one.
    pub async fn first(&mut self) {
        while self.seen < 1 {
            self.next().await;
        }
    }

    /// Waits until there were two.
    pub async fn second(&mut self) {
        while self.seen < 2 {
            self.next().await;
        }
    }
}
