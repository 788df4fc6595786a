//! The error of a command: one line that says what is wrong, and the next command to type.

use std::{fmt::Display, io};

use engunity_protocol::problem::ErrorCode;

pub type Result<T, E = CliError> = std::result::Result<T, E>;

/// The exit code of CLI errors; any other code of a `run` is the program's.
pub const CLI_FAILED: u8 = 125;
/// The exit code of a program whose reader went away (128 + SIGPIPE).
pub const PIPE_CLOSED: u8 = 141;

#[derive(Debug)]
pub struct CliError {
    pub message: String,
    /// The next command to type.
    pub hint: Option<String>,
    /// The server's error code.
    pub code: Option<ErrorCode>,
    /// A network or server problem: another try may succeed.
    pub transient: bool,
    /// No connection was made, so the server has not seen the request.
    pub unsent: bool,
    pub exit: u8,
}

impl CliError {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: None,
            transient: false,
            unsent: false,
            exit: CLI_FAILED,
        }
    }

    pub fn hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }

    pub fn exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }

    /// Marks it as one that another try may resolve.
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Adds a hint if the server's error code is `code`.
    pub fn when(self, code: ErrorCode, command: &str) -> Self {
        if self.code == Some(code) { self.hint(command) } else { self }
    }

    /// The reader of our output closed the pipe; nothing is printed.
    pub fn pipe_closed() -> Self {
        Self::new("").exit(PIPE_CLOSED)
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::pipe_closed(),
            _ => Self::new(error.to_string()),
        }
    }
}

/// Says what an I/O error was about.
pub trait About<T> {
    fn about(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> About<T> for std::result::Result<T, E> {
    fn about(self, what: impl Display) -> Result<T> {
        self.map_err(|error| CliError::new(format!("{what}: {error}")))
    }
}
