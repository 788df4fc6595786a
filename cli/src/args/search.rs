//! The options of `engunity search` and `engunity index`.

use clap::{Args, Subcommand};

pub const NOTES: &str = "\
Examples:
  engunity search 'where are tokens refreshed'
  engunity search --regex 'fn \\w+_token' --lang rust -C 2
  engunity search --text 'unwrap()' --path 'src/**'
  engunity search --symbol Session
  engunity search --files cnfgrs

The project is searched as it was last saved, including files that no index has yet. Without an option, words, parts of
identifiers and meaning count together. --regex and --text find exactly the lines that ripgrep finds.

Exit code: 0 when something was found, 1 when nothing was, 2 on an error.";

#[derive(Args)]
pub struct Search {
    /// What to search for; several words are one query
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Find lines that match a regular expression, as ripgrep does
    #[arg(short = 'e', long, group = "how")]
    pub regex: bool,
    /// Find lines that contain the text as it stands
    #[arg(short = 'F', long, group = "how")]
    pub text: bool,
    /// Find definitions by name
    #[arg(long, group = "how")]
    pub symbol: bool,
    /// Search by meaning only
    #[arg(long, group = "how")]
    pub semantic: bool,
    /// Search by words and parts of identifiers only
    #[arg(long, group = "how")]
    pub lexical: bool,
    /// Find files by their path; typing errors are forgiven
    #[arg(long, group = "how")]
    pub files: bool,
    /// Take upper and lower case as the same
    #[arg(short, long, group = "letters")]
    pub ignore_case: bool,
    /// Tell upper and lower case apart [default: with --regex]
    #[arg(short = 's', long, group = "letters")]
    pub case_sensitive: bool,
    /// Tell upper and lower case apart where the query has a capital letter [default: without --regex]
    #[arg(short = 'S', long, group = "letters")]
    pub smart_case: bool,
    /// Only files of this language
    #[arg(short, long, value_name = "LANGUAGE")]
    pub lang: Option<String>,
    /// Only files whose path matches this glob; with `!` in front, only others
    #[arg(short = 'g', long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Show lines around each match
    #[arg(short = 'C', long, value_name = "LINES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=20))]
    pub context: u32,
    /// Number of hits to show
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Search all of your projects
    #[arg(short, long)]
    pub all: bool,
    /// With --json: how each hit's score came about
    #[arg(long)]
    pub explain: bool,
}

#[derive(Args)]
pub struct Index {
    #[command(subcommand)]
    pub action: Option<IndexAction>,
}

#[derive(Subcommand)]
pub enum IndexAction {
    /// Show the state of the index (the default)
    Status,
    /// Bring the index up to date now, and wait for it
    Build,
}
