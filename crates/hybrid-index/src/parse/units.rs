//! What can be found by words and meaning: each function and type, and those chunks that are not within one.

use super::{
    MAX_NON_WHITE, Parsed, Symbol, Unit, UnitKind, chunks::Ends, definitions::Definition, lines::Lines,
};

/// The own text of a type has at most this many bytes.
const MAX_TYPE_BYTES: u32 = 2_000;
/// A chunk that lies in functions to this share is found as those.
const COVERED: f64 = 0.8;

pub fn collect(content: &[u8], lines: &Lines, definitions: Vec<Definition>, chunks: &Ends) -> Parsed {
    let mut parsed = Parsed::default();
    let functions: Vec<(u32, u32)> = definitions
        .iter()
        .filter(|definition| is_function(&definition.symbol))
        .map(|definition| (definition.with_doc, definition.symbol.end))
        .collect();
    for (at, definition) in definitions.iter().enumerate() {
        if let Some(unit) = unit_of(definition, at as u32, &functions, lines) {
            parsed.units.push(unit);
            parsed.docs.push(definition.doc.clone());
        }
    }
    parsed.symbols = definitions.into_iter().map(|definition| definition.symbol).collect();
    let mut start = 0;
    for end in chunks {
        if !is_found_otherwise(content, start, *end, &functions) && has_text(content, start, *end) {
            parsed.units.push(chunk(start, *end, &parsed.symbols, lines));
            parsed.docs.push(String::new());
        }
        start = *end;
    }
    parsed
}

fn is_function(symbol: &Symbol) -> bool {
    matches!(symbol.kind.as_str(), "function" | "method" | "macro")
}

fn is_type(symbol: &Symbol) -> bool {
    matches!(symbol.kind.as_str(), "class" | "interface" | "enum" | "type")
}

fn unit_of(definition: &Definition, at: u32, functions: &[(u32, u32)], lines: &Lines) -> Option<Unit> {
    let symbol = &definition.symbol;
    let kind = match symbol {
        symbol if is_function(symbol) => UnitKind::Function,
        symbol if is_type(symbol) => UnitKind::Type,
        _ => return None,
    };
    let text_end = match kind {
        UnitKind::Type => own_end(symbol, functions),
        _ => symbol.end,
    };
    Some(Unit {
        kind,
        symbol: Some(at),
        start: definition.with_doc,
        text_end: text_end.max(definition.with_doc),
        end: symbol.end,
        start_line: lines.line_of(definition.with_doc),
        end_line: symbol.end_line,
    })
}

/// Where the first function of a type begins, or the type ends.
fn own_end(symbol: &Symbol, functions: &[(u32, u32)]) -> u32 {
    let first = functions.partition_point(|(start, _)| *start <= symbol.start);
    let next = functions.get(first).map_or(symbol.end, |(start, _)| (*start).min(symbol.end));
    next.min(symbol.start + MAX_TYPE_BYTES)
}

fn chunk(start: u32, end: u32, symbols: &[Symbol], lines: &Lines) -> Unit {
    let middle = start + (end - start) / 2;
    let around =
        symbols.iter().enumerate().rev().find(|(_, symbol)| symbol.start <= middle && middle < symbol.end);
    Unit {
        kind: UnitKind::Chunk,
        symbol: around.map(|(at, _)| at as u32),
        start,
        text_end: end,
        end,
        start_line: lines.line_of(start),
        end_line: lines.last_line(start, end),
    }
}

fn has_text(content: &[u8], start: u32, end: u32) -> bool {
    content[start as usize..end as usize].iter().any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Whether functions hold most of a chunk; a part of a long function is worth finding by itself.
fn is_found_otherwise(content: &[u8], start: u32, end: u32, functions: &[(u32, u32)]) -> bool {
    let mut covered = 0;
    let mut from = start;
    let first = functions.partition_point(|(function, _)| *function < start.saturating_sub(200_000));
    for (function, function_end) in &functions[first..] {
        if *function >= end {
            break;
        }
        let is_part = *function <= start && end < *function_end;
        if is_part && function_end - function > 2 * MAX_NON_WHITE {
            return false;
        }
        let (overlap_start, overlap_end) = ((*function).max(from), (*function_end).min(end));
        if overlap_end > overlap_start {
            covered += non_white(content, overlap_start, overlap_end);
            from = overlap_end;
        }
    }
    f64::from(covered) >= COVERED * f64::from(non_white(content, start, end).max(1))
}

fn non_white(content: &[u8], start: u32, end: u32) -> u32 {
    content[start as usize..end as usize].iter().filter(|byte| !byte.is_ascii_whitespace()).count() as u32
}
