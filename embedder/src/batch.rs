//! Which texts of a request go through the model together. A batch costs its count times its longest text, so texts of
//! like length share one, and the product is bounded. Pure.

/// Splits the texts with these lengths (in tokens) into batches of indices: longest first, each with at most `budget`
/// tokens, padding included. A text that is longer than the budget is a batch of its own.
pub fn plan(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(lengths[index]));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * lengths[batch[0]] <= budget => batch.push(index),
            _ => batches.push(vec![index]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_like_length_share_a_batch() {
        assert_eq!(plan(&[10, 100, 12, 90], 200), [vec![1, 3], vec![2, 0]]);
        assert_eq!(plan(&[300], 200), [vec![0]]);
        assert!(plan(&[], 200).is_empty());
    }

    proptest! {
        #[test]
        fn every_text_is_in_one_batch_within_the_budget(lengths in proptest::collection::vec(1usize..300, 0..80)) {
            let batches = plan(&lengths, 1024);
            let mut seen: Vec<_> = batches.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for batch in batches {
                let longest = batch.iter().map(|&index| lengths[index]).max().unwrap_or(0);
                prop_assert!(batch.len() * longest <= 1024);
            }
        }
    }
}
