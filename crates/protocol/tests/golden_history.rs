//! Bulk calls, trash and history as the API shows them, byte by byte, like `golden.rs`: only additions are allowed, and
//! `UPDATE_GOLDEN=1` writes them.

#![allow(clippy::unwrap_used)] // Helpers of tests may unwrap.

use std::{fmt::Debug, path::PathBuf, str::FromStr};

use engunity_protocol::{
    UserId,
    bulk::{BulkDone, BulkFailure, BulkOutcome, RestoredItem, TrashRestored},
    file::FileType,
    history::{Cause, Person, TrashEntry, Version},
    problem::ErrorCode,
};
use serde::{Serialize, de::DeserializeOwned};

fn in_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, sample: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(sample).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).expect("UPDATE_GOLDEN=1 writes it");
    assert_eq!(kept, text, "{name} has changed on the wire");
    assert_eq!(&serde_json::from_str::<T>(&kept).unwrap(), sample);
}

fn id<T: FromStr<Err: Debug>>() -> T {
    "01900000-0000-7000-8000-00000000000a".parse().unwrap()
}

#[test]
fn bulk_answers() {
    let detail = "there is no none.txt".to_owned();
    let failed = vec![BulkFailure { path: "none.txt".into(), code: ErrorCode::NotFound, detail }];
    let done = vec![BulkDone { id: id(), from: "a.txt".into(), path: "d/a.txt".into() }];
    in_json("bulk_outcome", &BulkOutcome { done, failed: failed.clone(), deletion_id: Some(id()) });
    let done = vec![RestoredItem { id: id(), path: "d/a.txt".into() }];
    in_json("trash_restored", &TrashRestored { done, failed });
}

#[test]
fn trash_and_history() {
    let ada = Person { id: UserId(7), name: "Ada".into() };
    let entry = TrashEntry {
        id: id(),
        deletion_id: id(),
        path: "src".into(),
        kind: FileType::Folder,
        files: 3,
        size: 4096,
        deleted_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        deleted_by: Some(ada.clone()),
        expires_at: Some("2026-02-01T03:04:05Z".parse().unwrap()),
    };
    in_json("trash_entry", &entry);
    let version = |cause: Cause| Version {
        id: id(),
        path: "src/main.py".into(),
        hash: "af13".into(),
        size: 9,
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        author: Some(ada.clone()),
        cause,
        current: cause == Cause::Save,
    };
    in_json("versions", &Cause::ALL.map(version).to_vec());
}
