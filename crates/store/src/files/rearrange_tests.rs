//! What a bulk move or copy decides, without a database.

use super::*;
use crate::files::tree::tests::tree;

fn wanted(copy: bool, paths: &[&str], into: &str, on_conflict: OnConflict) -> Rearrangement {
    let paths = paths.iter().map(|path| ProjectPath::parse(path).unwrap()).collect();
    Rearrangement { copy, paths, into: ProjectPath::parse(into).ok(), on_conflict }
}

/// What is done, as `from > to`, and what fails, as `path: code`.
fn outcome(tree: &mut Tree, wanted: &Rearrangement) -> (Vec<String>, Vec<String>) {
    let into = target_folder(tree, wanted.into.as_ref()).unwrap();
    let outcome = arrange(tree, wanted, into).outcome;
    let done = outcome.done.iter().map(|done| format!("{} > {}", done.from, done.path)).collect();
    let failed = outcome.failed.iter().map(|failed| format!("{}: {}", failed.path, failed.code)).collect();
    (done, failed)
}

#[test]
fn an_item_that_can_not_be_done_does_not_stop_the_others() {
    let mut tree = tree(&["a/", "a/x", "b/", "b/x", "c"]);
    let (done, failed) =
        outcome(&mut tree, &wanted(false, &["a/x", "none", "b", "c", "c"], "b", OnConflict::Fail));
    assert_eq!(done, ["c > b/c"]);
    assert_eq!(failed, ["a/x: conflict", "b: invalid_input", "none: not_found"]);
}

#[test]
fn what_is_below_another_path_goes_with_it() {
    let mut tree = tree(&["a/", "a/d/", "a/d/x", "b/"]);
    let (done, failed) =
        outcome(&mut tree, &wanted(false, &["a/d/x", "a/d", "a/d/none"], "b", OnConflict::Fail));
    assert_eq!(done, ["a/d > b/d", "a/d/x > b/d/x"]);
    assert_eq!(failed, ["a/d/none: not_found"]);
    assert!(tree.get("a/d").is_none() && tree.get("b/d/x").is_some());
}

#[test]
fn a_copy_is_new_all_the_way_down() {
    let mut tree = tree(&["a/", "a/d/", "a/d/x"]);
    let steps = arrange(&mut tree, &wanted(true, &["a"], "", OnConflict::Rename), None);
    let paths: Vec<&str> = steps.steps.iter().map(|step| step.path.as_str()).collect();
    assert_eq!(paths, ["a (1)", "a (1)/d", "a (1)/d/x"]);
    assert!(steps.steps.iter().all(|step| step.source != step.id));
    assert_eq!(steps.steps[0].parent, Some(None));
    assert_eq!(steps.steps[1].parent, Some(Some(steps.steps[0].id)));
    assert_eq!(steps.steps[2].parent, Some(Some(steps.steps[1].id)));
    assert_eq!(steps.outcome.done[0].id, steps.steps[0].id);
}

#[test]
fn two_of_one_name_do_not_replace_each_other() {
    let mut tree = tree(&["a/", "a/x", "b/", "b/x", "x"]);
    let all = wanted(false, &["a/x", "b/x"], "", OnConflict::Replace);
    let there = tree.get("x").unwrap().id;
    let steps = arrange(&mut tree, &all, None);
    assert_eq!(steps.replaced, [there]);
    assert_eq!((steps.outcome.done.len(), steps.outcome.failed.len()), (1, 1));
}

#[test]
fn nothing_replaces_the_folder_it_is_in() {
    let mut tree = tree(&["a/", "a/a", "b/", "b/a"]);
    let (done, failed) = outcome(&mut tree, &wanted(false, &["a/a"], "", OnConflict::Replace));
    assert_eq!((done.len(), failed), (0, vec!["a/a: conflict".to_owned()]));
    let (done, _) = outcome(&mut tree, &wanted(false, &["b/a"], "b", OnConflict::Fail));
    assert_eq!(done, ["b/a > b/a"], "it is there already");
}

#[test]
fn copies_need_room_and_paths_have_an_end() {
    let mut full = tree(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "t/"]);
    let (done, failed) = outcome(&mut full, &wanted(true, &["a", "b"], "t", OnConflict::Fail));
    assert_eq!((done, failed), (vec!["a > t/a".to_owned()], vec!["b: quota_exceeded".to_owned()]));
    let deep = "d/".repeat(62) + "d";
    let mut folders: Vec<String> = (1..=63).map(|n| "d/".repeat(n)).collect();
    folders.extend(["a/".to_owned(), "a/b".to_owned()]);
    let mut deep_tree = tree(&folders.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, failed) = outcome(&mut deep_tree, &wanted(false, &["a"], &deep, OnConflict::Fail));
    assert_eq!(failed, ["a: invalid_input"]);
}
