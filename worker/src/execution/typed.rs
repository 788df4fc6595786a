//! What is typed into a running program: taken from the control queue, bounded, and kept until the run passes it on.
//!
//! Each source (a tab, a terminal, a script) counts its own bytes, so a message that comes twice types nothing twice.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engunity_protocol::{
    spec::TerminalSize,
    wire::{InputPiece, InputReply},
};
use tokio::sync::Notify;

/// Bytes that may wait for the program to read those before them.
const MOST_WAITING: usize = 64 * 1024;
/// Sources that are remembered for one run.
const MOST_SOURCES: usize = 64;

/// The input of one run; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TypedInput {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    typed: Typed,
    /// The next offset of each source.
    offsets: HashMap<String, u64>,
}

/// What has come since it was last taken.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Typed {
    pub data: Vec<u8>,
    pub end: bool,
    pub terminal: Option<TerminalSize>,
}

impl TypedInput {
    /// The input of a run that takes some.
    pub fn open() -> Self {
        let input = Self::default();
        input.lock().open = true;
        input
    }

    /// Takes in what there is room for.
    pub fn push(&self, piece: InputPiece) -> InputReply {
        let reply = self.lock().push(piece);
        self.changed.notify_one();
        reply
    }

    /// Waits until something has come, and takes it. Safe to cancel.
    pub async fn next(&self) -> Typed {
        loop {
            if let Some(typed) = self.lock().take() {
                return typed;
            }
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, piece: InputPiece) -> InputReply {
        let InputPiece { source, offset, data, end, terminal } = piece;
        self.typed.terminal = terminal.or(self.typed.terminal);
        let known = self.offsets.contains_key(&source);
        if !self.open && (end || !data.is_empty()) || !known && self.offsets.len() >= MOST_SOURCES {
            return InputReply::Closed;
        }
        let next = self.offsets.entry(source).or_insert(offset.unwrap_or(0));
        // A piece behind a lost one waits until that is sent again.
        let Some(seen) = next.checked_sub(offset.unwrap_or(*next)) else {
            return InputReply::Taken { offset: *next };
        };
        let fresh = data.get(usize::try_from(seen).unwrap_or(usize::MAX)..).unwrap_or_default();
        let room = MOST_WAITING - self.typed.data.len().min(MOST_WAITING);
        let taken = &fresh[..fresh.len().min(room)];
        self.typed.data.extend_from_slice(taken);
        *next += taken.len() as u64;
        if end && taken.len() == fresh.len() {
            (self.typed.end, self.open) = (true, false);
        }
        InputReply::Taken { offset: *next }
    }

    fn take(&mut self) -> Option<Typed> {
        let typed = std::mem::take(&mut self.typed);
        (typed != Typed::default()).then_some(typed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(source: &str, offset: u64, data: &str) -> InputPiece {
        let (source, data) = (source.to_owned(), data.as_bytes().to_vec());
        InputPiece { source, offset: Some(offset), data, ..InputPiece::default() }
    }

    async fn text(input: &TypedInput) -> String {
        String::from_utf8(input.next().await.data).unwrap()
    }

    #[tokio::test]
    async fn what_comes_twice_is_typed_once() {
        let input = TypedInput::open();
        assert_eq!(input.push(piece("a", 0, "hel")), InputReply::Taken { offset: 3 });
        assert_eq!(input.push(piece("a", 0, "hello")), InputReply::Taken { offset: 5 });
        assert_eq!(input.push(piece("a", 0, "hello")), InputReply::Taken { offset: 5 });
        assert_eq!(
            input.push(piece("b", 7, "!")),
            InputReply::Taken { offset: 8 },
            "others count on their own"
        );
        assert_eq!(input.push(piece("a", 9, "late")), InputReply::Taken { offset: 5 }, "a gap is not filled");
        assert_eq!(text(&input).await, "hello!");
        let unnumbered = InputPiece { data: b"x".to_vec(), ..InputPiece::default() };
        input.push(unnumbered.clone());
        input.push(unnumbered);
        assert_eq!(text(&input).await, "xx");
    }

    #[tokio::test]
    async fn no_more_is_kept_than_there_is_room_for() {
        let input = TypedInput::open();
        let much = "x".repeat(MOST_WAITING + 10);
        assert_eq!(input.push(piece("a", 0, &much)), InputReply::Taken { offset: MOST_WAITING as u64 });
        let ended = InputPiece { end: true, ..piece("a", 0, &much) };
        assert_eq!(input.push(ended.clone()), InputReply::Taken { offset: MOST_WAITING as u64 });
        assert!(!input.next().await.end, "its end has not come");
        assert_eq!(input.push(ended), InputReply::Taken { offset: much.len() as u64 });
        assert_eq!(input.next().await, Typed { data: vec![b'x'; 10], end: true, terminal: None });
        assert_eq!(input.push(piece("a", much.len() as u64, "y")), InputReply::Closed);
    }

    #[tokio::test]
    async fn a_run_without_live_input_takes_only_sizes() {
        let input = TypedInput::default();
        assert_eq!(input.push(piece("a", 0, "x")), InputReply::Closed);
        let terminal = Some(TerminalSize { rows: 50, cols: 100 });
        input.push(InputPiece { terminal, ..InputPiece::default() });
        assert_eq!(input.next().await, Typed { terminal, ..Typed::default() });
    }
}
