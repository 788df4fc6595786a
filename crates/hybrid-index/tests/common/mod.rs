//! A small project, and short words for what tests do with an index.
#![allow(dead_code)]

use std::time::{Duration, Instant};

use engunity_hybrid_index::{
    Answer, EmbedBudget, Embedder, FileChange, HashingEmbedder, Hit, Mode, Opened, Overlay, OverlayFile,
    ProjectIndex, Query, QueryVector, Settings,
};
use tempfile::TempDir;

pub const URLS: &str = r#""""Addresses of resources."""


class UrlParser:
    """Takes addresses apart."""

    def parse_url(self, text, base=None):
        """Splits an address into its parts."""
        return text.split("/")


def join_paths(first, second):
    """Puts two paths together."""
    return first + "/" + second
"#;

pub const COLOURS: &str =
    "// Mixes paint.\nexport function mixColours(red: number, blue: number) {\n  return red + blue;\n}\n";

pub const TESTS: &str =
    "from urls import UrlParser\n\n\ndef test_parse_url():\n    assert UrlParser().parse_url('a/b')\n";

pub struct Lab {
    pub dir: TempDir,
    pub index: ProjectIndex,
}

pub fn far() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub fn lab() -> Lab {
    let dir = tempfile::tempdir().expect("a folder");
    let (index, opened) = ProjectIndex::open(dir.path(), Settings::default()).expect("an index");
    assert_eq!(opened, Opened::New);
    Lab { dir, index }
}

pub fn project() -> Lab {
    let lab = lab();
    let files = [
        FileChange::put("src/urls.py", Some("python"), URLS),
        FileChange::put("web/colours.ts", Some("typescript"), COLOURS),
        FileChange::put("tests/test_urls.py", Some("python"), TESTS),
        FileChange::put("logo.png", None, b"\x89PNG\0\0".to_vec()),
        FileChange::put("web/app.min.js", Some("javascript"), "var shrunken=1;"),
    ];
    lab.index.apply(files).expect("applied");
    lab
}

impl Lab {
    pub fn search(&self, text: &str, mode: Mode) -> Answer {
        self.ask(&Query::new(text, mode))
    }

    pub fn ask(&self, query: &Query) -> Answer {
        self.index.search(query, &Overlay::default(), far()).expect("an answer")
    }

    /// With the twin's vector of the text.
    pub fn ask_with_meaning(&self, text: &str, mode: Mode) -> Answer {
        let twin = HashingEmbedder::default();
        let values = twin.embed(&[text]).expect("a vector").remove(0);
        let vector = Some(QueryVector { model: twin.model().clone(), values });
        self.ask(&Query { vector, explain: true, ..Query::new(text, mode) })
    }

    pub fn embed(&self) -> usize {
        let twin = HashingEmbedder::default();
        let progress = self.index.embed_pending(&twin, EmbedBudget::ALL, &mut |_| ()).expect("vectors");
        assert!(progress.is_complete());
        progress.done
    }
}

pub fn paths(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().map(|hit| hit.path.as_str()).collect()
}

pub fn names(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().filter_map(|hit| Some(hit.symbol.as_ref()?.name.as_str())).collect()
}

/// What a hit marks.
pub fn marked(hit: &Hit) -> Vec<String> {
    let units: Vec<u16> = hit.snippet.encode_utf16().collect();
    hit.highlights
        .iter()
        .map(|[start, end]| String::from_utf16_lossy(&units[*start as usize..*end as usize]))
        .collect()
}

pub fn overlay(path: &str, text: Option<&str>) -> Overlay {
    let language = path.ends_with(".py").then(|| "python".to_owned());
    Overlay { files: vec![OverlayFile { path: path.into(), language, text: text.map(str::to_owned) }] }
}
