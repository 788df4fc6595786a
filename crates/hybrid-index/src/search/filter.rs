//! Which files a query is about: languages and path globs.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::{
    query::{Query, QueryError},
    segment::FileEntry,
};

pub struct Filter {
    languages: Vec<String>,
    included: Option<GlobSet>,
    excluded: GlobSet,
}

impl Filter {
    pub fn new(query: &Query) -> Result<Self, QueryError> {
        let (mut included, mut excluded) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut has_included = false;
        for glob in query.paths.iter().filter(|glob| !glob.is_empty()) {
            match glob.strip_prefix('!') {
                Some(rest) => add(&mut excluded, rest, glob)?,
                None => {
                    add(&mut included, glob, glob)?;
                    has_included = true;
                }
            }
        }
        let finish = |set: GlobSetBuilder| {
            set.build()
                .map_err(|error| QueryError::Glob { glob: query.paths.join(" "), message: error.to_string() })
        };
        let included = finish(included)?;
        Ok(Self {
            languages: query.languages.clone(),
            included: has_included.then_some(included),
            excluded: finish(excluded)?,
        })
    }

    pub fn allows(&self, entry: &FileEntry) -> bool {
        let is_language = self.languages.is_empty()
            || entry.language.as_ref().is_some_and(|language| self.languages.contains(language));
        is_language
            && self.included.as_ref().is_none_or(|globs| globs.is_match(&entry.path))
            && !self.excluded.is_match(&entry.path)
    }
}

/// As in ripgrep and .gitignore: a glob without a slash is about names at any depth, and a folder means what is in it.
fn add(set: &mut GlobSetBuilder, glob: &str, whole: &str) -> Result<(), QueryError> {
    let bare = glob.trim_end_matches('/');
    let anchored = match bare.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if bare.contains('/') => bare.to_owned(),
        None => format!("**/{bare}"),
    };
    for pattern in [anchored.clone(), format!("{anchored}/**")] {
        let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| QueryError::Glob {
            glob: whole.to_owned(),
            message: error.kind().to_string(),
        })?);
    }
    Ok(())
}
