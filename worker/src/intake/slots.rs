//! Capacity as a permit: the holder of a [`Slot`] may run one job. There is no other way to run one.

use std::{collections::BTreeMap, sync::Arc};

use engunity_protocol::job::Pool;
use futures::future::{pending, select_all};
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

/// The slots of each pool; a pool that is not listed has none.
#[derive(Clone)]
pub struct Pools(BTreeMap<Pool, Slots>);

impl Pools {
    pub fn new(sizes: impl IntoIterator<Item = (Pool, u32)>) -> Self {
        Self(sizes.into_iter().map(|(pool, size)| (pool, Slots::new(size))).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = (Pool, &Slots)> {
        self.0.iter().map(|(pool, slots)| (*pool, slots))
    }

    pub fn get(&self, pool: Pool) -> Slots {
        self.0.get(&pool).cloned().unwrap_or_else(|| Slots::new(0))
    }

    pub fn total(&self) -> u32 {
        self.0.values().map(Slots::total).sum()
    }

    pub fn busy(&self) -> u32 {
        self.0.values().map(Slots::busy).sum()
    }

    /// Waits until a pool that is full has a free slot. Never returns while none is full.
    pub async fn wait_free(&self) {
        let full = self.0.values().filter(|slots| slots.total() > 0 && slots.free() == 0);
        let waiting: Vec<_> = full.map(|slots| Box::pin(slots.wait_free())).collect();
        if waiting.is_empty() {
            return pending().await;
        }
        select_all(waiting).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_pool_is_waited_for_and_others_are_not() {
        let pools = Pools::new([(Pool::Sandbox, 1), (Pool::Noop, 0)]);
        let slot = pools.get(Pool::Sandbox).try_take().unwrap();
        assert_eq!((pools.total(), pools.busy(), pools.get(Pool::Model).total()), (1, 1, 0));
        drop(slot);
        let never = tokio::time::timeout(std::time::Duration::from_millis(20), pools.wait_free());
        assert!(never.await.is_err(), "no pool is full");
    }

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
