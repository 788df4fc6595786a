//! Output: data to stdout; messages and progress to stderr, and only on a terminal.

pub mod board;
pub mod matches;
pub mod replay;
pub mod table;
pub mod units;
pub mod verdict;

use std::{
    env,
    fmt::Display,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::error::{About, CliError, Result};

/// Enables colours on a terminal unless `NO_COLOR` is set.
pub fn set_colors() {
    let wanted = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb");
    console::set_colors_enabled(wanted && io::stdout().is_terminal());
    console::set_colors_enabled_stderr(wanted && io::stderr().is_terminal());
}

#[derive(Clone)]
pub struct Out {
    pub json: bool,
    quiet: bool,
    /// stderr is a terminal and `--quiet` is not set.
    pub live: bool,
}

impl Out {
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, live: !quiet && io::stderr().is_terminal() }
    }

    /// The result of a command: JSON, or what a person reads.
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        let mut line = if self.json { serde_json::to_string_pretty(value).about("json")? } else { text() };
        if !line.is_empty() && !line.ends_with('\n') {
            line.push('\n');
        }
        Ok(io::stdout().lock().write_all(line.as_bytes())?)
    }

    /// One JSON document in one line: for streams of them.
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<()> {
        let line = serde_json::to_string(value).about("json")? + "\n";
        let mut stdout = io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        Ok(stdout.flush()?)
    }

    /// A message, on a terminal only.
    pub fn note(&self, message: impl Display) {
        if self.live {
            eprintln!("{}", console::style(message).dim().for_stderr());
        }
    }

    /// A warning; also written to logs, but not under `--quiet`.
    pub fn warn(&self, message: impl Display) {
        if self.quiet {
            return;
        }
        eprintln!("{} {message}", console::style("warning:").yellow().bold().for_stderr());
    }

    /// A final message, such as how a run failed; not under `--quiet`.
    pub fn tell(&self, message: impl Display) {
        if !self.quiet {
            eprintln!("{message}");
        }
    }

    /// A progress bar in bytes; hidden without a terminal.
    pub fn bytes_bar(&self, total: u64, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.target());
        let style =
            ProgressStyle::with_template("{msg} [{bar:28}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        bar.with_style(style.expect("the template is fixed").progress_chars("=> "))
            .with_message(what.to_owned())
    }

    /// A spinner with a changing message.
    pub fn spinner(&self, message: impl Into<String>) -> ProgressBar {
        let spinner = ProgressBar::with_draw_target(None, self.target());
        let bar = spinner.with_style(ProgressStyle::default_spinner()).with_message(message.into());
        if self.live {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar
    }

    fn target(&self) -> ProgressDrawTarget {
        if self.live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
    }

    /// Whether a question can be asked on a terminal.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question that is answered with yes or no; no is the default.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        let answer = self.ask(&format!("{question} [y/N]"))?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// Asks for a line of text.
    pub fn ask(&self, question: &str) -> Result<String> {
        eprint!("{question} ");
        io::stderr().flush()?;
        let mut answer = String::new();
        match io::stdin().read_line(&mut answer)? {
            0 => Err(CliError::new("no answer was given")),
            _ => Ok(answer.trim().to_owned()),
        }
    }
}

/// Makes a server's text safe for a terminal: control characters could move the cursor or set a title.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
