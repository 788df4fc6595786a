//! Search: index jobs, what workers report of them, questions and answers.

use engunity_protocol::{
    index::{ContentChange, IndexBundle, IndexCounts, IndexReport, IndexSpec, SkippedFile},
    job::JobSpec,
    search::{
        Coverage, FoundHit, ScoreShare, SearchCase, SearchFound, SearchMode, SearchQuery, SearchQuestion,
        SearchReply, SearchSymbol, SearchWhy,
    },
    wire::EventBody,
};

use super::{in_json, on_the_wire, project_id};

fn bundle() -> IndexBundle {
    let manifest = "indexes/7/af13".to_owned();
    IndexBundle { objects: vec![manifest.clone()], manifest, bytes: 4096 }
}

fn content_changes() -> Vec<ContentChange> {
    let content = b"fn main() {}".to_vec();
    let put = ContentChange::Put {
        path: "a.rs".into(),
        language: Some("rust".into()),
        hash: "af13".into(),
        content,
    };
    let large = ContentChange::TooLarge { path: "dump.sql".into(), hash: "bf14".into(), bytes: 20_000_000 };
    vec![put, large, ContentChange::Remove { path: "b.rs".into() }]
}

#[test]
fn indexes() {
    let (changes, files) = (Some("indexes/7/changes/12-01".into()), 2);
    let spec = IndexSpec { base: Some(bundle()), revision: 12, changes, files };
    in_json("spec_index", &JobSpec::Index(spec));
    on_the_wire("content_changes", &content_changes());
    let skipped = vec![SkippedFile { path: "logo.png".into(), why: "binary".into() }];
    let counts = IndexCounts { files: 7, chunks: 30, embedded: 12, segments: 2, skipped_files: 1, skipped };
    let report = IndexReport { revision: 12, bundle: bundle(), counts, unfinished: true };
    on_the_wire("event_indexed", &EventBody::Indexed(report));
    let (manifest, why) = (bundle().manifest, "of another version".into());
    on_the_wire("event_index_unusable", &EventBody::IndexUnusable { manifest, why });
}

#[test]
fn searches() {
    let query = SearchQuery {
        text: "fn main".into(),
        mode: SearchMode::Regex,
        case: SearchCase::Sensitive,
        language: Some("rust".into()),
        glob: Some("src/**".into()),
        limit: 50,
        explain: true,
    };
    let (project_id, index) = (project_id(), Some(bundle()));
    let overlay = content_changes();
    on_the_wire("search_question", &SearchQuestion { project_id, index, overlay, query, within_ms: 9000 });
    let shares = vec![ScoreShare { feature: "name".into(), share: 0.5 }];
    let hit = FoundHit {
        path: "a.rs".into(),
        language: Some("rust".into()),
        symbol: Some(SearchSymbol {
            name: "main".into(),
            kind: "function".into(),
            scope: Some("app".into()),
        }),
        start_line: 1,
        end_line: 1,
        snippet: "fn main() {}".into(),
        highlights: vec![[0, 7]],
        score: 0.75,
        why: Some(SearchWhy { found_by: vec!["text".into()], shares }),
    };
    let coverage = Coverage { files: 7, indexed: 6, chunks: 30, embedded: 12, skipped: 1 };
    let notes = vec!["no search by meaning".into()];
    let found =
        SearchFound { hits: vec![hit], exact: true, truncated: false, coverage, has_model: true, notes };
    on_the_wire("search_found", &SearchReply::Found(found));
    let (field, message) = ("q".into(), "the query is empty".into());
    on_the_wire("search_refused", &SearchReply::Refused { field, message });
    on_the_wire("search_unusable", &SearchReply::Unusable { why: "damaged".into() });
    on_the_wire("search_gone", &SearchReply::Gone);
}
