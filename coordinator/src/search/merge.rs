//! Puts answers together: those of several projects into one, and lines around a hit into its snippet. Pure.

use std::cmp::Ordering;

use engunity_protocol::search::{Coverage, SearchAnswer, SearchHit};

use super::SearchError;

/// One answer of many, the best hits first. Projects that could not be searched are counted in a note, unless none could.
pub fn merge(
    answers: Vec<Result<SearchAnswer, SearchError>>,
    limit: usize,
) -> Result<SearchAnswer, SearchError> {
    let (mut merged, mut coverage) =
        (SearchAnswer { exact: true, ..SearchAnswer::default() }, Coverage::default());
    let (mut searched, mut failed, mut error) = (0, 0, None);
    for answer in answers {
        match answer {
            Ok(answer) => {
                searched += 1;
                coverage += answer.coverage;
                merged.exact &= answer.exact;
                merged.truncated |= answer.truncated;
                merged.hits.extend(answer.hits);
                merged.notes.extend(answer.notes);
            }
            // Deleted meanwhile.
            Err(SearchError::NoProject) => {}
            Err(wrong @ SearchError::Invalid { .. }) => return Err(wrong),
            Err(other) => {
                failed += 1;
                error = Some(other);
            }
        }
    }
    if let Some(error) = error {
        if searched == 0 {
            return Err(error);
        }
        merged.exact = false;
        merged.notes.push(format!("{failed} projects could not be searched: {error}"));
    }
    // Stable: hits of one score stay in the order of projects and of lines.
    merged.hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    merged.truncated |= merged.hits.len() > limit;
    merged.hits.truncate(limit);
    merged.notes.sort();
    merged.notes.dedup();
    merged.coverage = coverage;
    Ok(merged)
}

/// Drops hits that can't be among the best `limit` of all, once there are twice as many: many projects would fill the memory.
pub fn trim(answers: &mut [Result<SearchAnswer, SearchError>], limit: usize) {
    let mut scores: Vec<f64> =
        answers.iter().flatten().flat_map(|answer| answer.hits.iter().map(|hit| hit.score)).collect();
    if scores.len() <= 2 * limit {
        return;
    }
    let (_, least, _) = scores.select_nth_unstable_by(limit, |a, b| b.total_cmp(a));
    let mut equal_left = limit;
    for answer in answers.iter_mut().flatten() {
        let before = answer.hits.len();
        answer.hits.retain(|hit| match hit.score.total_cmp(least) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if equal_left == 0 => false,
            Ordering::Equal => {
                equal_left -= 1;
                true
            }
        });
        answer.truncated |= answer.hits.len() < before;
    }
}

/// Puts up to `context` lines of the file's text before and after the snippet. A snippet that is not in the text at its line
/// any more stays as it is.
pub fn widen(hit: &mut SearchHit, lines: &[&str], context: u32) {
    let shown = hit.snippet.lines().count();
    let first = hit.start_line.saturating_sub(1) as usize;
    let stands =
        lines.get(first).zip(hit.snippet.lines().next()).is_some_and(|(line, shown)| line.starts_with(shown));
    if shown == 0 || !stands {
        return;
    }
    let from = first.saturating_sub(context as usize);
    let last = (first + shown).min(lines.len());
    let to = (last + context as usize).min(lines.len());
    let before: String = lines[from..first].iter().map(|line| format!("{line}\n")).collect();
    let after: String = lines[last..to].iter().map(|line| format!("\n{line}")).collect();
    let shift = before.encode_utf16().count() as u32;
    for range in &mut hit.highlights {
        *range = [range[0] + shift, range[1] + shift];
    }
    hit.snippet = format!("{before}{}{after}", hit.snippet.trim_end_matches('\n'));
    hit.snippet_line = from as u32 + 1;
}

#[cfg(test)]
mod tests {
    use engunity_protocol::ProjectId;

    use super::*;

    fn hit(path: &str, line: u32, snippet: &str, score: f64) -> SearchHit {
        SearchHit {
            project_id: ProjectId::new(),
            file_id: None,
            path: path.into(),
            language: None,
            symbol: None,
            start_line: line,
            end_line: line,
            snippet: snippet.into(),
            snippet_line: line,
            highlights: vec![[0, 3]],
            score,
            why: None,
        }
    }

    #[test]
    fn the_best_of_all_projects_come_first() {
        let answer = |hits| SearchAnswer { exact: true, hits, ..SearchAnswer::default() };
        let one = answer(vec![hit("a", 1, "x", 0.9), hit("b", 1, "x", 0.1)]);
        let other = answer(vec![hit("c", 1, "x", 0.5)]);
        let merged = merge(vec![Ok(one), Err(SearchError::NoWorker), Ok(other)], 2).unwrap();
        let paths: Vec<_> = merged.hits.iter().map(|hit| hit.path.as_str()).collect();
        assert_eq!(paths, ["a", "c"]);
        assert!(merged.truncated && !merged.exact);
        assert_eq!(merged.notes.len(), 1, "{:?}", merged.notes);
        assert!(merge(vec![Err(SearchError::NoWorker)], 2).is_err());
        assert!(merge(vec![Err(SearchError::NoProject)], 2).is_ok());
    }

    #[test]
    fn lines_around_a_hit_move_its_highlights() {
        let mut found = hit("a", 3, "hit 😀", 1.0);
        widen(&mut found, &["one", "twö😀", "hit 😀", "four", "five"], 1);
        assert_eq!((found.snippet.as_str(), found.snippet_line), ("twö😀\nhit 😀\nfour", 2));
        assert_eq!(found.highlights, [[6, 9]]);
        let mut first = hit("a", 1, "one", 1.0);
        widen(&mut first, &["one", "two"], 20);
        assert_eq!((first.snippet.as_str(), first.highlights[0]), ("one\ntwo", [0, 3]));
        let mut gone = hit("a", 1, "one", 1.0);
        widen(&mut gone, &["other"], 2);
        assert_eq!(gone.snippet, "one");
    }

    #[test]
    fn hits_that_can_not_be_among_the_best_are_dropped_early() {
        let answer = |scores: &[f64]| {
            let hits = scores.iter().map(|score| hit("a", 1, "x", *score)).collect();
            Ok(SearchAnswer { hits, ..SearchAnswer::default() })
        };
        let mut answers = vec![answer(&[5.0, 1.0, 1.0]), answer(&[4.0, 3.0, 1.0])];
        trim(&mut answers, 2);
        let whole = vec![answer(&[5.0, 1.0, 1.0]), answer(&[4.0, 3.0, 1.0])];
        let kept: usize = answers.iter().flatten().map(|answer| answer.hits.len()).sum();
        assert_eq!(kept, 3);
        let best = |answers| {
            let hits = merge(answers, 2).unwrap().hits.into_iter();
            hits.map(|hit| hit.score).collect::<Vec<_>>()
        };
        assert_eq!(best(answers), best(whole));
    }
}
