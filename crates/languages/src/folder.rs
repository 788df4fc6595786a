//! Reads one language's folder: `language.toml`, `symbols.scm` and what `runtime/` holds. The only file that touches
//! the file system.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{language::Language, runtime::Runtime};

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("could not read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a language: {source}")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path} is not a language: {problem}")]
    Invalid { path: PathBuf, problem: String },
    #[error("{0} has no languages: no folder in it has a language.toml")]
    Empty(PathBuf),
    #[error("the languages {0} and {1} both claim {2:?}")]
    Ambiguous(String, String, String),
}

/// Every language of `<dir>/<id>/language.toml`, sorted by id.
pub(crate) fn load_all(dir: &Path) -> Result<Vec<Language>, CatalogError> {
    let mut languages = Vec::new();
    for entry in fs::read_dir(dir).map_err(reading(dir))? {
        let folder = entry.map_err(reading(dir))?.path();
        if folder.join("language.toml").is_file() {
            languages.push(load(&folder)?);
        }
    }
    languages.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(languages)
}

fn load(folder: &Path) -> Result<Language, CatalogError> {
    let path = folder.join("language.toml");
    let text = fs::read_to_string(&path).map_err(reading(&path))?;
    let mut language: Language = toml::from_str(&text)
        .map_err(|source| CatalogError::Parse { path: path.clone(), source: Box::new(source) })?;
    language.id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    check(&language).map_err(|problem| CatalogError::Invalid { path, problem })?;
    language.symbols = read_symbols(folder)?;
    if let Some(runtime) = language.runtime.take() {
        language.runtime = Some(complete(runtime, &language, folder)?);
    }
    Ok(language)
}

fn check(language: &Language) -> Result<(), String> {
    let words = language.extensions.iter().chain(&language.file_names);
    if let Some(word) = words.into_iter().find(|word| word.is_empty() || **word != word.to_ascii_lowercase())
    {
        return Err(format!("{word:?} is empty or not in lower case"));
    }
    if language.mark.as_ref().is_some_and(|mark| mark.chars().count() > 2) {
        return Err("`mark` has more than two characters".into());
    }
    let Some(runtime) = &language.runtime else { return Ok(()) };
    if !runtime.run.contains("{entry}") {
        return Err("`runtime.run` does not mention {entry}".into());
    }
    if runtime.version_command.is_empty() {
        return Err("`runtime.version_command` is empty".into());
    }
    Ok(())
}

fn read_symbols(folder: &Path) -> Result<Option<String>, CatalogError> {
    let path = folder.join("symbols.scm");
    match fs::read_to_string(&path) {
        Ok(query) => Ok(Some(query)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CatalogError::Read { path, source }),
    }
}

/// Takes from the language what its runtime does not say itself, and the starter program from the folder.
fn complete(mut runtime: Runtime, language: &Language, folder: &Path) -> Result<Runtime, CatalogError> {
    let or = |own: &str, other: &str| if own.is_empty() { other.to_owned() } else { own.to_owned() };
    runtime.name = or(&runtime.name, &language.id);
    runtime.title = or(&runtime.title, &language.title);
    if runtime.extensions.is_empty() {
        runtime.extensions.clone_from(&language.extensions);
    }
    let own = std::mem::take(&mut runtime.aliases);
    let shared = language.names().filter(|name| **name != runtime.name).cloned();
    runtime.aliases = shared.chain(own).collect();
    runtime.folder = folder.join("runtime");
    runtime.starter_content = read_starter(&runtime.folder, &runtime.starter)?;
    Ok(runtime)
}

/// The starter lies in the folder itself, or is the smoke program.
fn read_starter(folder: &Path, name: &str) -> Result<String, CatalogError> {
    let own = folder.join(name);
    let path = if own.is_file() { own } else { folder.join("smoke").join(name) };
    fs::read_to_string(&path).map_err(reading(&path))
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> CatalogError {
    let path = path.to_owned();
    move |source| CatalogError::Read { path, source }
}
