//! The list of migrations that a coordinator runs is exactly what lies in `migrations/`.

use std::{fs, path::Path};

#[test]
fn every_file_is_listed_and_every_listed_one_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = names.filter(|name| name.ends_with(".sql")).collect();
    files.sort_by_key(|name| name[1..name.find("__").unwrap()].parse::<i32>().unwrap());
    let listed: Vec<String> = engunity_store::MIGRATIONS
        .iter()
        .map(|(version, name, _)| format!("V{version}__{name}.sql"))
        .collect();
    assert_eq!(files, listed);
    for ((version, name, sql), number) in engunity_store::MIGRATIONS.iter().zip(1..) {
        assert_eq!(*version, number, "the versions have no gap");
        let file = folder.join(format!("V{version}__{name}.sql"));
        assert_eq!(fs::read_to_string(file).unwrap(), *sql, "{name} is another file's text");
    }
}
