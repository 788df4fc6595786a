//! Words and meaning together: each feature is put on one scale (its distance from the mean over all units of the
//! project, in standard deviations), and a score is their weighted sum. Weights and boosts are in `weights.json`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Found, Search, hits, view::View};
use crate::{
    answer::{Hit, Why},
    error::IndexError,
    index::{Live, NO_ROW},
    query::{Mode, QueryError},
    segment::{self, Boosts, Lexical},
    tokens,
    vectors::normalised,
};

/// Units that are looked at closely.
const POOL: usize = 1_000;
/// Tokens of a query that count; a pasted text has more.
const MAX_TOKENS: usize = 48;
/// Units between two looks at the clock.
const BETWEEN_LOOKS: usize = 8_192;

#[derive(Debug, Deserialize)]
struct Settings {
    boosts: Boosts,
    weights: Weights,
}

/// Of features in standard deviations; `test` is added to units of tests.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Weights {
    words: f32,
    body: f32,
    signature: f32,
    /// Of the best unit of the file.
    file: f32,
    test: f32,
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    serde_json::from_str(include_str!("weights.json")).expect("weights.json is read by a test")
});

/// One number for each unit of each segment; NaN: not known.
struct Feature {
    values: Vec<Vec<f32>>,
    mean: f32,
    deviation: f32,
}

pub fn find(search: &Search<'_>, text: &str) -> Result<Found, IndexError> {
    let mode = search.query.mode;
    let tokens: Vec<String> = tokens::of_query(text).into_iter().take(MAX_TOKENS).collect();
    let mut found = Found::default();
    let words = match mode {
        Mode::Semantic => None,
        _ => Some(words(search, &tokens, &mut found)?),
    };
    let meaning = if mode == Mode::Lexical { None } else { meaning(search) };
    if mode == Mode::Semantic && meaning.is_none() {
        return Err(QueryError::NoVector.into());
    }
    found.meaning = meaning.is_some();
    let ranking = Ranking { search, words, meaning, weights: SETTINGS.weights };
    let ranked = ranking.ranked();
    found.hits = ranking.hits(ranked, &tokens, &mut found.more);
    Ok(found)
}

fn units(live: &Live) -> usize {
    live.segment.tables.units.len()
}

fn words(search: &Search<'_>, tokens: &[String], found: &mut Found) -> Result<Feature, IndexError> {
    let lives = &search.view.lives;
    let mut values: Vec<Vec<f32>> = lives.iter().map(|live| vec![0.0; units(live)]).collect();
    let lexicals: Vec<Option<&Lexical>> = lives.iter().map(|live| live.segment.lexical.as_ref()).collect();
    let mut seen = 0usize;
    segment::rank(&lexicals, tokens, &SETTINGS.boosts, |at, unit, score| {
        values[at][unit as usize] = score;
        seen += 1;
        found.is_cut = seen.is_multiple_of(BETWEEN_LOOKS) && search.is_late();
        !found.is_cut
    })?;
    Ok(Feature::of(search.view, values))
}

/// Similarities of bodies and signatures, if the query has a vector of the index's model.
struct Meaning {
    query: Vec<f32>,
    body: Feature,
    signature: Feature,
}

fn meaning(search: &Search<'_>) -> Option<Meaning> {
    let vector = search.query.vector.as_ref()?;
    if search.view.model.as_ref() != Some(&vector.model) {
        return None;
    }
    let rows = search.view.vectors.similarities(&vector.values)?;
    let of = |row: &u32| if *row == NO_ROW { f32::NAN } else { rows[*row as usize] };
    let lives = &search.view.lives;
    let body = lives.iter().map(|live| live.rows.body.iter().map(of).collect()).collect();
    let signature = lives.iter().map(|live| live.rows.signature.iter().map(of).collect()).collect();
    Some(Meaning {
        query: normalised(&vector.values),
        body: Feature::of(search.view, body),
        signature: Feature::of(search.view, signature),
    })
}

impl Feature {
    /// Mean and deviation are those of all units that are alive, whatever the filter.
    fn of(view: &View, values: Vec<Vec<f32>>) -> Self {
        let (mut count, mut sum, mut squares) = (0.0f64, 0.0f64, 0.0f64);
        for (live, values) in view.lives.iter().zip(&values) {
            for (unit, value) in live.segment.tables.units.iter().zip(values) {
                if live.alive[unit.file as usize] && !value.is_nan() {
                    let value = f64::from(*value);
                    count += 1.0;
                    sum += value;
                    squares += value * value;
                }
            }
        }
        let mean = if count > 0.0 { sum / count } else { 0.0 };
        let variance = if count > 0.0 { (squares / count - mean * mean).max(0.0) } else { 0.0 };
        let deviation = if variance > 1e-12 { variance.sqrt() as f32 } else { f32::INFINITY };
        Self { values, mean: mean as f32, deviation }
    }

    fn on_scale(&self, value: f32) -> f32 {
        if value.is_nan() { 0.0 } else { (value - self.mean) / self.deviation }
    }

    fn at(&self, segment: usize, unit: usize) -> f32 {
        self.on_scale(self.values[segment][unit])
    }
}

struct Ranking<'a> {
    search: &'a Search<'a>,
    words: Option<Feature>,
    meaning: Option<Meaning>,
    weights: Weights,
}

/// A unit and its score.
type Ranked = (f32, usize, u32);

impl Ranking<'_> {
    /// Units by their score, best first.
    fn ranked(&self) -> Vec<Ranked> {
        let mut pool = self.pool();
        for (score, segment, unit) in &mut pool {
            *score = self.shares(*segment, *unit as usize).iter().map(|(_, share)| share).sum();
        }
        self.lift_by_file(&mut pool);
        pool.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        pool
    }

    /// The units that may matter: allowed, and with something for them.
    fn pool(&self) -> Vec<Ranked> {
        let mut pool = Vec::new();
        for (segment, live) in self.search.view.lives.iter().enumerate() {
            let tables = &live.segment.tables;
            let mut allowed: Vec<Option<bool>> = vec![None; tables.files.len()];
            for (unit, entry) in tables.units.iter().enumerate() {
                let file = entry.file as usize;
                if !live.alive[file] {
                    continue;
                }
                let score = self.quick(segment, unit, tables.files[file].is_test);
                let Some(score) = score else { continue };
                if *allowed[file].get_or_insert_with(|| self.search.filter.allows(&tables.files[file])) {
                    pool.push((score, segment, unit as u32));
                }
            }
        }
        if pool.len() > POOL {
            pool.select_nth_unstable_by(POOL, |a, b| b.0.total_cmp(&a.0));
            pool.truncate(POOL);
        }
        pool
    }

    /// The score as far as it is known; `None`: nothing speaks for the unit.
    fn quick(&self, segment: usize, unit: usize, is_test: bool) -> Option<f32> {
        let words = self.words.as_ref().map_or(0.0, |words| words.values[segment][unit]);
        let meaning = self
            .meaning
            .as_ref()
            .map(|meaning| (meaning.body.values[segment][unit], meaning.signature.values[segment][unit]));
        let (body, signature) = meaning.unwrap_or((f32::NAN, f32::NAN));
        if words <= 0.0 && body.is_nan() && signature.is_nan() {
            return None;
        }
        let mut score = if is_test { self.weights.test } else { 0.0 };
        score += self.words.as_ref().map_or(0.0, |feature| self.weights.words * feature.on_scale(words));
        if let Some(meaning) = &self.meaning {
            score += self.weights.body * meaning.body.on_scale(body);
            score += self.weights.signature * meaning.signature.on_scale(signature);
        }
        Some(score)
    }

    /// Each feature's part of a unit's score.
    fn shares(&self, segment: usize, unit: usize) -> Vec<(&'static str, f32)> {
        let live = &self.search.view.lives[segment];
        let entry = &live.segment.tables.units[unit];
        let mut shares = Vec::with_capacity(4);
        if let Some(words) = &self.words {
            shares.push(("words", self.weights.words * words.at(segment, unit)));
        }
        if let Some(meaning) = &self.meaning {
            let rows = [
                ("body", &meaning.body, live.rows.body[unit], self.weights.body),
                ("signature", &meaning.signature, live.rows.signature[unit], self.weights.signature),
            ];
            for (name, feature, row, weight) in rows {
                shares.push((name, weight * feature.on_scale(self.similarity(feature, segment, unit, row))));
            }
        }
        if live.segment.tables.files[entry.file as usize].is_test {
            shares.push(("test", self.weights.test));
        }
        shares
    }

    /// What the graph did not look at is computed for what words found.
    fn similarity(&self, feature: &Feature, segment: usize, unit: usize, row: u32) -> f32 {
        let known = feature.values[segment][unit];
        match &self.meaning {
            Some(meaning) if known.is_nan() && row != NO_ROW => {
                self.search.view.vectors.similarity(&meaning.query, row as usize).unwrap_or(known)
            }
            _ => known,
        }
    }

    /// A unit in a file with a good unit is a little better.
    fn lift_by_file(&self, pool: &mut [Ranked]) {
        let file = |segment: usize, unit: u32| {
            self.search.view.lives[segment].segment.tables.units[unit as usize].file
        };
        let mut best = std::collections::HashMap::new();
        for (score, segment, unit) in pool.iter() {
            let entry = best.entry((*segment, file(*segment, *unit))).or_insert(*score);
            *entry = entry.max(*score);
        }
        for (score, segment, unit) in pool {
            *score += self.weights.file * best[&(*segment, file(*segment, *unit))];
        }
    }

    /// The best units as hits; of units that overlap, the better one.
    fn hits(&self, ranked: Vec<Ranked>, tokens: &[String], more: &mut bool) -> Vec<Hit> {
        let view = self.search.view;
        let mut taken: Vec<(usize, u32, u32, u32)> = Vec::new();
        let mut hits = Vec::new();
        for (score, segment, unit) in ranked {
            let entry = &view.lives[segment].segment.tables.units[unit as usize];
            let (start, end) = (entry.unit.start, entry.unit.text_end);
            let overlaps = |(at, file, from, to): &(usize, u32, u32, u32)| {
                *at == segment && *file == entry.file && *from < end && start < *to
            };
            if taken.iter().any(overlaps) {
                continue;
            }
            if hits.len() == self.search.query.limit {
                *more = true;
                break;
            }
            taken.push((segment, entry.file, start, end));
            let mut hit = hits::of_unit(view, segment, unit, tokens, score);
            hit.why = self.search.query.explain.then(|| self.why(segment, unit as usize));
            hits.push(hit);
        }
        hits
    }

    fn why(&self, segment: usize, unit: usize) -> Why {
        let mut shares = self.shares(segment, unit);
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let has_words = self.words.as_ref().is_some_and(|words| words.values[segment][unit] > 0.0);
        let by_meaning =
            shares.iter().any(|(name, share)| matches!(*name, "body" | "signature") && *share > 0.0);
        let found_by = [("words", has_words), ("meaning", by_meaning)];
        Why {
            found_by: found_by.iter().filter(|(_, is)| *is).map(|(name, _)| (*name).to_owned()).collect(),
            shares: shares.into_iter().map(|(name, share)| (name.to_owned(), share)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_weights_can_be_read() {
        assert!(super::SETTINGS.boosts.name > super::SETTINGS.boosts.body);
        assert!(super::SETTINGS.weights.test < 0.0);
    }
}
