//! From a file's bytes to what can be found in it: symbols, and units (functions, types, chunks). Pure; never panics,
//! whatever the bytes are.

mod chunks;
mod definitions;
mod lines;
mod units;

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tree_sitter::{ParseOptions, Parser, Tree};

use crate::grammar::{self, Grammar};

pub use chunks::MAX_NON_WHITE;
pub use lines::Lines;

/// Raise it when the same file gives other symbols or units than before.
pub const VERSION: u32 = 1;
/// A parser that needs longer gives up; the file gets plain chunks.
const PARSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A named definition. Offsets are bytes of the file, lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    pub name: String,
    /// The words of `symbols.scm`.
    pub kind: String,
    /// What it is defined in, outermost first, joined by dots.
    pub scope: String,
    /// Its parameters as words, shortened.
    pub params: String,
    pub start: u32,
    pub end: u32,
    pub start_line: u32,
    pub end_line: u32,
    pub name_line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitKind {
    Function,
    /// A class, interface, module…: its own text ends where its first function begins.
    Type,
    /// A piece of the file of its own: top-level code, prose, data, a part of a long function.
    Chunk,
}

/// What words and meaning find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub kind: UnitKind,
    /// The symbol it is, or that it lies in: an index into the file's symbols.
    pub symbol: Option<u32>,
    pub start: u32,
    /// The end of its own text.
    pub text_end: u32,
    pub end: u32,
    pub start_line: u32,
    pub end_line: u32,
}

/// What is in a file. `docs[i]` is the documentation of `units[i]`.
#[derive(Debug, Default, PartialEq)]
pub struct Parsed {
    pub symbols: Vec<Symbol>,
    pub units: Vec<Unit>,
    pub docs: Vec<String>,
}

/// Reads `content`, which is written in `language` (an id of `languages/`).
pub fn parse(content: &[u8], language: Option<&str>) -> Parsed {
    let lines = Lines::of(content);
    let tree = language.and_then(grammar::of).and_then(|grammar| Some((grammar, tree_of(grammar, content)?)));
    let Some((grammar, tree)) = tree else {
        return units::collect(content, &lines, Vec::new(), &chunks::plain(content));
    };
    let definitions = definitions::find(grammar, &tree, content);
    let chunks = chunks::of_tree(content, &tree);
    units::collect(content, &lines, definitions, &chunks)
}

/// Levels of indentation that the YAML scanner can hold are 253; beyond, it writes past its buffer.
const MAX_YAML_LEVELS: usize = 200;

/// Whether the scanner of YAML can take `content`: a line adds at most its indentation and its indicators in levels.
fn is_too_deep(grammar: &Grammar, content: &[u8]) -> bool {
    let levels = |line: &[u8]| {
        let indent = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        indent + line.iter().filter(|byte| matches!(byte, b'-' | b'?' | b':' | b'[' | b'{')).count()
    };
    grammar.id == "yaml" && content.split(|byte| *byte == b'\n').any(|line| levels(line) > MAX_YAML_LEVELS)
}

fn tree_of(grammar: &Grammar, content: &[u8]) -> Option<Tree> {
    if is_too_deep(grammar, content) {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    let deadline = Instant::now() + PARSE_TIMEOUT;
    let mut watch = |_: &tree_sitter::ParseState| match Instant::now() < deadline {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    let options = ParseOptions::new().progress_callback(&mut watch);
    let mut read = |at: usize, _| content.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options))
}

#[cfg(test)]
mod tests;
