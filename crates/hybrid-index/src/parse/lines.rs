//! Where the lines of a file begin.

/// Line numbers of byte offsets.
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub fn of(content: &[u8]) -> Self {
        let ends = content.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect();
        Self { starts }
    }

    /// The number of the line that holds the byte at `offset`, from 1.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset).max(1) as u32
    }

    /// The number of the last line of a range that ends before `end`.
    pub fn last_line(&self, start: u32, end: u32) -> u32 {
        self.line_of(end.saturating_sub(1).max(start))
    }
}
