//! Bounds of what clients send, and how the API document states them. The coordinator enforces the same constants, so
//! that the document and the behaviour can't differ.

use std::ops::RangeInclusive;

use utoipa::openapi::schema::{
    Array, ArrayBuilder, Object, ObjectBuilder, OneOf, OneOfBuilder, Schema, SchemaType, Type,
};

use crate::{
    bulk::MAX_ITEMS,
    path::{MAX_NAME_BYTES, MAX_PATH_BYTES},
    search::{MAX_GLOB_BYTES, MAX_QUERY_BYTES},
};

/// The length of a text, in characters.
pub type Length = RangeInclusive<usize>;

pub const USER_NAME: Length = 0..=200;
pub const EMAIL: Length = 3..=254;
pub const PASSWORD: Length = 8..=256;
pub const TOKEN_NAME: Length = 1..=100;
/// Days that a personal token may live.
pub const TOKEN_DAYS: RangeInclusive<u32> = 1..=3650;
/// Days that an invitation may hold.
pub const INVITATION_DAYS: RangeInclusive<u32> = 1..=365;
/// The largest number that JavaScript holds exactly.
pub const MAX_LIMIT: i64 = (1 << 53) - 1;
pub const PROJECT_NAME: Length = 1..=200;
pub const DESCRIPTION: Length = 0..=10_000;
pub const LANGUAGE: Length = 0..=50;
pub const REPOSITORY_URL: Length = 0..=2000;
/// Globs of one run, and the bytes of each.
pub const GLOBS: usize = 64;
pub const GLOB_BYTES: usize = 1024;
/// Live input of one request, in bytes.
pub const INPUT_BYTES: usize = 64 * 1024;
pub const INPUT_SOURCE: Length = 0..=64;

/// PostgreSQL stores no NUL.
const NO_NUL: &str = r"^[^\x00]*$";
/// The same, with something to see in it: names are taken without the spaces around them.
const VISIBLE: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";
const EMAIL_PATTERN: &str = concat!(
    r#"^[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\"]+"#,
    r#"@[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".-](?:[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".]*[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".-])?"#,
    r#"(?:\.[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".-](?:[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".]*[^\s\x00-\x1f\x7f-\x9f@<>()\[\],;:\\".-])?)*$"#
);

/// One part of a path: no slash, backslash or control character, and neither `.` nor `..`.
macro_rules! part {
    () => {
        r"(?:[^./\\\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*|\.[^./\\\x00-\x1f\x7f-\x9f][^/\\\x00-\x1f\x7f-\x9f]*|\.\.[^/\\\x00-\x1f\x7f-\x9f]+)"
    };
}
const NAME_PATTERN: &str = concat!("^", part!(), "$");
const PATH_PATTERN: &str = concat!(r"^(?:\./)*", part!(), "(?:/", part!(), "){0,63}/?$");
/// A folder, or nothing for the root.
const FOLDER_PATTERN: &str = concat!(r"^(?:(?:\./)*", part!(), "(?:/", part!(), "){0,63}/?)?$");
/// As a manifest writes it: nothing that would be taken off.
const EXACT_PATH_PATTERN: &str = concat!("^", part!(), "(?:/", part!(), "){0,63}$");
/// Globs are relative to the project and stay in it.
macro_rules! glob_part {
    () => {
        r"(?:[^./\x00][^/\x00]*|\.[^./\x00][^/\x00]*|\.\.[^/\x00]+|\.)"
    };
}
const GLOB_PATTERN: &str = concat!("^", glob_part!(), "(?:/", glob_part!(), ")*/?$");
const BYTES: &str = "The limit counts bytes of UTF-8.";

fn text(length: &Length, pattern: &str) -> ObjectBuilder {
    let least = (*length.start() > 0).then_some(*length.start());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(least)
        .max_length(Some(*length.end()))
        .pattern(Some(pattern))
}

/// The same where `null` is taken too.
fn nullable(text: ObjectBuilder) -> Object {
    text.schema_type(SchemaType::from_iter([Type::String, Type::Null])).build()
}

pub fn email() -> Object {
    text(&EMAIL, EMAIL_PATTERN).build()
}

pub fn password() -> Object {
    text(&PASSWORD, NO_NUL).build()
}

pub fn user_name() -> Object {
    nullable(text(&USER_NAME, NO_NUL))
}

/// What an email or a token may be when it is only compared.
pub fn any_text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(NO_NUL)).build()
}

pub fn optional_text() -> Object {
    nullable(ObjectBuilder::new().schema_type(Type::String).pattern(Some(NO_NUL)))
}

pub fn optional_password() -> Object {
    nullable(text(&PASSWORD, NO_NUL))
}

pub fn optional_email() -> Object {
    nullable(text(&EMAIL, EMAIL_PATTERN))
}

/// Days that an invitation holds.
pub fn invitation_days() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(*INVITATION_DAYS.start()))
        .maximum(Some(*INVITATION_DAYS.end()))
        .build()
}

/// A limit: a number, or `null` to go back to what the installation says.
pub fn limit() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(0))
        .maximum(Some(MAX_LIMIT))
        .description(Some("0 is no limit; `null` is the default."))
        .build()
}

pub fn token_name() -> Object {
    text(&TOKEN_NAME, VISIBLE).build()
}

pub fn project_name() -> Object {
    text(&PROJECT_NAME, VISIBLE).build()
}

pub fn description() -> Object {
    nullable(text(&DESCRIPTION, NO_NUL))
}

pub fn language() -> Object {
    nullable(text(&LANGUAGE, NO_NUL))
}

pub fn repository_url() -> Object {
    nullable(text(&REPOSITORY_URL, NO_NUL))
}

pub fn token_days() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .minimum(Some(*TOKEN_DAYS.start()))
        .maximum(Some(*TOKEN_DAYS.end()))
        .description(Some("Days until it ends; absent: never."))
        .build()
}

fn name_text() -> ObjectBuilder {
    text(&(1..=MAX_NAME_BYTES), NAME_PATTERN).description(Some(BYTES))
}

/// The name of a file or folder.
pub fn name() -> Object {
    name_text().build()
}

pub fn optional_name() -> Object {
    nullable(name_text())
}

/// A path; `./` in front and one `/` behind are taken off.
pub fn optional_path() -> Object {
    nullable(text(&(1..=MAX_PATH_BYTES), PATH_PATTERN).description(Some(BYTES)))
}

/// The same in a form, where there is no `null`.
pub fn form_path() -> Object {
    text(&(1..=MAX_PATH_BYTES), PATH_PATTERN).description(Some(BYTES)).build()
}

pub fn exact_path() -> Object {
    text(&(1..=MAX_PATH_BYTES), EXACT_PATH_PATTERN).description(Some(BYTES)).build()
}

/// A list of such paths.
pub fn exact_paths() -> Array {
    ArrayBuilder::new()
        .items(exact_path())
        .description(Some("Folders to have although no file lies in them."))
        .build()
}

/// What a bulk call is about.
pub fn item_paths() -> Array {
    ArrayBuilder::new().items(form_path()).min_items(Some(1)).max_items(Some(MAX_ITEMS)).build()
}

/// A folder; the empty text is the root.
pub fn optional_folder() -> Object {
    nullable(text(&(0..=MAX_PATH_BYTES), FOLDER_PATTERN).description(Some(BYTES)))
}

/// What is searched for.
pub fn query() -> Object {
    text(&(1..=MAX_QUERY_BYTES), VISIBLE).description(Some(BYTES)).build()
}

/// A glob over the paths of a project.
pub fn path_glob() -> Object {
    nullable(text(&(1..=MAX_GLOB_BYTES), NO_NUL).description(Some(BYTES)))
}

/// The words of an enum.
pub fn words<T: ToString>(all: &[T]) -> Object {
    let words = all.iter().map(ToString::to_string);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// BLAKE3 of a content.
pub fn hash() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-9a-f]{64}$"))
        .description(Some("BLAKE3 of the content, hex."))
        .build()
}

/// Anything that a shell line, a variable or stdin may be.
pub fn stdin() -> Object {
    nullable(ObjectBuilder::new().schema_type(Type::String).pattern(Some(NO_NUL)))
}

/// What is typed: any characters.
pub fn input_data() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("Bytes for the program, at most 65536 of them."))
        .build()
}

pub fn input_source() -> Object {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(*INPUT_SOURCE.end())).build()
}

fn visible() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(VISIBLE)).build()
}

/// A shell line, or an argv whose first word names a program.
pub fn command() -> OneOf {
    let argv = ArrayBuilder::new().items(any_text()).prefix_items([visible()]).min_items(Some(1));
    OneOfBuilder::new()
        .item(visible())
        .item(argv)
        .description(Some("A shell line, or an argv that no shell sees."))
        .build()
}

/// A variable's name has neither `=` nor NUL.
pub fn env() -> Object {
    let name = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^[^=\x00]+$"));
    ObjectBuilder::new()
        .property_names(Some(name))
        .additional_properties(Some(Schema::from(any_text())))
        .build()
}

pub fn globs() -> Array {
    ArrayBuilder::new()
        .items(text(&(1..=GLOB_BYTES), GLOB_PATTERN))
        .max_items(Some(GLOBS))
        .description(Some(
            "Globs of what to keep from the project's folder after the run: relative, without `..`.",
        ))
        .build()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::path::ProjectPath;

    const SAMPLES: &[&str] = &[
        "", ".", "..", "...", "a", ".a", "..a", "a..", "a.b", "a/b", "a//b", "/a", "a/", "a//", "./a",
        "././a", "a/./b", "a/../b", "..//a", "../a", "a/..", "a/.", "a\\b", "a\nb", "a\0b", "ü/λ", "./",
        "./..", " ", "a b/ c",
    ];

    #[test]
    fn what_the_document_says_of_paths_is_what_is_taken() {
        let (path, exact, name) = (pattern(PATH_PATTERN), pattern(EXACT_PATH_PATTERN), pattern(NAME_PATTERN));
        let folder = pattern(FOLDER_PATTERN);
        for text in SAMPLES {
            let parsed = ProjectPath::parse(text).ok();
            let is_exact = parsed.as_ref().is_some_and(|parsed| parsed.as_str() == *text);
            assert_eq!(path.is_match(text), parsed.is_some(), "{text:?}");
            assert_eq!(folder.is_match(text), parsed.is_some() || text.is_empty(), "{text:?}");
            assert_eq!(exact.is_match(text), is_exact, "{text:?}");
            assert_eq!(name.is_match(text), is_exact && !text.contains('/'), "{text:?}");
        }
        let deep = |folders: usize| "a/".repeat(folders) + "a";
        assert!(path.is_match(&deep(63)) && ProjectPath::parse(&deep(63)).is_ok());
        assert!(!path.is_match(&deep(64)) && ProjectPath::parse(&deep(64)).is_err());
    }

    #[test]
    fn globs_stay_in_the_project() {
        let glob = pattern(GLOB_PATTERN);
        for good in ["**", "out/**", "*.txt", "./out", "..a/*", "a/...", "out/", "{a,b}/*.rs", "[!.]*"] {
            assert!(glob.is_match(good), "{good}");
        }
        for bad in ["", "..", "../**", "a/../b", "a/..", "/etc/*", "a\0", "a//b"] {
            assert!(!glob.is_match(bad), "{bad:?}");
        }
    }

    fn pattern(text: &str) -> Regex {
        // In a document `$` is the end of the text, not of a line.
        Regex::new(text).expect(text)
    }
}
