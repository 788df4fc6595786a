//! The web IDE's tables as TypeScript: what an editor must know of each language without asking a server. Pure.

use serde::Serialize;

use crate::{
    catalog::Catalog,
    language::{Colour, Comments, Icon, Language, OutlinePattern},
};

/// Where the tables lie, from the repository's root.
pub const PATH: &str = "frontend/src/lib/languages.gen.ts";

const HEAD: &str = "\
/* Generated from languages/ by `cargo run -p engunity-languages --bin web-tables`. */
export type LanguageIcon = \"braces\" | \"code\" | \"database\" | \"gem\" | \"hash\" | \"settings\" | \"style\" | \"table\" | \"terminal\" | \"text\";

export interface Language {
  id: string;
  title: string;
  extensions: string[];
  /** Whole file names, lower case; they win over extensions. */
  fileNames: string[];
  /** All words for it: id, aliases, its runtime's name. */
  names: string[];
  icon: LanguageIcon;
  colour: \"amber\" | \"blue\" | \"cyan\" | \"green\" | \"orange\" | \"rose\" | \"slate\" | \"violet\";
  mark?: string;
  /** Monaco's id of it. */
  monaco: string;
  prose?: true;
  comments: { line?: string; block?: [string, string] };
  outline?: { kind: \"class\" | \"function\"; pattern: string }[];
}

";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    extensions: &'a [String],
    file_names: &'a [String],
    names: Vec<&'a str>,
    icon: Icon,
    colour: Colour,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<&'a str>,
    monaco: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prose: bool,
    comments: &'a Comments,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    outline: &'a [OutlinePattern],
}

/// The text of the generated file: one line per language.
pub fn tables(catalog: &Catalog) -> String {
    let rows: String =
        catalog.languages().iter().map(|language| format!("  {},\n", row(catalog, language))).collect();
    format!("{HEAD}export const LANGUAGES: readonly Language[] = [\n{rows}];\n")
}

fn row(catalog: &Catalog, language: &Language) -> String {
    let row = Row {
        id: &language.id,
        title: &language.title,
        extensions: &language.extensions,
        file_names: &language.file_names,
        names: names(language),
        icon: language.icon,
        colour: language.colour,
        mark: language.mark.as_deref(),
        monaco: language.monaco(),
        prose: language.prose,
        comments: &language.comments,
        outline: catalog.outline(language),
    };
    serde_json::to_string(&row).expect("strings and lists only")
}

fn names(language: &Language) -> Vec<&str> {
    let runtime = language.runtime.as_ref().map(|runtime| runtime.name.as_str());
    let own = [language.id.as_str()].into_iter().chain(language.aliases.iter().map(String::as_str));
    own.chain(runtime.filter(|name| !language.is_called(name))).collect()
}
