//! Runs a language's symbol query over a syntax tree.

use std::collections::HashMap;

use tree_sitter::{Node, QueryCursor, StreamingIterator, Tree};

use super::Symbol;
use crate::{grammar::Grammar, tokens};

/// More definitions than this are a table that somebody calls a program.
const MAX_DEFINITIONS: usize = 20_000;
const MAX_NAME_CHARS: usize = 200;
const MAX_PARAMS_CHARS: usize = 200;
const MAX_DOC_BYTES: usize = 4_000;
/// The query gives up some matches rather than grow without bound.
const MATCH_LIMIT: u32 = 1_024;

/// A symbol, its documentation, and where that begins if it stands before it.
pub struct Definition {
    pub symbol: Symbol,
    pub doc: String,
    pub with_doc: u32,
}

/// All definitions, by their start, the outer before the inner.
pub fn find(grammar: &Grammar, tree: &Tree, content: &[u8]) -> Vec<Definition> {
    let mut found: Vec<_> = named_nodes(grammar, tree, content)
        .into_values()
        .map(|(_, kind, node, name)| definition(kind, node, name, content))
        .filter(|definition| !definition.symbol.name.is_empty())
        .collect();
    let place = |d: &Definition| (d.symbol.start, std::cmp::Reverse(d.symbol.end), d.symbol.name_line);
    found.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.symbol.name.cmp(&b.symbol.name)));
    found.truncate(MAX_DEFINITIONS);
    set_scopes(&mut found);
    found
}

type Named<'g, 't> = (usize, &'g str, Node<'t>, Node<'t>);

/// Pattern, kind, node and name of each definition, by the name's place. The earlier pattern wins.
fn named_nodes<'g, 't>(
    grammar: &'g Grammar,
    tree: &'t Tree,
    content: &[u8],
) -> HashMap<usize, Named<'g, 't>> {
    let names = grammar.symbols.capture_names();
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(MATCH_LIMIT);
    let mut matches = cursor.matches(&grammar.symbols, tree.root_node(), content);
    let mut found: HashMap<usize, Named<'g, 't>> = HashMap::new();
    while let Some(one) = matches.next() {
        let (mut node, mut name, mut kind) = (None, None, "");
        for capture in one.captures() {
            let capture_name = names[capture.index as usize];
            if capture_name == "name" {
                name = Some(capture.node);
            } else if let Some(word) = capture_name.strip_prefix("definition.") {
                (node, kind) = (Some(capture.node), word);
            }
        }
        let (Some(node), Some(name)) = (node, name) else { continue };
        let entry = (one.pattern_index, kind, node, name);
        let known = found.entry(name.start_byte()).or_insert(entry);
        if one.pattern_index < known.0 {
            *known = entry;
        }
        if found.len() >= 2 * MAX_DEFINITIONS {
            break;
        }
    }
    found
}

fn definition(kind: &str, node: Node<'_>, name: Node<'_>, content: &[u8]) -> Definition {
    let outer = outer_of(node);
    // What is decorated, without its decorators.
    let node = node.child_by_field_name("definition").unwrap_or(node);
    let (comments, with_doc) = comments_before(outer, content);
    let doc = [comments, docstring(node, content)].join("\n");
    let symbol = Symbol {
        name: name_text(name, content),
        kind: kind.to_owned(),
        scope: receiver(node, content),
        params: params(node, content),
        start: outer.start_byte() as u32,
        end: outer.end_byte() as u32,
        start_line: outer.start_position().row as u32 + 1,
        end_line: last_row(outer) as u32 + 1,
        name_line: name.start_position().row as u32 + 1,
    };
    Definition { symbol, doc: cut(doc.trim(), MAX_DOC_BYTES).to_owned(), with_doc: with_doc as u32 }
}

fn name_text(name: Node<'_>, content: &[u8]) -> String {
    let text = text(name, content);
    let line = text.lines().next().unwrap_or_default();
    // `Vec<T>` in `impl Vec<T>` is Vec.
    let plain = line.split('<').next().filter(|plain| !plain.trim().is_empty()).unwrap_or(line);
    plain.trim().chars().take(MAX_NAME_CHARS).collect()
}

/// A node that ends with a line break does not reach into the line after it.
fn last_row(node: Node<'_>) -> usize {
    let (start, end) = (node.start_position(), node.end_position());
    if end.column == 0 && end.row > start.row { end.row - 1 } else { end.row }
}

/// Decorators and `export` belong to what they stand before.
fn outer_of(node: Node<'_>) -> Node<'_> {
    match node.parent() {
        Some(parent) if matches!(parent.kind(), "decorated_definition" | "export_statement") => parent,
        _ => node,
    }
}

/// The comments that stand directly before `node`, attributes between them passed over, and where it all begins.
fn comments_before(node: Node<'_>, content: &[u8]) -> (String, usize) {
    let mut first = node;
    let mut texts = Vec::new();
    while let Some(before) = first.prev_sibling() {
        let is_comment = before.kind().contains("comment");
        let is_attribute = matches!(before.kind(), "attribute_item" | "decorator" | "annotation");
        let is_adjacent = last_row(before) + 1 >= first.start_position().row;
        if !is_adjacent || !(is_comment || is_attribute) || shares_line(before) {
            break;
        }
        if is_comment {
            texts.push(text(before, content));
        }
        first = before;
    }
    texts.reverse();
    (texts.join("\n"), first.start_byte())
}

/// Whether a comment stands behind code on its line, and so belongs to that.
fn shares_line(comment: Node<'_>) -> bool {
    let row = comment.start_position().row;
    comment.prev_sibling().is_some_and(|before| before.end_position().row == row && last_row(before) == row)
}

/// The string that begins a body, as in Python.
fn docstring(node: Node<'_>, content: &[u8]) -> String {
    let string = node
        .child_by_field_name("body")
        .and_then(|body| body.named_child(0))
        .map(|first| {
            if first.kind() == "expression_statement" { first.named_child(0).unwrap_or(first) } else { first }
        })
        .filter(|first| first.kind() == "string");
    string.map(|string| text(string, content)).unwrap_or_default()
}

/// The type that a method of Go is defined on.
fn receiver(node: Node<'_>, content: &[u8]) -> String {
    let receiver = node.child_by_field_name("receiver").filter(|_| node.kind() == "method_declaration");
    let name = receiver.and_then(|receiver| descendant(receiver, "type_identifier", 5));
    name.map(|name| text(name, content)).unwrap_or_default()
}

fn descendant<'t>(node: Node<'t>, kind: &str, depth: usize) -> Option<Node<'t>> {
    if node.kind() == kind {
        return Some(node);
    }
    let count = node.named_child_count().min(16);
    let children = (0..count).filter_map(|at| node.named_child(at as u32));
    children.filter(|_| depth > 0).find_map(|child| descendant(child, kind, depth - 1))
}

fn params(node: Node<'_>, content: &[u8]) -> String {
    let own = parameters(node, 4).map(|node| text(node, content)).unwrap_or_default();
    let returns = ["return_type", "result"].iter().find_map(|field| node.child_by_field_name(field));
    let returns = returns.map(|node| text(node, content)).unwrap_or_default();
    let words = tokens::as_words(&format!("{} {}", cut(&own, 1_000), cut(&returns, 200)));
    words.split(' ').filter(|word| !matches!(*word, "self" | "cls" | "this" | "mut")).fold(
        String::new(),
        |mut all, word| {
            if all.len() + word.len() < MAX_PARAMS_CHARS {
                if !all.is_empty() {
                    all.push(' ');
                }
                all.push_str(word);
            }
            all
        },
    )
}

fn parameters(node: Node<'_>, depth: usize) -> Option<Node<'_>> {
    let own = node.child_by_field_name("parameters").or_else(|| node.child_by_field_name("parameter"));
    if own.is_some() || depth == 0 {
        return own;
    }
    let inner = ["declarator", "value", "definition", "right"];
    let fields = inner.iter().filter_map(|field| node.child_by_field_name(field));
    let first = (0..node.named_child_count().min(3)).filter_map(|at| node.named_child(at as u32));
    let declarators = first.filter(|child| child.kind() == "variable_declarator");
    fields.chain(declarators).find_map(|child| parameters(child, depth - 1))
}

fn text(node: Node<'_>, content: &[u8]) -> String {
    let range = content.get(node.byte_range()).unwrap_or_default();
    String::from_utf8_lossy(range).into_owned()
}

/// At most `bytes` of `text`, at the boundary of a character.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A definition's scope: those around it, outermost first, after what it says itself.
fn set_scopes(definitions: &mut [Definition]) {
    let mut around: Vec<(u32, String)> = Vec::new();
    for definition in definitions {
        let symbol = &mut definition.symbol;
        while around.last().is_some_and(|(end, _)| *end < symbol.end || *end <= symbol.start) {
            around.pop();
        }
        let mut parts: Vec<&str> = around.iter().map(|(_, name)| name.as_str()).collect();
        if !symbol.scope.is_empty() {
            parts.push(&symbol.scope);
        }
        symbol.scope = parts.join(".").chars().take(MAX_NAME_CHARS).collect();
        if !matches!(symbol.kind.as_str(), "constant" | "variable" | "field") && around.len() < 16 {
            around.push((symbol.end, symbol.name.clone()));
        }
    }
}
