//! What an operator can set about an index.

/// Limits of one index. They are part of no stored state: another value takes effect with the next change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Larger files are not indexed at all. Bytes.
    pub max_file_bytes: u64,
    /// Larger files are searched by text, regex and path only: nobody looks for a function in a dump. Bytes.
    pub max_parsed_bytes: u64,
    /// Content that one segment holds at most; a larger change makes several segments. Bytes.
    pub segment_bytes: u64,
    /// Vectors from which on a graph replaces the exact scan.
    pub graph_from: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_file_bytes: 16 * 1024 * 1024,
            max_parsed_bytes: 1024 * 1024,
            segment_bytes: 64 * 1024 * 1024,
            graph_from: 50_000,
        }
    }
}
