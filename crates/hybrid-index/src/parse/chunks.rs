//! Cuts a file into consecutive chunks that follow its syntax tree (cAST): a node that is too large is cut into its
//! children, small neighbours are put together. Together the chunks are the whole file.

use tree_sitter::{Node, Tree};

/// A chunk has at most this many bytes that are not white space.
pub const MAX_NON_WHITE: u32 = 1_500;
/// A chunk below this is put together with what follows, even across the end of a class or function.
const MIN_NON_WHITE: u32 = 300;
/// Deeper nodes are not looked into: nobody writes such a tree by hand.
const MAX_DEPTH: usize = 200;

/// The ends of the chunks, ascending; the last one is the file's. Empty for an empty file.
pub type Ends = Vec<u32>;

/// A piece that is not cut further: its end, and which node's child it is.
struct Piece {
    end: u32,
    parent: usize,
}

pub fn of_tree(content: &[u8], tree: &Tree) -> Ends {
    let weight = Weight::of(content);
    let mut cutter = Cutter { content, weight: &weight, pieces: Vec::new(), from: 0 };
    cutter.cut(tree.root_node(), 0);
    cutter.cut_plain(content.len() as u32, usize::MAX);
    join(cutter.pieces, &weight)
}

/// Chunks of whole lines, for what has no grammar.
pub fn plain(content: &[u8]) -> Ends {
    let weight = Weight::of(content);
    let mut cutter = Cutter { content, weight: &weight, pieces: Vec::new(), from: 0 };
    cutter.cut_plain(content.len() as u32, 0);
    join(cutter.pieces, &weight)
}

/// How many bytes before each place are not white space.
struct Weight(Vec<u32>);

impl Weight {
    fn of(content: &[u8]) -> Self {
        let mut before = 0;
        let counts = content.iter().map(|byte| {
            before += u32::from(!byte.is_ascii_whitespace());
            before
        });
        Self(std::iter::once(0).chain(counts).collect())
    }

    fn between(&self, start: u32, end: u32) -> u32 {
        self.0[end as usize].saturating_sub(self.0[start as usize])
    }
}

struct Cutter<'a> {
    content: &'a [u8],
    weight: &'a Weight,
    pieces: Vec<Piece>,
    /// The end of the last piece.
    from: u32,
}

impl Cutter<'_> {
    fn cut(&mut self, node: Node<'_>, depth: usize) {
        let mut cursor = node.walk();
        let children: Vec<_> = node.children(&mut cursor).collect();
        for child in children {
            let end = self.end_of(child);
            if end <= self.from {
                continue;
            }
            if self.weight.between(self.from, end) <= MAX_NON_WHITE {
                self.push(end, node.id());
            } else if child.child_count() > 0 && depth < MAX_DEPTH {
                // What stands before a large node ends there, so that the node's own head begins a chunk.
                let start = self.line_start(child.start_byte() as u32);
                if start > self.from {
                    self.cut_plain(start, node.id());
                }
                self.cut(child, depth + 1);
                if end > self.from {
                    self.cut_plain(end, child.id());
                }
            } else {
                self.cut_plain(end, node.id());
            }
        }
    }

    /// A node's end, after the line break that follows it.
    fn end_of(&self, node: Node<'_>) -> u32 {
        let end = node.end_byte().min(self.content.len());
        let rest = &self.content[end..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        let skipped = if rest.get(blank) == Some(&b'\n') { blank + 1 } else { 0 };
        (end + skipped) as u32
    }

    fn line_start(&self, at: u32) -> u32 {
        let before = &self.content[self.from.min(at) as usize..at as usize];
        let indent = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        at - indent as u32
    }

    /// Cuts up to `end` at line breaks, or in the middle of a line that is too long.
    fn cut_plain(&mut self, end: u32, parent: usize) {
        while self.from < end {
            let rest = &self.content[self.from as usize..end as usize];
            let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            let mut stop = self.from + line as u32;
            if self.weight.between(self.from, stop) > MAX_NON_WHITE {
                stop = self.boundary(self.from + MAX_NON_WHITE, stop);
            }
            self.push(stop, parent);
        }
    }

    /// The first place from `at` on where no UTF-8 sequence is cut, at most 3 bytes on.
    fn boundary(&self, at: u32, end: u32) -> u32 {
        let is_inside = |at: &u32| self.content[*at as usize] & 0b1100_0000 == 0b1000_0000;
        (at..end.min(at + 4)).find(|at| !is_inside(at)).unwrap_or(at)
    }

    fn push(&mut self, end: u32, parent: usize) {
        self.pieces.push(Piece { end, parent });
        self.from = end;
    }
}

/// Puts neighbours together while they fit.
fn join(pieces: Vec<Piece>, weight: &Weight) -> Ends {
    let mut ends: Ends = Vec::new();
    let (mut start, mut end, mut parent) = (0, 0, None);
    for piece in pieces {
        let is_sibling = parent.is_none_or(|parent| parent == piece.parent);
        let fits = weight.between(start, piece.end) <= MAX_NON_WHITE;
        let is_small = weight.between(start, end) < MIN_NON_WHITE;
        if end > start && !(fits && (is_sibling || is_small)) {
            ends.push(end);
            start = end;
        }
        end = piece.end;
        parent = Some(piece.parent);
    }
    if end > start {
        ends.push(end);
    }
    ends
}
