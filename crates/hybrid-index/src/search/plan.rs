//! Which trigrams a file must have so that a regular expression can match in it. The plan may let through too many
//! files, never too few.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use crate::segment::{Trigrams, fold};

/// Alternatives that are told apart.
const MAX_STRINGS: usize = 64;
/// Letters of a class that are told apart.
const MAX_CLASS: usize = 16;
/// Longer strings are cut: they are rare enough.
const MAX_LENGTH: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Any file may match.
    All,
    Trigram([u8; 3]),
    And(Vec<Plan>),
    Or(Vec<Plan>),
}

/// Folded strings, one of which matches exactly.
type Strings = BTreeSet<Vec<u8>>;

/// What is known of an expression: its exact strings if they are few, else a plan.
enum Known {
    Strings(Strings),
    Plan(Plan),
}

pub fn of(hir: &Hir) -> Plan {
    match known(hir) {
        Known::Strings(strings) => plan_of(&strings),
        Known::Plan(plan) => plan,
    }
}

fn empty() -> Strings {
    Strings::from([Vec::new()])
}

fn known(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::Strings(empty()),
        HirKind::Literal(literal) => Known::Strings(Strings::from([folded(&literal.0)])),
        HirKind::Class(class) => class_strings(class).map_or(Known::Plan(Plan::All), Known::Strings),
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => alternation(parts),
        HirKind::Repetition(repetition) => repeated(repetition),
    }
}

fn folded(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| fold(*byte)).collect()
}

fn class_strings(class: &Class) -> Option<Strings> {
    let mut strings = Strings::new();
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                if range.len() > 2 * MAX_CLASS {
                    return None;
                }
                let letters = range.start()..=range.end();
                strings.extend(letters.map(|letter| folded(letter.encode_utf8(&mut [0; 4]).as_bytes())));
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                strings.extend((range.start()..=range.end()).map(|byte| vec![fold(byte)]));
            }
        }
    }
    (strings.len() <= MAX_CLASS).then_some(strings)
}

/// Strings grow as long as they are few; where that ends, what was gathered becomes a part of the plan.
fn concat(parts: &[Hir]) -> Known {
    let mut plans = Vec::new();
    let mut strings = empty();
    let mut is_exact = true;
    for part in parts {
        // `ab+c` matches what has `ab` and what has `bc`. Each part is looked at once: twice would be 2^n for n levels.
        if let HirKind::Repetition(Repetition { min: 1.., max, sub, .. }) = part.kind()
            && *max != Some(1)
        {
            is_exact = false;
            match known(sub) {
                Known::Strings(inner) => {
                    plans.push(plan_of(&product(&strings, &inner).unwrap_or(strings)));
                    strings = inner;
                }
                Known::Plan(plan) => {
                    plans.extend([plan_of(&strings), plan]);
                    strings = empty();
                }
            }
            continue;
        }
        match known(part) {
            Known::Strings(inner) => match product(&strings, &inner) {
                Some(longer) => strings = longer,
                None => {
                    is_exact = false;
                    plans.push(plan_of(&strings));
                    strings = inner;
                }
            },
            Known::Plan(plan) => {
                is_exact = false;
                plans.push(plan_of(&strings));
                plans.push(plan);
                strings = empty();
            }
        }
    }
    if is_exact {
        return Known::Strings(strings);
    }
    plans.push(plan_of(&strings));
    Known::Plan(and(plans))
}

fn product(left: &Strings, right: &Strings) -> Option<Strings> {
    let is_long = left.iter().chain(right).any(|string| string.len() > MAX_LENGTH);
    if left.len() * right.len() > MAX_STRINGS || is_long {
        return None;
    }
    Some(left.iter().flat_map(|a| right.iter().map(move |b| [a.as_slice(), b].concat())).collect())
}

fn alternation(parts: &[Hir]) -> Known {
    let mut strings = Strings::new();
    let mut plans = Vec::new();
    for part in parts {
        match known(part) {
            Known::Strings(inner) => strings.extend(inner),
            Known::Plan(plan) => plans.push(plan),
        }
    }
    if plans.is_empty() && strings.len() <= MAX_STRINGS {
        return Known::Strings(strings);
    }
    if !strings.is_empty() {
        plans.push(plan_of(&strings));
    }
    Known::Plan(or(plans))
}

fn repeated(repetition: &Repetition) -> Known {
    match (repetition.min, repetition.max, known(&repetition.sub)) {
        (0, Some(1), Known::Strings(mut strings)) => {
            strings.insert(Vec::new());
            Known::Strings(strings)
        }
        (1, Some(1), known) => known,
        (0, ..) => Known::Plan(Plan::All),
        (_, _, Known::Strings(strings)) => Known::Plan(plan_of(&strings)),
        (_, _, Known::Plan(plan)) => Known::Plan(plan),
    }
}

fn plan_of(strings: &Strings) -> Plan {
    or(strings.iter().map(|string| plan_of_string(string)).collect())
}

fn plan_of_string(string: &[u8]) -> Plan {
    let trigrams: BTreeSet<[u8; 3]> =
        string.windows(3).map(|window| [window[0], window[1], window[2]]).collect();
    and(trigrams.into_iter().map(Plan::Trigram).collect())
}

fn and(plans: Vec<Plan>) -> Plan {
    let mut plans: Vec<_> = plans.into_iter().filter(|plan| *plan != Plan::All).collect();
    match plans.len() {
        0 => Plan::All,
        1 => plans.remove(0),
        _ => Plan::And(plans),
    }
}

fn or(mut plans: Vec<Plan>) -> Plan {
    match plans.len() {
        0 => Plan::All,
        _ if plans.contains(&Plan::All) => Plan::All,
        1 => plans.remove(0),
        _ => Plan::Or(plans),
    }
}

impl Plan {
    /// The files that may match, ascending; `None`: all.
    pub fn files(&self, trigrams: &Trigrams) -> Option<Vec<u32>> {
        match self {
            Self::All => None,
            Self::Trigram(trigram) => Some(trigrams.files(*trigram)),
            Self::And(plans) => {
                let mut lists: Vec<_> = plans.iter().filter_map(|plan| plan.files(trigrams)).collect();
                lists.sort_by_key(Vec::len);
                let mut lists = lists.into_iter();
                let first = lists.next()?;
                Some(lists.fold(first, |all, list| intersection(&all, &list)))
            }
            Self::Or(plans) => {
                let lists: Option<Vec<_>> = plans.iter().map(|plan| plan.files(trigrams)).collect();
                let all: BTreeSet<u32> = lists?.into_iter().flatten().collect();
                Some(all.into_iter().collect())
            }
        }
    }
}

fn intersection(short: &[u32], long: &[u32]) -> Vec<u32> {
    short.iter().copied().filter(|file| long.binary_search(file).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pattern: &str) -> Plan {
        of(&regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).expect(pattern))
    }

    fn trigrams(text: &str) -> Plan {
        plan_of_string(text.as_bytes())
    }

    #[test]
    fn required_strings_are_found() {
        assert_eq!(plan("hello"), trigrams("hello"));
        assert_eq!(plan("(?-u)HELLO"), trigrams("hello"));
        assert_eq!(plan("foo.*bar"), and(vec![trigrams("foo"), trigrams("bar")]));
        assert_eq!(plan("foo|bar"), or(vec![trigrams("bar"), trigrams("foo")]));
        assert_eq!(plan("ab?"), Plan::All);
        assert_eq!(plan(r"\w+"), Plan::All);
        assert_eq!(plan("abc|x"), Plan::All);
        assert_eq!(plan("(abc)+d"), and(vec![trigrams("abc"), trigrams("abcd")]));
        assert_eq!(plan("x[bc]z"), or(vec![trigrams("xbz"), trigrams("xcz")]));
    }

    #[test]
    fn nested_repetitions_are_planned_at_once() {
        let nested = format!("{}a{}", r"x(\w".repeat(60), ")+".repeat(60));
        assert!(matches!(plan(&nested), Plan::All | Plan::And(_)));
    }

    #[test]
    fn letters_beyond_ascii_keep_their_cases() {
        let Plan::Or(plans) = plan("(?i)kab") else { panic!("two ways to write k") };
        assert_eq!(plans.len(), 2, "k, and the sign of Kelvin: {plans:?}");
    }
}
