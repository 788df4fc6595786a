//! Makes a segment out of files: decides what of each is indexed, parses them in parallel, and writes the sections.

use std::io::{self, Read, Write};

use encoding_rs_io::DecodeReaderBytesBuilder;
use rayon::prelude::*;

use super::{
    lexical::{Texts, Writer},
    pack,
    tables::{FileEntry, Key, SymbolEntry, Tables, UnitEntry, body_text, signature_text},
    trigrams,
};
use crate::{
    change::FileHash,
    error::IndexError,
    parse::{self, Parsed},
    settings::Settings,
    skip::{self, Extent},
};

/// Languages of prose, which stays findable by meaning in folders of documentation.
const PROSE: [&str; 4] = ["markdown", "mdx", "plaintext", "restructuredtext"];

/// One file of a segment.
pub struct Input {
    pub path: String,
    pub hash: FileHash,
    pub language: Option<String>,
    pub content: Prepared,
}

/// Content that is ready to be searched.
pub struct Prepared {
    pub extent: Extent,
    pub text: Vec<u8>,
}

impl Prepared {
    pub fn path_only(why: String) -> Self {
        Self { extent: Extent::PathOnly(why), text: Vec::new() }
    }
}

/// Decodes what ripgrep would decode, and decides how much of it is indexed.
pub fn prepare(path: &str, bytes: Vec<u8>, settings: &Settings) -> Prepared {
    if bytes.len() as u64 > settings.max_file_bytes {
        return Prepared::path_only(too_large(bytes.len() as u64, settings));
    }
    let text = if has_mark(&bytes) { decoded(&bytes).unwrap_or(bytes) } else { bytes };
    if skip::is_binary(&text) {
        return Prepared::path_only("it is binary: it contains a NUL byte".into());
    }
    let extent = skip::extent(path, &text, settings.max_parsed_bytes);
    Prepared { extent, text }
}

pub fn too_large(bytes: u64, settings: &Settings) -> String {
    format!("it has {bytes} bytes; files above {} bytes are not indexed", settings.max_file_bytes)
}

fn has_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xef\xbb\xbf") || bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// The same as ripgrep does with a byte order mark.
fn decoded(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut builder = DecodeReaderBytesBuilder::new();
    builder.utf8_passthru(true).strip_bom(true).bom_override(true).bom_sniffing(true);
    let mut text = Vec::with_capacity(bytes.len());
    builder.build(bytes).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a segment of `inputs` to `out`. Their paths are different.
pub fn build(mut inputs: Vec<Input>, mut out: &mut dyn Write) -> Result<(), IndexError> {
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let parsed: Vec<Parsed> = inputs.par_iter().map(parse).collect();
    let mut tables = Tables::default();
    let mut content = Vec::with_capacity(inputs.iter().map(|input| input.content.text.len()).sum());
    let mut trigrams = trigrams::Builder::default();
    let mut lexical = Writer::new(content.capacity())?;
    for (input, parsed) in inputs.into_iter().zip(parsed) {
        let file = tables.files.len() as u32;
        trigrams.add(file, &input.content.text);
        add_units(&mut tables, &mut lexical, file, &input, parsed)?;
        tables.files.push(entry(&input, content.len() as u64));
        content.extend(input.content.text);
    }
    let tables_bytes = rmp_serde::to_vec(&tables).map_err(|error| IndexError::Corrupt(error.to_string()))?;
    let trigrams = trigrams.finish();
    let words = if tables.units.is_empty() { Vec::new() } else { lexical.finish()? };
    let own: [(&str, &[u8]); 3] = [("content", &content), ("tables", &tables_bytes), ("trigrams", &trigrams)];
    let words = words.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    pack::write(own.into_iter().chain(words), &mut out).map_err(IndexError::io("segment"))
}

fn parse(input: &Input) -> Parsed {
    match input.content.extent {
        Extent::Full => parse::parse(&input.content.text, input.language.as_deref()),
        Extent::TextOnly(_) | Extent::PathOnly(_) => Parsed::default(),
    }
}

fn entry(input: &Input, start: u64) -> FileEntry {
    FileEntry {
        path: input.path.clone(),
        hash: input.hash.clone(),
        language: input.language.clone(),
        extent: input.content.extent.clone(),
        is_test: skip::is_test(&input.path),
        start,
        len: input.content.text.len() as u32,
    }
}

fn add_units(
    tables: &mut Tables,
    lexical: &mut Writer,
    file: u32,
    input: &Input,
    parsed: Parsed,
) -> Result<(), IndexError> {
    let first = tables.symbols.len() as u32;
    let language = input.language.as_deref().unwrap_or("plaintext");
    let has_body = !skip::is_test(&input.path) || PROSE.contains(&language);
    for (mut unit, doc) in parsed.units.into_iter().zip(&parsed.docs) {
        let symbol = unit.symbol.map(|at| &parsed.symbols[at as usize]);
        let body = &input.content.text[unit.start as usize..unit.text_end as usize];
        let is_own = unit.kind != parse::UnitKind::Chunk;
        lexical.add(&Texts {
            name: symbol.filter(|_| is_own).map_or("", |symbol| &symbol.name),
            scope: symbol.map_or("", |symbol| if is_own { &symbol.scope } else { &symbol.name }),
            params: symbol.filter(|_| is_own).map_or("", |symbol| &symbol.params),
            doc,
            body: &String::from_utf8_lossy(body),
            path: &input.path,
        })?;
        let signature = signature_text(&input.path, &unit, symbol).map_or(Key::NONE, |text| Key::of(&text));
        let body = if has_body { Key::of(&body_text(&input.content.text, &unit)) } else { Key::NONE };
        unit.symbol = unit.symbol.map(|at| at + first);
        tables.units.push(UnitEntry { file, unit, body, signature });
    }
    tables.symbols.extend(parsed.symbols.into_iter().map(|symbol| SymbolEntry { file, symbol }));
    Ok(())
}
