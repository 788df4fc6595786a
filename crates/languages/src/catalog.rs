//! All runtimes of a folder, found by name, file or language.

use std::{
    cmp::Reverse,
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use engunity_protocol::{fleet::RuntimeView, job::LimitsRequest, problem::FieldError, spec::Limits};

use crate::{
    limits::{Bounds, LimitsConfig},
    manifest::Runtime,
};

/// The runtimes there are, sorted by name, and what runs may use.
#[derive(Debug, Clone)]
pub struct Catalog {
    runtimes: Vec<Runtime>,
    bounds: Bounds,
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("could not read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a runtime: {source}")]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path} is not a runtime: {problem}")]
    Invalid { path: PathBuf, problem: String },
    #[error("{0} has no runtimes: no folder in it has a language.toml")]
    Empty(PathBuf),
    #[error("the runtimes {0} and {1} are both called {2:?}")]
    Ambiguous(String, String, String),
}

impl Catalog {
    /// Reads every `<dir>/<name>/language.toml`.
    pub fn load(dir: impl AsRef<Path>) -> Result<Self, CatalogError> {
        let dir = dir.as_ref();
        let mut runtimes = Vec::new();
        for entry in fs::read_dir(dir).map_err(reading(dir))? {
            let folder = entry.map_err(reading(dir))?.path();
            if folder.join("language.toml").is_file() {
                runtimes.push(load_runtime(&folder)?);
            }
        }
        if runtimes.is_empty() {
            return Err(CatalogError::Empty(dir.to_owned()));
        }
        runtimes.sort_by(|a, b| a.name.cmp(&b.name));
        check_names(&runtimes)?;
        Ok(Self { runtimes, bounds: Bounds::default() })
    }

    /// Takes the operator's defaults and maxima instead of the built-in ones.
    pub fn with_limits(mut self, config: &LimitsConfig) -> Self {
        self.bounds = Bounds::new(config);
        self
    }

    pub fn all(&self) -> &[Runtime] {
        &self.runtimes
    }

    /// Finds a runtime by its name or an alias.
    pub fn by_name(&self, name: &str) -> Option<&Runtime> {
        self.runtimes.iter().find(|runtime| runtime.is_called(name))
    }

    /// Finds the runtime that runs the file at `path`, by its extension.
    pub fn by_entry(&self, path: &str) -> Option<&Runtime> {
        let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
        self.runtimes.iter().find(|runtime| runtime.extensions.contains(&extension))
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

    /// The runtimes as the API shows them.
    pub fn views(&self) -> Vec<RuntimeView> {
        self.runtimes.iter().map(|runtime| self.view(runtime)).collect()
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

fn load_runtime(folder: &Path) -> Result<Runtime, CatalogError> {
    let path = folder.join("language.toml");
    let text = fs::read_to_string(&path).map_err(reading(&path))?;
    let mut runtime: Runtime = toml::from_str(&text)
        .map_err(|source| CatalogError::Parse { path: path.clone(), source: Box::new(source) })?;
    check(&runtime).map_err(|problem| CatalogError::Invalid { path, problem })?;
    runtime.starter_content = read_starter(&folder.join("runtime"), &runtime.starter)?;
    runtime.folder = folder.join("runtime");
    Ok(runtime)
}

fn check(runtime: &Runtime) -> Result<(), String> {
    if !runtime.run.contains("{entry}") {
        return Err("`run` does not mention {entry}".into());
    }
    if runtime.version_command.is_empty() {
        return Err("`version_command` is empty".into());
    }
    Ok(())
}

/// The starter lies in the folder itself, or is the smoke program.
fn read_starter(folder: &Path, name: &str) -> Result<String, CatalogError> {
    let own = folder.join(name);
    let path = if own.is_file() { own } else { folder.join("smoke").join(name) };
    fs::read_to_string(&path).map_err(reading(&path))
}

fn check_names(runtimes: &[Runtime]) -> Result<(), CatalogError> {
    for (index, runtime) in runtimes.iter().enumerate() {
        for word in runtime.aliases.iter().chain([&runtime.name]) {
            if let Some(other) = runtimes[index + 1..].iter().find(|other| other.is_called(word)) {
                return Err(CatalogError::Ambiguous(runtime.name.clone(), other.name.clone(), word.clone()));
            }
        }
    }
    Ok(())
}

fn reading(path: &Path) -> impl FnOnce(io::Error) -> CatalogError {
    let path = path.to_owned();
    move |source| CatalogError::Read { path, source }
}
