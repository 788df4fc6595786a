//! Capacity as a permit: the holder of a [`Slot`] may run one job. There is no other way to run one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Clone)]
pub struct Slots {
    permits: Arc<Semaphore>,
    total: u32,
}

/// The right to run one job. Dropping it frees the slot.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    pub fn new(total: u32) -> Self {
        Self { permits: Arc::new(Semaphore::new(total as usize)), total }
    }

    pub fn total(&self) -> u32 {
        self.total
    }

    pub fn free(&self) -> u32 {
        self.permits.available_permits() as u32
    }

    pub fn busy(&self) -> u32 {
        self.total - self.free()
    }

    pub fn try_take(&self) -> Option<Slot> {
        Some(Slot { _permit: self.permits.clone().try_acquire_owned().ok()? })
    }

    /// Waits until a slot is free, without taking it.
    pub async fn wait_free(&self) {
        drop(self.permits.acquire().await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slot_is_taken_once_and_comes_back() {
        let slots = Slots::new(1);
        let slot = slots.try_take().unwrap();
        assert!(slots.try_take().is_none());
        assert_eq!((slots.free(), slots.busy()), (0, 1));
        drop(slot);
        slots.wait_free().await;
        assert!(slots.try_take().is_some());
    }
}
