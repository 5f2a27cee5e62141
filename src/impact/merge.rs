//! Two ordered maps side by side.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Every key of either map in order, with its value in each; one pass, no look-ups.
pub(super) fn merged<'m, K: Ord, V>(
    left: &'m BTreeMap<K, V>,
    right: &'m BTreeMap<K, V>,
) -> impl Iterator<Item = (&'m K, Option<&'m V>, Option<&'m V>)> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        match order {
            Ordering::Less => left.next().map(|(key, value)| (key, Some(value), None)),
            Ordering::Greater => right.next().map(|(key, value)| (key, None, Some(value))),
            Ordering::Equal => {
                left.next().zip(right.next()).map(|((key, left), (_, right))| (key, Some(left), Some(right)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_either_side_comes_once_and_in_order() {
        let left = BTreeMap::from([(1, 'a'), (3, 'b'), (4, 'c')]);
        let right = BTreeMap::from([(2, 'x'), (3, 'y')]);
        let rows: Vec<_> =
            merged(&left, &right).map(|(key, left, right)| (*key, left.copied(), right.copied())).collect();
        assert_eq!(rows, [(1, Some('a'), None), (2, None, Some('x')), (3, Some('b'), Some('y')), (4, Some('c'), None)]);
    }
}
