//! Where words go: data to stdout, messages and progress to stderr and only on a terminal.

pub mod board;
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

/// Colours stand where a terminal reads and `NO_COLOR` is not set.
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
    /// Someone reads stderr as it comes.
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

    /// A message for someone who watches.
    pub fn note(&self, message: impl Display) {
        if self.live {
            eprintln!("{}", console::style(message).dim().for_stderr());
        }
    }

    /// Something that must not be missed, also in a log.
    pub fn warn(&self, message: impl Display) {
        if self.quiet {
            return;
        }
        eprintln!("{} {message}", console::style("warning:").yellow().bold().for_stderr());
    }

    /// The last word about something that went wrong outside of us: a program's failure, a run that was left.
    pub fn tell(&self, message: impl Display) {
        if !self.quiet {
            eprintln!("{message}");
        }
    }

    /// A bar of bytes; draws nothing where nobody watches.
    pub fn bytes_bar(&self, total: u64, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), self.target());
        let style =
            ProgressStyle::with_template("{msg} [{bar:28}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        bar.with_style(style.expect("the template is fixed").progress_chars("=> "))
            .with_message(what.to_owned())
    }

    /// A turning wheel with a changing message.
    pub fn spinner(&self, message: impl Into<String>) -> ProgressBar {
        let wheel = ProgressBar::with_draw_target(None, self.target());
        let bar = wheel.with_style(ProgressStyle::default_spinner()).with_message(message.into());
        if self.live {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        bar
    }

    fn target(&self) -> ProgressDrawTarget {
        if self.live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
    }

    /// Whether someone is there to be asked.
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
            0 => Err(CliError::new("nothing was answered")),
            _ => Ok(answer.trim().to_owned()),
        }
    }
}

/// A server's text on its way to a terminal: control characters could move the cursor or set a title.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
