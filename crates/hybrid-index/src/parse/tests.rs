//! What is found in files of each language, and that nothing is lost or panics.

use proptest::prelude::*;

use super::*;

fn symbols(language: &str, text: &str) -> Vec<String> {
    let parsed = parse(text.as_bytes(), Some(language));
    let line = |s: &Symbol| format!("{} {} in [{}] {}-{}", s.kind, s.name, s.scope, s.start_line, s.end_line);
    parsed.symbols.iter().map(line).collect()
}

const PYTHON: &str = r#"
LIMIT = 3

class Reader:
    """Reads."""

    # Opens the file.
    @classmethod
    def open_file(cls, path: str, mode="r") -> "Reader":
        return cls(path)

def main():
    def inner():
        pass
"#;

#[test]
fn python_has_classes_methods_and_functions() {
    assert_eq!(
        symbols("python", PYTHON),
        [
            "constant LIMIT in [] 2-2",
            "class Reader in [] 4-10",
            "method open_file in [Reader] 8-10",
            "function main in [] 12-14",
            "function inner in [main] 13-14",
        ]
    );
    let parsed = parse(PYTHON.as_bytes(), Some("python"));
    let method = parsed.symbols.iter().position(|symbol| symbol.name == "open_file").expect("the method");
    assert_eq!(parsed.symbols[method].params, "path str mode r reader");
    let unit = parsed.units.iter().position(|unit| unit.symbol == Some(method as u32)).expect("its unit");
    assert!(parsed.docs[unit].contains("Opens the file"), "{:?}", parsed.docs[unit]);
    assert_eq!(parsed.units[unit].start_line, 7, "the comment belongs to it");
}

#[test]
fn each_language_has_its_definitions() {
    let cases: [(&str, &str, &[&str]); 14] = [
        (
            "rust",
            "struct A;\nimpl A {\n    fn go(&self, n: u32) {}\n}\n",
            &["class A in [] 1-1", "implementation A in [] 2-4", "method go in [A] 3-3"],
        ),
        (
            "go",
            "package a\ntype T struct{}\nfunc (t *T) Do(x int) error { return nil }\n",
            &["class T in [] 2-2", "method Do in [T] 3-3"],
        ),
        (
            "typescript",
            "export const f = (a: number) => a;\ninterface I { m(): void }\n",
            &["function f in [] 1-1", "interface I in [] 2-2", "method m in [I] 2-2"],
        ),
        ("tsx", "function App() { return <div/>; }\n", &["function App in [] 1-1"]),
        ("javascript", "class A { go(x) {} }\n", &["class A in [] 1-1", "method go in [A] 1-1"]),
        (
            "java",
            "class A { int x; void go(int y) {} }\n",
            &["class A in [] 1-1", "field x in [A] 1-1", "method go in [A] 1-1"],
        ),
        (
            "c",
            "#define MAX 3\nint add(int a) { return a; }\n",
            &["macro MAX in [] 1-1", "function add in [] 2-2"],
        ),
        (
            "cpp",
            "namespace n { class A { void go() {} }; }\n",
            &["module n in [] 1-1", "class A in [n] 1-1", "method go in [n.A] 1-1"],
        ),
        ("ruby", "module M\n  def go(x)\n  end\nend\n", &["module M in [] 1-4", "method go in [M] 2-3"]),
        ("bash", "go() {\n  echo\n}\n", &["function go in [] 1-3"]),
        ("sql", "CREATE TABLE users (id int);\n", &["class users in [] 1-1"]),
        ("markdown", "# Top\ntext\n\n## Sub\nmore\n", &["heading Top in [] 1-5", "heading Sub in [Top] 4-5"]),
        ("json", "{\"name\": {\"b\": 1}}\n", &["field name in [] 1-1"]),
        ("yaml", "on: push\njobs:\n  a: 1\n", &["field on in [] 1-1", "field jobs in [] 2-3"]),
    ];
    for (language, text, expected) in cases {
        assert_eq!(symbols(language, text), expected, "{language}");
    }
    assert_eq!(symbols("css", ".a { b: c }\n"), ["class .a in [] 1-1"]);
    assert_eq!(symbols("toml", "[a.b]\nc = 1\n"), ["module a.b in [] 1-2"]);
    assert_eq!(symbols("html", "<p id=\"top\">x</p>"), ["field top in [] 1-1"]);
}

#[test]
fn a_long_function_is_also_found_by_its_parts_and_small_ones_are_not_doubled() {
    let long: String = (0..200).map(|n| format!("    value_{n} = compute_{n}(previous, {n})\n")).collect();
    let text = format!("def small(a):\n    return a\n\ndef long():\n{long}");
    let parsed = parse(text.as_bytes(), Some("python"));
    let count = |kind| parsed.units.iter().filter(|unit| unit.kind == kind).count();
    assert_eq!(count(UnitKind::Function), 2);
    assert!(count(UnitKind::Chunk) > 2, "{:?}", parsed.units);
    let small = parse(b"def small(a):\n    return a\n", Some("python"));
    assert_eq!(small.units.len(), 1);
}

#[test]
fn a_tree_of_any_depth_is_read() {
    for (open, language) in [
        ("(", "python"),
        ("[", "json"),
        ("{", "javascript"),
        ("<a>", "html"),
        ("- ", "yaml"),
        ("> ", "markdown"),
    ] {
        parse(open.repeat(5_000).as_bytes(), Some(language));
    }
    let staircase: String = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    parse(staircase.as_bytes(), Some("yaml"));
}

/// The chunks are the file, in order, and none is too large.
fn check_chunks(content: &[u8], ends: &[u32]) {
    assert!(ends.is_sorted_by(|a, b| a < b), "{ends:?}");
    assert_eq!(ends.last().copied().unwrap_or(0), content.len() as u32);
    let mut start = 0;
    for end in ends {
        let part = &content[start as usize..*end as usize];
        let weight = part.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
        assert!(weight <= MAX_NON_WHITE as usize + 4, "{weight}");
        start = *end;
    }
}

fn check(content: &[u8], language: &str) {
    check_chunks(content, &chunks::plain(content));
    let grammar = grammar::of(language).expect("a grammar");
    if let Some(tree) = tree_of(grammar, content) {
        check_chunks(content, &chunks::of_tree(content, &tree));
    }
    let parsed = parse(content, Some(language));
    assert_eq!(parsed.units.len(), parsed.docs.len());
    for unit in &parsed.units {
        assert!(unit.start <= unit.text_end && unit.text_end <= unit.end, "{unit:?}");
        assert!(unit.end as usize <= content.len() && unit.start_line <= unit.end_line, "{unit:?}");
        assert!(unit.symbol.is_none_or(|symbol| (symbol as usize) < parsed.symbols.len()));
    }
}

const LANGUAGES: [&str; 18] = [
    "bash",
    "c",
    "cpp",
    "css",
    "go",
    "html",
    "java",
    "javascript",
    "json",
    "markdown",
    "python",
    "ruby",
    "rust",
    "sql",
    "toml",
    "tsx",
    "typescript",
    "yaml",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_covered(content in prop::collection::vec(any::<u8>(), 0..3_000), at in 0usize..18) {
        check(&content, LANGUAGES[at]);
    }

    #[test]
    fn any_text_like_code_is_covered(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "def f(a):\n", "class A {\n", "    return x;\n", "}\n", "\"\"\"", "'", "/* ", "*/\n", "fn g() {\n", "# a\n",
                "<a id=\"x\">", "- b: 1\n", "[t]\n", "\r\n", "(", ")", "\u{feff}", "é漢", "a = 1\n", "\n\n", "\t", "lambda ",
                "CREATE TABLE t (a int);\n", "long_name_of_something = another_name(value, other)\n",
            ]),
            0..400,
        ),
        at in 0usize..18,
    ) {
        check(words.concat().as_bytes(), LANGUAGES[at]);
    }
}
