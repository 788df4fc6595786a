//! All languages of a folder and their runtimes, found by name or file. Pure once loaded.

use std::{cmp::Reverse, collections::HashMap, path::Path};

use engunity_protocol::{fleet::RuntimeView, job::LimitsRequest, problem::FieldError, spec::Limits};

use crate::{
    folder::{self, CatalogError},
    language::{self, Language, OutlinePattern},
    limits::{self, Bounds, LimitsConfig},
    runtime::Runtime,
};

/// The languages there are, sorted by id, and what runs may use.
#[derive(Debug, Clone)]
pub struct Catalog {
    languages: Vec<Language>,
    bounds: Bounds,
}

impl Catalog {
    /// Reads every `<dir>/<id>/language.toml`.
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, CatalogError> {
        let dir = dir.as_ref();
        let languages = folder::load_all(dir)?;
        if languages.is_empty() {
            return Err(CatalogError::Empty(dir.to_owned()));
        }
        check_claims(&languages)?;
        check_outlines(dir, &languages)?;
        Ok(Self { languages, bounds: Bounds::default() })
    }

    /// Takes the operator's defaults and maxima instead of the built-in ones.
    pub fn with_limits(mut self, config: &LimitsConfig) -> Self {
        self.bounds = Bounds::new(config);
        self
    }

    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// Finds a language by its id or an alias.
    pub fn language(&self, word: &str) -> Option<&Language> {
        self.languages.iter().find(|language| language.is_called(word))
    }

    /// The language that the file at `path` is written in, as its name or else its extension tells.
    pub fn language_of(&self, path: &str) -> Option<&Language> {
        let name = language::file_name(path).to_ascii_lowercase();
        let named = self.languages.iter().find(|language| language.file_names.contains(&name));
        named.or_else(|| {
            let extension = language::extension(path)?;
            self.languages.iter().find(|language| language.extensions.contains(&extension))
        })
    }

    /// What the API calls the language of the file at `path`.
    pub fn language_id(&self, path: &str) -> Option<String> {
        self.language_of(path).map(|language| language.id.clone())
    }

    /// What a line that begins a symbol looks like in `language`: its own patterns, or those of the one it is like.
    pub fn outline<'a>(&'a self, language: &'a Language) -> &'a [OutlinePattern] {
        let like = language.outline_like.as_deref().and_then(|other| self.language(other));
        &like.unwrap_or(language).outline
    }

    /// The runtimes there are, in the order of their languages.
    pub fn all(&self) -> impl Iterator<Item = &Runtime> {
        self.languages.iter().filter_map(|language| language.runtime.as_ref())
    }

    /// Finds a runtime by its name or an alias.
    pub fn by_name(&self, name: &str) -> Option<&Runtime> {
        self.all().find(|runtime| runtime.is_called(name))
    }

    /// Finds the runtime that runs the file at `path`, by its extension.
    pub fn by_entry(&self, path: &str) -> Option<&Runtime> {
        let extension = language::extension(path)?;
        self.all().find(|runtime| runtime.extensions.contains(&extension))
    }

    /// Finds the runtime of a project's language, which may be a name, an alias or an extension.
    pub fn by_language(&self, language: &str) -> Option<&Runtime> {
        let word = language.trim();
        self.by_name(word).or_else(|| self.by_entry(&format!("x.{word}")))
    }

    /// Finds the runtime that most of the files at `paths` belong to, if any does.
    pub fn common<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Option<&Runtime> {
        let mut counts: HashMap<&str, (usize, &Runtime)> = HashMap::new();
        for runtime in paths.into_iter().filter_map(|path| self.by_entry(path)) {
            counts.entry(&runtime.name).or_insert((0, runtime)).0 += 1;
        }
        counts
            .into_values()
            .max_by_key(|(count, runtime)| (*count, Reverse(&runtime.name)))
            .map(|(_, runtime)| runtime)
    }

    /// Decides the limits of a run, or names every field that is out of range.
    pub fn limits(
        &self,
        asked: Option<&LimitsRequest>,
        runtime: &Runtime,
    ) -> Result<Limits, Vec<FieldError>> {
        self.bounds.apply(asked, &runtime.limits)
    }

    /// What a run may use at most.
    pub(crate) fn max_limits(&self) -> Limits {
        self.bounds.max
    }

    /// The least and the most that a run may ask for.
    pub fn bounds(&self) -> (Limits, Limits) {
        (limits::MINIMUM, self.bounds.max)
    }

    /// The runtimes as the API shows them.
    pub fn views(&self) -> Vec<RuntimeView> {
        self.all().map(|runtime| self.view(runtime)).collect()
    }

    fn view(&self, runtime: &Runtime) -> RuntimeView {
        RuntimeView {
            name: runtime.name.clone(),
            title: runtime.title.clone(),
            extensions: runtime.extensions.clone(),
            aliases: runtime.aliases.clone(),
            run: runtime.run.clone(),
            test: runtime.test.clone(),
            starter: runtime.starter.clone(),
            starter_content: runtime.starter_content.clone(),
            limits: self.bounds.default_for(&runtime.limits),
            max_limits: self.bounds.max,
        }
    }
}

/// No two languages may claim a file or a name, no two runtimes a word.
fn check_claims(languages: &[Language]) -> Result<(), CatalogError> {
    let extensions = |language: &Language| language.extensions.clone();
    let file_names = |language: &Language| language.file_names.clone();
    let names = |language: &Language| language.names().cloned().collect();
    let words = |language: &Language| language.runtime.iter().flat_map(Runtime::words).cloned().collect();
    check_distinct(languages, extensions)?;
    check_distinct(languages, file_names)?;
    check_distinct(languages, names)?;
    check_distinct(languages, words)
}

fn check_distinct(
    languages: &[Language],
    claims: impl Fn(&Language) -> Vec<String>,
) -> Result<(), CatalogError> {
    let mut owners = HashMap::new();
    for language in languages {
        for claim in claims(language) {
            let owner = owners.insert(claim.to_ascii_lowercase(), &language.id);
            if let Some(other) = owner.filter(|other| **other != language.id) {
                return Err(CatalogError::Ambiguous(other.clone(), language.id.clone(), claim));
            }
        }
    }
    Ok(())
}

fn check_outlines(dir: &Path, languages: &[Language]) -> Result<(), CatalogError> {
    for language in languages {
        let Some(other) = &language.outline_like else { continue };
        if !languages.iter().any(|known| known.id == *other && !known.outline.is_empty()) {
            let path = dir.join(&language.id).join("language.toml");
            let problem = format!("`outline_like` names {other:?}, which has no outline");
            return Err(CatalogError::Invalid { path, problem });
        }
    }
    Ok(())
}
