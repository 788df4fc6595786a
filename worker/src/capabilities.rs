//! What this worker can do, as its heartbeat tells: the kinds that are registered and have slots, the runtimes of its
//! catalog whose images are on its host, and what the machine has. Coordinators send no other jobs here.

use std::{collections::BTreeSet, fs, sync::Weak, time::Duration};

use engunity_languages::Catalog;
use engunity_protocol::{
    job::{JobKind, Pool},
    wire::Offers,
};
use tokio::time::sleep;

use crate::{context::WorkerContext, intake::slots::Pools, jobs};

const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// The pools that registered kinds take their slots from.
pub fn pools() -> impl Iterator<Item = Pool> {
    jobs::KINDS.iter().map(|kind| kind.pool()).collect::<BTreeSet<_>>().into_iter()
}

/// The registered kinds whose pool has slots here.
pub fn kinds(pools: &Pools) -> impl Iterator<Item = JobKind> {
    jobs::KINDS.iter().copied().filter(|kind| pools.get(kind.pool()).total() > 0)
}

pub fn offers(pools: &Pools, catalog: &Catalog) -> Offers {
    Offers {
        kinds: kinds(pools).map(|kind| kind.to_string()).collect(),
        runtimes: Some(catalog.all().map(|runtime| runtime.name.clone()).collect()),
        memory_mb: memory_mb(&fs::read_to_string("/proc/meminfo").unwrap_or_default()).unwrap_or(0),
        gpus: gpus(),
    }
}

/// Looks again from time to time: images are built and removed while the worker runs.
pub async fn watch_runtimes(context: Weak<WorkerContext>) {
    loop {
        sleep(LOOK_INTERVAL).await;
        let Some(context) = context.upgrade() else { return };
        update_runtimes(&context).await;
    }
}

/// Offers the runtimes whose images are there. Leaves the offer as it is while the engine does not say.
pub async fn update_runtimes(context: &WorkerContext) {
    let Some(images) = context.sandbox.images().await else { return };
    let runtimes = context.catalog.all();
    let there = runtimes.filter(|runtime| images.contains(&runtime.image(&context.image_prefix)));
    context.status.offer_runtimes(there.map(|runtime| runtime.name.clone()).collect());
}

/// `MemTotal` of `/proc/meminfo`.
fn memory_mb(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// NVIDIA devices, by their device files.
fn gpus() -> u32 {
    let names = fs::read_dir("/dev").into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| is_gpu(&name.to_string_lossy())).count() as u32
}

fn is_gpu(device: &str) -> bool {
    device
        .strip_prefix("nvidia")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_table() {
        assert_eq!(memory_mb("MemTotal:       16384000 kB\nMemFree: 1 kB\n"), Some(16_000));
        assert_eq!(memory_mb("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn only_numbered_devices_are_gpus() {
        assert!(is_gpu("nvidia0") && is_gpu("nvidia12"));
        assert!(!is_gpu("nvidia") && !is_gpu("nvidiactl") && !is_gpu("nvidia-uvm"));
    }

    #[test]
    fn a_kind_without_slots_is_not_offered() {
        let pools = Pools::new([(Pool::Sandbox, 2), (Pool::Noop, 0)]);
        let kinds: Vec<_> = kinds(&pools).collect();
        assert!(kinds.contains(&JobKind::Execute) && !kinds.contains(&JobKind::Noop), "{kinds:?}");
    }
}
