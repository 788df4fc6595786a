//! What each way of searching finds in a small project.

mod common;

use std::time::Instant;

use common::*;
use engunity_hybrid_index::{Case, FileChange, IndexError, Mode, Overlay, Query, QueryError, Route};

#[test]
fn words_find_functions_and_their_forms() {
    let lab = project();
    let answer = lab.search("parsing an url", Mode::Lexical);
    assert_eq!(names(&answer)[0], "parse_url");
    assert_eq!(answer.hits[0].path, "src/urls.py", "what is tested stands before its test");
    assert_eq!((answer.hits[0].start_line, answer.hits[0].end_line), (7, 9));
    assert_eq!(answer.hits[0].symbol.as_ref().expect("a symbol").scope, "UrlParser");
    assert!(marked(&answer.hits[0]).contains(&"parse_url".to_owned()), "{:?}", marked(&answer.hits[0]));
    assert_eq!(names(&lab.search("mix colours", Mode::Lexical)), ["mixColours"]);
    assert!(lab.search("zebra", Mode::Lexical).hits.is_empty());
}

#[test]
fn meaning_finds_what_words_would_and_says_so() {
    let lab = project();
    assert!(lab.embed() > 4);
    let answer = lab.ask_with_meaning("splits an address into its parts", Mode::Semantic);
    assert_eq!(names(&answer)[0], "parse_url");
    assert!(answer.coverage.meaning);
    assert_eq!(answer.coverage.chunks, answer.coverage.embedded);
    let why = answer.hits[0].why.as_ref().expect("explained");
    assert!(why.found_by.contains(&"meaning".to_owned()) && !why.shares.is_empty(), "{why:?}");
    let hybrid = lab.ask_with_meaning("how are two paths put together", Mode::Hybrid);
    assert_eq!((hybrid.route, names(&hybrid)[0]), (Route::Question, "join_paths"));
}

#[test]
fn without_a_vector_meaning_is_refused_and_hybrid_falls_back_to_words() {
    let lab = project();
    let semantic = lab.index.search(&Query::new("x", Mode::Semantic), &Overlay::default(), far());
    assert!(matches!(semantic, Err(IndexError::Query(QueryError::NoVector))), "{semantic:?}");
    let hybrid = lab.search("how to parse an url", Mode::Hybrid);
    assert_eq!((names(&hybrid)[0], hybrid.coverage.meaning), ("parse_url", false));
}

#[test]
fn symbols_are_found_by_humps_scope_and_part() {
    let lab = project();
    for (text, name) in [
        ("UrlParser", "UrlParser"),
        ("mC", "mixColours"),
        ("UrlParser.parse", "parse_url"),
        ("joinp", "join_paths"),
    ] {
        let answer = lab.search(text, Mode::Symbol);
        assert_eq!(names(&answer).first(), Some(&name), "{text}");
        assert_eq!(answer.route, Route::Identifier);
    }
    assert_eq!(names(&lab.search("parse_url", Mode::Symbol)), ["parse_url", "test_parse_url"]);
}

#[test]
fn text_and_regex_find_lines() {
    let lab = project();
    let answer = lab.search("parse_url(", Mode::Text);
    let places: Vec<_> = answer.hits.iter().map(|hit| (hit.path.as_str(), hit.start_line)).collect();
    assert_eq!(places, [("src/urls.py", 7), ("tests/test_urls.py", 4), ("tests/test_urls.py", 5)]);
    assert_eq!(marked(&answer.hits[0]), ["parse_url("]);
    assert!(answer.exact && !answer.more);
    let regex = lab.search(r"def \w+_paths\(.*second", Mode::Regex);
    assert_eq!((regex.hits.len(), regex.hits[0].start_line), (1, 12));
    assert_eq!(
        paths(&lab.search("shrunken", Mode::Text)),
        ["web/app.min.js"],
        "what is minified is searched by text"
    );
    let insensitive = Query { case: Case::Insensitive, ..Query::new("URLPARSER", Mode::Text) };
    assert_eq!(lab.ask(&insensitive).hits.len(), 3);
    assert_eq!(lab.search("URLPARSER", Mode::Text).hits.len(), 0, "capital letters matter by default");
}

#[test]
fn paths_are_found_with_typing_errors() {
    let lab = project();
    for text in ["colours", "web/col", "colourts", "colouxs.ts", "web\\colours"] {
        assert_eq!(paths(&lab.search(text, Mode::Path)).first(), Some(&"web/colours.ts"), "{text}");
    }
    assert_eq!(marked(&lab.search("logo", Mode::Path).hits[0]), ["logo"], "a binary file has a path as well");
}

#[test]
fn languages_and_globs_narrow_every_mode() {
    let lab = project();
    let query = |paths: &[&str], languages: &[&str], mode| Query {
        paths: paths.iter().map(ToString::to_string).collect(),
        languages: languages.iter().map(ToString::to_string).collect(),
        ..Query::new("parse", mode)
    };
    for mode in [Mode::Text, Mode::Lexical, Mode::Symbol] {
        assert_eq!(paths(&lab.ask(&query(&["!tests"], &[], mode))).last(), Some(&"src/urls.py"), "{mode:?}");
        assert!(
            paths(&lab.ask(&query(&["tests/*.py"], &[], mode)))
                .iter()
                .all(|path| *path == "tests/test_urls.py")
        );
        assert!(lab.ask(&query(&[], &["typescript"], mode)).hits.is_empty(), "{mode:?}");
        assert!(!lab.ask(&query(&["*.py"], &["python"], mode)).hits.is_empty(), "{mode:?}");
    }
}

#[test]
fn the_router_takes_the_way_that_fits() {
    let lab = project();
    let cases = [
        ("parse_url", Route::Identifier, "src/urls.py"),
        ("colours.ts", Route::Path, "web/colours.ts"),
        (r"mix\w+", Route::Regex, "web/colours.ts"),
        ("\"two paths together\"", Route::Text, "src/urls.py"),
        (
            "Traceback:\n  File \"/app/src/urls.py\", line 9, in parse_url\nTypeError: x",
            Route::Traceback,
            "src/urls.py",
        ),
    ];
    for (text, route, path) in cases {
        let answer = lab.search(text, Mode::Hybrid);
        assert_eq!((answer.route, paths(&answer).first()), (route, Some(&path)), "{text}");
    }
    let traceback = lab.search("at x (src/urls.py:13:2)\nboom", Mode::Hybrid);
    assert_eq!((traceback.hits[0].start_line, names(&traceback)[0]), (10, "join_paths"));
}

#[test]
fn a_vector_is_wanted_where_it_helps() {
    let wants = |text: &str, mode| Query::new(text, mode).wants_vector();
    assert!(wants("how are paths joined", Mode::Hybrid) && wants("join_paths", Mode::Semantic));
    assert!(
        !wants("join_paths", Mode::Hybrid)
            && !wants("a.*b", Mode::Hybrid)
            && !wants("any words", Mode::Lexical)
    );
}

#[test]
fn an_overlay_hides_what_is_stored() {
    let lab = project();
    let find = |overlay: &Overlay, text: &str, mode| {
        let answer = lab.index.search(&Query::new(text, mode), overlay, far()).expect("an answer");
        answer.hits.into_iter().map(|hit| hit.path).collect::<Vec<_>>()
    };
    let changed = overlay("src/urls.py", Some("def brand_new(x):\n    return x\n"));
    for mode in [Mode::Text, Mode::Lexical, Mode::Symbol] {
        assert_eq!(find(&changed, "brand_new", mode), ["src/urls.py"], "{mode:?}");
        assert!(find(&changed, "join_paths", mode).is_empty(), "{mode:?}");
    }
    let added = overlay("new/file.py", Some("x = 1\n"));
    assert_eq!(find(&added, "new/file", Mode::Path), ["new/file.py"]);
    let deleted = overlay("src/urls.py", None);
    assert!(find(&deleted, "join_paths", Mode::Text).is_empty());
    assert!(!find(&Overlay::default(), "join_paths", Mode::Text).is_empty(), "nothing was stored");
}

#[test]
fn what_cannot_be_asked_gets_a_clear_error() {
    let lab = project();
    let error = |query: Query| match lab.index.search(&query, &Overlay::default(), far()) {
        Err(IndexError::Query(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(Query::new("  ", Mode::Hybrid)), QueryError::Empty);
    assert_eq!(error(Query::new("x".repeat(10_241), Mode::Text)), QueryError::TooLong { bytes: 10_241 });
    assert!(matches!(error(Query::new("é(ab", Mode::Regex)), QueryError::Regex { at: 1, .. }));
    assert!(matches!(error(Query::new("(a{1000}){1000}", Mode::Regex)), QueryError::RegexTooLarge(_)));
    assert!(matches!(error(Query::new(r"a\nb", Mode::Regex)), QueryError::Regex { .. }));
    assert_eq!(error(Query { limit: 0, ..Query::new("x", Mode::Text) }), QueryError::Limit);
    assert!(matches!(
        error(Query { paths: vec!["[".into()], ..Query::new("x", Mode::Text) }),
        QueryError::Glob { .. }
    ));
    assert!(lab.search(&"word ".repeat(2_000), Mode::Hybrid).exact, "10 kB are a query");
}

#[test]
fn a_deadline_that_has_passed_is_admitted() {
    let lab = project();
    let late = lab
        .index
        .search(&Query::new(".", Mode::Regex), &Overlay::default(), Instant::now())
        .expect("an answer");
    assert!(!late.exact && late.hits.is_empty());
}

#[test]
fn a_limit_that_was_reached_is_admitted() {
    let lab = project();
    let answer = lab.ask(&Query { limit: 2, ..Query::new(".", Mode::Regex) });
    assert_eq!((answer.hits.len(), answer.more, answer.exact), (2, true, true));
}

#[test]
fn the_order_of_segments_does_not_matter() {
    let one = project();
    let many = lab();
    for (path, language, text) in [
        ("tests/test_urls.py", "python", TESTS),
        ("web/colours.ts", "typescript", COLOURS),
        ("src/urls.py", "python", URLS),
    ] {
        many.index.apply([FileChange::put(path, Some(language), text)]).expect("applied");
    }
    for text in ["parse url", "paths together", "mix"] {
        let scores = |answer: &engunity_hybrid_index::Answer| {
            answer
                .hits
                .iter()
                .map(|hit| (hit.path.clone(), hit.start_line, (hit.score * 1e3) as i32))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            scores(&one.search(text, Mode::Lexical)),
            scores(&many.search(text, Mode::Lexical)),
            "{text}"
        );
    }
}

#[test]
fn an_expression_that_is_slow_on_one_file_ends_at_the_deadline() {
    let lab = lab();
    let text = format!("{}\n", "word ".repeat(16)).repeat(100_000);
    lab.index.apply([FileChange::put("large.txt", None, text)]).expect("applied");
    let query = Query::new(r"(?:\w?\s?){8}[0-9]", Mode::Regex);
    let begun = Instant::now();
    let answer = lab
        .index
        .search(&query, &Overlay::default(), begun + std::time::Duration::from_millis(20))
        .expect("an answer");
    assert!(!answer.exact && answer.hits.is_empty());
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn lines_of_a_long_file_have_their_numbers() {
    let lab = lab();
    let text: String = (1..=20_000).map(|number| format!("line {number} of many\n")).collect();
    lab.index.apply([FileChange::put("long.txt", None, text)]).expect("applied");
    let answer = lab.search("line 17345 of", Mode::Text);
    assert_eq!(answer.hits.iter().map(|hit| hit.start_line).collect::<Vec<_>>(), [17_345]);
    let first = lab.search(r"\Aline 1 ", Mode::Regex);
    assert_eq!(first.hits.len(), 1, "the beginning of the text is not that of a piece");
}
