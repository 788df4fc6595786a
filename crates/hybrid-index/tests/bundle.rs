//! A bundle brings an index over, and nothing else.

mod common;

use std::sync::LazyLock;

use common::*;
use engunity_hybrid_index::{IndexError, Mode, Opened, ProjectIndex, Settings, bundle};
use proptest::prelude::*;

fn bundle() -> Vec<u8> {
    let lab = project();
    lab.embed();
    let mut bytes = Vec::new();
    bundle::export(lab.dir.path(), &mut bytes).expect("exported");
    bytes
}

static BUNDLE: LazyLock<Vec<u8>> = LazyLock::new(bundle);

#[test]
fn a_bundle_is_the_same_index_elsewhere() {
    let lab = project();
    lab.embed();
    let mut bytes = Vec::new();
    let exported = bundle::export(lab.dir.path(), &mut bytes).expect("exported");
    let parent = tempfile::tempdir().expect("a folder");
    let dir = parent.path().join("copy");
    let imported = bundle::import(bytes.as_slice(), &dir).expect("imported");
    assert_eq!(exported, imported);
    let (index, opened) = ProjectIndex::open(&dir, Settings::default()).expect("an index");
    assert_eq!((opened, index.state()), (Opened::Existing, lab.index.state()));
    let copy = Lab { dir: parent, index };
    assert_eq!(
        copy.ask_with_meaning("parse url", Mode::Hybrid),
        lab.ask_with_meaning("parse url", Mode::Hybrid)
    );
}

#[test]
fn a_folder_that_is_in_use_is_not_overwritten() {
    let lab = project();
    let files = lab.index.files();
    assert!(matches!(bundle::import(BUNDLE.as_slice(), lab.dir.path()), Err(IndexError::Io { .. })));
    assert_eq!(lab.index.files(), files);
}

/// Imports what must not be taken, and sees that nothing is left.
fn is_refused(bytes: &[u8]) -> bool {
    let parent = tempfile::tempdir().expect("a folder");
    let refused = bundle::import(bytes, parent.path().join("copy")).is_err();
    refused && std::fs::read_dir(parent.path()).expect("the folder").count() == 0
}

#[test]
fn a_bundle_of_other_versions_is_refused() {
    let text = String::from_utf8_lossy(&BUNDLE[12..]).into_owned();
    let end = text.find('\n').expect("a hash");
    let length = u32::from_le_bytes([BUNDLE[8], BUNDLE[9], BUNDLE[10], BUNDLE[11]]) as usize;
    let body = text[end + 1..length].replacen("\"schema\":1", "\"schema\":9", 1);
    let manifest = format!("{}\n{body}", blake3::hash(body.as_bytes()).to_hex());
    let mut bytes = BUNDLE[..8].to_vec();
    bytes.extend((manifest.len() as u32).to_le_bytes());
    bytes.extend(manifest.as_bytes());
    let parent = tempfile::tempdir().expect("a folder");
    let refused = bundle::import(bytes.as_slice(), parent.path().join("copy"));
    assert!(matches!(refused, Err(IndexError::Foreign(_))), "{refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_changed_byte_is_refused(at in any::<prop::sample::Index>(), change in 1u8..=255) {
        let mut bytes = BUNDLE.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(is_refused(&bytes), "byte {}", at);
    }

    #[test]
    fn any_other_length_is_refused(at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..9)) {
        prop_assert!(is_refused(&BUNDLE[..at.index(BUNDLE.len())]));
        prop_assert!(is_refused(&[BUNDLE.as_slice(), &more].concat()));
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(is_refused(&bytes));
        prop_assert!(is_refused(&[b"EngIdx01".as_slice(), &bytes].concat()));
    }
}
