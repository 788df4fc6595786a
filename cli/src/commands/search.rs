//! `engunity search`: finds text, symbols, files and meaning in the project as it was last saved. The exit code is that of
//! grep: 0 something was found, 1 nothing, 2 an error.

use engunity_protocol::search::{SearchAnswer, SearchCase, SearchMode};

use crate::{
    app::App,
    args,
    error::{CLI_FAILED, CliError, Result},
    output::{matches, plain},
};

/// The exit code of a search that found nothing.
const NOTHING: u8 = 1;
/// The exit code of a search that failed.
pub const FAILED: u8 = 2;

pub async fn run(app: &App, args: args::Search) -> Result<u8> {
    let answer = ask(app, &args).await?;
    for note in &answer.notes {
        app.out.warn(plain(note));
    }
    if answer.truncated {
        app.out.note(format!("there is more than the first {} hits; -n shows more", answer.hits.len()));
    }
    let shown = matches::Shown { context: args.context, mode: args.mode(), all: args.all };
    app.out.result(&answer, || matches::text(&answer.hits, &shown))?;
    Ok(if answer.hits.is_empty() { NOTHING } else { 0 })
}

async fn ask(app: &App, args: &args::Search) -> Result<SearchAnswer> {
    app.need_login()?;
    let query = args.query();
    if args.all {
        app.client.search_all(&query).await
    } else {
        app.client.search(app.project().await?.id, &query).await
    }
}

/// Errors of a search have an exit code of their own.
pub fn failed(error: CliError) -> CliError {
    if error.exit == CLI_FAILED { error.exit(FAILED) } else { error }
}

impl args::Search {
    fn mode(&self) -> SearchMode {
        let modes = [
            (self.regex, SearchMode::Regex),
            (self.text, SearchMode::Text),
            (self.symbol, SearchMode::Symbol),
            (self.semantic, SearchMode::Semantic),
            (self.lexical, SearchMode::Lexical),
            (self.files, SearchMode::Path),
        ];
        modes.into_iter().find(|(chosen, _)| *chosen).map_or(SearchMode::Hybrid, |(_, mode)| mode)
    }

    fn case(&self) -> Option<SearchCase> {
        match (self.ignore_case, self.case_sensitive, self.smart_case) {
            (true, ..) => Some(SearchCase::Insensitive),
            (_, true, _) => Some(SearchCase::Sensitive),
            (_, _, true) => Some(SearchCase::Smart),
            _ => None,
        }
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("q", self.words.join(" ")),
            ("mode", self.mode().to_string()),
            ("limit", self.limit.to_string()),
        ];
        query.extend(self.case().map(|case| ("case", case.to_string())));
        query.extend(self.lang.clone().map(|lang| ("lang", lang)));
        query.extend(self.path.clone().map(|glob| ("path", glob)));
        query.extend((self.context > 0).then(|| ("context", self.context.to_string())));
        query.extend(self.explain.then(|| ("explain", "true".to_owned())));
        query
    }
}
