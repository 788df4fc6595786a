//! How many jobs a release may take, by pool, kind, class and runtime.

use super::*;

fn group(slots: i64, kinds: &[JobKind], runtimes: Option<&[&str]>) -> CapabilityGroup {
    CapabilityGroup {
        pool: kinds[0].pool(),
        kinds: kinds.iter().map(ToString::to_string).collect(),
        runtimes: runtimes.map(|names| names.iter().map(ToString::to_string).collect()),
        slots,
    }
}

fn fleet(groups: &[CapabilityGroup]) -> FleetCapacity {
    FleetCapacity { groups: groups.to_vec(), ..FleetCapacity::default() }
}

fn sandboxes(slots: i64) -> FleetCapacity {
    fleet(&[group(slots, &[JobKind::Execute], None)])
}

fn allowed(capacity: &FleetCapacity) -> (i64, i64) {
    let allowed = |class| capacity.allowed(JobKind::Execute, class);
    (allowed(JobClass::Interactive), allowed(JobClass::Bulk))
}

#[test]
fn bulk_leaves_a_quarter_of_the_slots() {
    let mut capacity = sandboxes(8);
    assert_eq!(allowed(&capacity), (10, 6));
    (0..6).for_each(|_| capacity.take(JobKind::Execute, JobClass::Bulk, None));
    assert_eq!(allowed(&capacity), (4, 0));
}

#[test]
fn a_fleet_of_one_slot_runs_bulk_too() {
    assert_eq!(allowed(&sandboxes(1)), (1, 1));
}

#[test]
fn nothing_is_released_without_workers() {
    let mut capacity = FleetCapacity::default();
    capacity.take(JobKind::Execute, JobClass::Interactive, None);
    for kind in JobKind::ALL {
        assert_eq!(capacity.allowed(*kind, JobClass::Interactive), 0);
        assert_eq!(capacity.allowed(*kind, JobClass::Bulk), 0);
    }
}

#[test]
fn a_kind_that_no_worker_offers_is_not_released() {
    let capacity = sandboxes(8);
    assert!(capacity.offers(JobKind::Execute) && !capacity.offers(JobKind::Index));
    assert_eq!(capacity.allowed(JobKind::Index, JobClass::Interactive), 0);
}

#[test]
fn a_pool_without_a_reserve_gives_bulk_jobs_all_slots() {
    let capacity = fleet(&[group(8, &[JobKind::Noop], None)]);
    assert_eq!(capacity.allowed(JobKind::Noop, JobClass::Bulk), 10);
}

#[test]
fn jobs_of_one_pool_do_not_take_another_kind_slots() {
    let mut capacity = fleet(&[group(4, &[JobKind::Execute], None), group(4, &[JobKind::Noop], None)]);
    (0..5).for_each(|_| capacity.take(JobKind::Noop, JobClass::Interactive, None));
    assert_eq!(allowed(&capacity), (5, 3));
}

#[test]
fn all_runtimes_are_open_where_a_worker_does_not_say() {
    let capacity =
        fleet(&[group(4, &[JobKind::Execute], None), group(4, &[JobKind::Execute], Some(&["python"]))]);
    assert_eq!(capacity.runtime_limits(JobKind::Execute), RuntimeLimits::default());
}

#[test]
fn a_runtime_of_some_workers_is_capped_by_their_slots() {
    let mut capacity = fleet(&[
        group(4, &[JobKind::Execute], Some(&["python"])),
        group(8, &[JobKind::Execute], Some(&["python", "rust"])),
    ]);
    let limits = capacity.runtime_limits(JobKind::Execute);
    assert_eq!(limits.open.unwrap(), ["python", "rust"]);
    assert_eq!(limits.capped, [("rust".to_owned(), 10)].into());
    (0..10).for_each(|_| capacity.take(JobKind::Execute, JobClass::Interactive, Some("rust".into())));
    let limits = capacity.runtime_limits(JobKind::Execute);
    assert_eq!((limits.open.unwrap(), limits.capped), (vec!["python".to_owned()], BTreeMap::new()));
    assert!(capacity.offers_runtime(JobKind::Execute, "rust"), "offered, and full");
    assert!(!capacity.offers_runtime(JobKind::Execute, "cobol"));
}
