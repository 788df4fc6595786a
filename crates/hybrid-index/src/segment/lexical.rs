//! Words: one tantivy segment, held in ours. Scores are BM25 with weighted fields, on statistics of all segments of the
//! project together, so that it does not matter which segment a file happens to be in.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::{
    Index, IndexSettings, ReloadPolicy, Searcher, TantivyDocument, Term,
    directory::{
        Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, RamDirectory, WatchCallback, WatchHandle,
        WritePtr,
        error::{DeleteError, LockError, OpenReadError, OpenWriteError},
    },
    query::{
        Bm25StatisticsProvider, BooleanQuery, BoostQuery, EnableScoring, Occur, Query, TermQuery, Weight,
    },
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager},
};

use super::pack::Sections;
use crate::{error::IndexError, tokens};

/// The fields of a unit, in the order of the schema.
const FIELDS: [&str; 6] = ["name", "scope", "params", "doc", "body", "path"];
const TOKENIZER: &str = "code";
/// How tantivy's files are called among the sections.
const PREFIX: &str = "lexical/";
const META: &str = "meta.json";

/// The texts of one unit.
pub struct Texts<'a> {
    pub name: &'a str,
    pub scope: &'a str,
    pub params: &'a str,
    pub doc: &'a str,
    pub body: &'a str,
    pub path: &'a str,
}

/// How much a match in each field counts, in the order of [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub struct Boosts {
    pub name: f32,
    pub scope: f32,
    pub params: f32,
    pub doc: f32,
    pub body: f32,
    pub path: f32,
}

impl Boosts {
    fn of(&self, field: Field) -> f32 {
        let all = [self.name, self.scope, self.params, self.doc, self.body, self.path];
        all[field.field_id() as usize]
    }
}

fn schema() -> Schema {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(true);
    let options = TextOptions::default().set_indexing_options(indexing);
    let mut schema = Schema::builder();
    for name in FIELDS {
        schema.add_text_field(name, options.clone());
    }
    schema.build()
}

fn fields() -> impl Iterator<Item = Field> {
    (0..FIELDS.len() as u32).map(Field::from_field_id)
}

fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::new();
    manager.register(TOKENIZER, CodeTokenizer);
    manager
}

fn failed(error: impl fmt::Display) -> IndexError {
    IndexError::Lexical(error.to_string())
}

/// Builds the tantivy segment; the document of a unit has the unit's number.
pub struct Writer {
    directory: RamDirectory,
    writer: tantivy::SingleSegmentIndexWriter,
}

impl Writer {
    /// `bytes` is about how much text will come.
    pub fn new(bytes: usize) -> Result<Self, IndexError> {
        let directory = RamDirectory::create();
        let builder =
            Index::builder().schema(schema()).settings(IndexSettings::default()).tokenizers(tokenizers());
        let budget = (2 * bytes).clamp(3_000_000, 100_000_000);
        let writer = builder.single_segment_index_writer(directory.clone(), budget).map_err(failed)?;
        Ok(Self { directory, writer })
    }

    pub fn add(&mut self, texts: &Texts<'_>) -> Result<(), IndexError> {
        let values = [texts.name, texts.scope, texts.params, texts.doc, texts.body, texts.path];
        let mut document = TantivyDocument::new();
        for (field, value) in fields().zip(values) {
            if !value.is_empty() {
                document.add_text(field, value);
            }
        }
        self.writer.add_document(document).map_err(failed)
    }

    /// The files of the segment, named as sections.
    pub fn finish(self) -> Result<Vec<(String, Vec<u8>)>, IndexError> {
        let index = self.writer.finalize().map_err(failed)?;
        let files = index.load_metas().map_err(failed)?.list_segment_files();
        let mut sections = Vec::new();
        for path in files.into_iter().chain([PathBuf::from(META)]) {
            if self.directory.exists(&path).map_err(failed)? {
                let bytes = self.directory.atomic_read(&path).map_err(failed)?;
                sections.push((format!("{PREFIX}{}", path.display()), bytes));
            }
        }
        sections.sort();
        Ok(sections)
    }
}

/// An open tantivy segment.
pub struct Lexical {
    searcher: Searcher,
}

impl Lexical {
    /// Opens the lexical part of a segment that has so many units.
    pub fn open(sections: &Sections, units: usize) -> Result<Self, IndexError> {
        let files = sections
            .iter()
            .filter_map(|(name, bytes)| Some((PathBuf::from(name.strip_prefix(PREFIX)?), bytes.clone())));
        let directory = ReadOnly { files: Arc::new(files.collect()) };
        let mut index = Index::open(directory).map_err(failed)?;
        index.set_tokenizers(tokenizers());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader: tantivy::IndexReader = reader.map_err(failed)?;
        let searcher = reader.searcher();
        let known = searcher.segment_readers().iter().map(|reader| reader.max_doc() as usize);
        match known.collect::<Vec<_>>().as_slice() {
            [known] if *known == units => Ok(Self { searcher }),
            known => Err(IndexError::Corrupt(format!("its lexical part has {known:?} of {units} units"))),
        }
    }
}

/// Calls `found` with the number of the lexical segment, the unit and the score of every unit that has one of the tokens.
/// Stops early when `found` says so.
pub fn rank(
    all: &[Option<&Lexical>],
    tokens: &[String],
    boosts: &Boosts,
    mut found: impl FnMut(usize, u32, f32) -> bool,
) -> Result<(), IndexError> {
    let statistics = Statistics(all.iter().copied().flatten().collect());
    if statistics.total_num_docs().map_err(failed)? == 0 || tokens.is_empty() {
        return Ok(());
    }
    let query = query(tokens, boosts);
    for (at, lexical) in all.iter().enumerate() {
        let Some(lexical) = lexical else { continue };
        let searcher = &lexical.searcher;
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, searcher);
        let weight: Box<dyn Weight> = query.weight(scoring).map_err(failed)?;
        let mut scorer = weight.scorer(searcher.segment_reader(0), 1.0).map_err(failed)?;
        let mut unit = scorer.doc();
        while unit != tantivy::TERMINATED {
            if !found(at, unit, scorer.score()) {
                return Ok(());
            }
            unit = scorer.advance();
        }
    }
    Ok(())
}

fn query(tokens: &[String], boosts: &Boosts) -> BooleanQuery {
    let clauses = tokens.iter().flat_map(|token| {
        fields().filter(|field| boosts.of(*field) > 0.0).map(move |field| {
            let term = TermQuery::new(Term::from_field_text(field, token), IndexRecordOption::WithFreqs);
            let boosted = BoostQuery::new(Box::new(term), boosts.of(field));
            (Occur::Should, Box::new(boosted) as Box<dyn Query>)
        })
    });
    BooleanQuery::new(clauses.collect())
}

/// The counts of all segments together.
struct Statistics<'a>(Vec<&'a Lexical>);

impl Statistics<'_> {
    fn sum(&self, count: impl Fn(&Searcher) -> tantivy::Result<u64>) -> tantivy::Result<u64> {
        self.0.iter().map(|lexical| count(&lexical.searcher)).sum()
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.sum(|searcher| searcher.total_num_tokens(field))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.sum(Bm25StatisticsProvider::total_num_docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.sum(|searcher| searcher.doc_freq(term))
    }
}

/// Our tokens for tantivy. They have no positions: nothing asks for phrases.
#[derive(Clone)]
struct CodeTokenizer;

impl Tokenizer for CodeTokenizer {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        let mut stream = Tokens { text: String::new(), ends: Vec::new(), next: 0, token: Token::default() };
        tokens::for_each(text, |token| {
            stream.text.push_str(token);
            stream.ends.push(stream.text.len());
        });
        stream
    }
}

struct Tokens {
    text: String,
    ends: Vec<usize>,
    next: usize,
    token: Token,
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let Some(end) = self.ends.get(self.next) else { return false };
        let start = if self.next == 0 { 0 } else { self.ends[self.next - 1] };
        self.token.text.clear();
        self.token.text.push_str(&self.text[start..*end]);
        self.token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Tantivy's files as parts of a mapped segment.
#[derive(Clone)]
struct ReadOnly {
    files: Arc<std::collections::HashMap<PathBuf, OwnedBytes>>,
}

impl fmt::Debug for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadOnly({} files)", self.files.len())
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "a segment is never changed")
}

impl ReadOnly {
    fn bytes(&self, path: &Path) -> Result<OwnedBytes, OpenReadError> {
        self.files.get(path).cloned().ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }
}

impl Directory for ReadOnly {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.bytes(path)?))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.files.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::IoError { io_error: Arc::new(read_only()), filepath: path.to_owned() })
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        Ok(self.bytes(path)?.as_slice().to_owned())
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// Nothing to keep others from.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
