//! The languages whose syntax trees the index reads: their grammars, and the queries of `languages/*/symbols.scm`, which
//! are compiled in.

use std::{collections::HashMap, sync::OnceLock};

use tree_sitter::{Language, Query};
use tree_sitter_language::LanguageFn;

/// A language that can be parsed.
pub struct Grammar {
    pub id: &'static str,
    pub language: Language,
    pub symbols: Query,
}

macro_rules! grammars {
    ($($id:literal: $language:expr,)*) => {
        /// Id, grammar and query of each language.
        const SOURCES: &[(&str, LanguageFn, &str)] = &[
            $(($id, $language, include_str!(concat!("../../../languages/", $id, "/symbols.scm"))),)*
        ];
    };
}

grammars! {
    "bash": tree_sitter_bash::LANGUAGE,
    "c": tree_sitter_c::LANGUAGE,
    "cpp": tree_sitter_cpp::LANGUAGE,
    "css": tree_sitter_css::LANGUAGE,
    "go": tree_sitter_go::LANGUAGE,
    "html": tree_sitter_html::LANGUAGE,
    "java": tree_sitter_java::LANGUAGE,
    "javascript": tree_sitter_javascript::LANGUAGE,
    "json": tree_sitter_json::LANGUAGE,
    "markdown": tree_sitter_md::LANGUAGE,
    "python": tree_sitter_python::LANGUAGE,
    "ruby": tree_sitter_ruby::LANGUAGE,
    "rust": tree_sitter_rust::LANGUAGE,
    "sql": tree_sitter_sequel::LANGUAGE,
    "toml": tree_sitter_toml_ng::LANGUAGE,
    "tsx": tree_sitter_typescript::LANGUAGE_TSX,
    "typescript": tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    "yaml": tree_sitter_yaml::LANGUAGE,
}

/// The grammar of a language of `languages/`, if there is one. Its query is compiled once.
pub fn of(id: &str) -> Option<&'static Grammar> {
    static GRAMMARS: OnceLock<HashMap<&'static str, OnceLock<Option<Grammar>>>> = OnceLock::new();
    let grammars = GRAMMARS.get_or_init(|| SOURCES.iter().map(|(id, ..)| (*id, OnceLock::new())).collect());
    grammars.get(id)?.get_or_init(|| compile(id)).as_ref()
}

fn compile(id: &str) -> Option<Grammar> {
    let (id, language, query) = SOURCES.iter().find(|(known, ..)| *known == id)?;
    let language = Language::new(*language);
    match Query::new(&language, query) {
        Ok(symbols) => Some(Grammar { id, language, symbols }),
        Err(error) => {
            tracing::error!(language.id = id, error.message = %error, "the symbol query of a language is wrong");
            None
        }
    }
}

/// Changes with every query: an index made with other queries is made anew.
pub fn version() -> String {
    let mut hasher = blake3::Hasher::new();
    for (id, _, query) in SOURCES {
        hasher.update(id.as_bytes()).update(query.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_fits_its_grammar() {
        for (id, ..) in SOURCES {
            assert!(of(id).is_some(), "{id}");
        }
    }
}
