//! The rule that keeps the published group of a month until enough of its members differ. Two versions that differ by one member would
//! show the member's value.
//!
//! The rule compares values without names: sorted lists are matched, and values that find no match differ. It depends on the last
//! published group and on the new one alone, so a restart and a replay keep the same groups.

use std::cmp::Ordering;

use crate::card::peer_snapshot::GroupFigures;
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::size_limits::{LEAST_FOR_MEDIAN, LEAST_FOR_QUARTILES};
use crate::sums::ratio::{Ratio, by_value};

/// Members of whom at least this many differ between two published versions of a group.
const LEAST_DIFFERING: usize = 10;
/// Divisor of the members of whom at least one part differs.
const LEAST_PART: usize = 3;
/// One part in this many is the largest difference of values that are alike: 5 %, because a late event moves a value by less.
const ALIKE_PARTS: i128 = 20;

/// The group to publish in place of the new one, if too few members differ; `None` if the new one may be published.
#[must_use]
pub fn kept(last: &PeerNetwork, formed: &PeerNetwork) -> Option<PeerNetwork> {
    let differing = differing(&last.values, &formed.values);
    let fewest = last.values.len().max(formed.values.len()).div_ceil(LEAST_PART).max(LEAST_DIFFERING);
    (differing < fewest).then(|| continued(last, formed)).flatten()
}

/// The last group in place of the new one, whatever their values. `None` if the new one is too small for any figure, or the first that
/// is large enough for its figures.
#[must_use]
pub fn continued(last: &PeerNetwork, formed: &PeerNetwork) -> Option<PeerNetwork> {
    let (before, now) = (last.values.len(), formed.values.len());
    let grows = [LEAST_FOR_MEDIAN, LEAST_FOR_QUARTILES].iter().any(|least| before < *least && now >= *least);
    if now < LEAST_FOR_MEDIAN || grows || last.figures.standardisation != formed.figures.standardisation {
        return None;
    }
    let returns = before >= LEAST_FOR_QUARTILES && last.size() < LEAST_FOR_QUARTILES;
    let (figures, places) = if formed.figures.reference.is_some() {
        // The figures of a reference network tell nothing about the members here.
        (formed.figures.clone(), &formed.places)
    } else if now < LEAST_FOR_QUARTILES && before >= LEAST_FOR_QUARTILES {
        (without_fit(last, now), &last.places)
    } else if returns {
        (GroupFigures { members: count(before), ..formed.figures.clone() }, &formed.places)
    } else {
        (last.figures.clone(), &last.places)
    };
    Some(PeerNetwork::new(formed.key.clone(), formed.as_of, figures, places.clone(), last.values.clone()))
}

/// The figures of a group that lost members until only the median remains.
fn without_fit(last: &PeerNetwork, now: usize) -> GroupFigures {
    GroupFigures {
        members: count(now),
        centre: None,
        gamma_cautious: None,
        gamma: None,
        phi: None,
        reference: None,
        season: Vec::new(),
        ..last.figures.clone()
    }
}

fn count(members: usize) -> u32 {
    u32::try_from(members).unwrap_or(u32::MAX)
}

/// Members of the larger list that find no match of their own in the other. Both lists are in ascending order of value.
fn differing(last: &[Ratio], formed: &[Ratio]) -> usize {
    let (mut a, mut b, mut matched) = (0, 0, 0);
    while let (Some(one), Some(other)) = (last.get(a), formed.get(b)) {
        if is_alike(*one, *other) {
            (a, b, matched) = (a + 1, b + 1, matched + 1);
        } else if by_value(*one, *other) == Ordering::Less {
            a += 1;
        } else {
            b += 1;
        }
    }
    last.len().max(formed.len()) - matched
}

fn is_alike((n, d): Ratio, (other_n, other_d): Ratio) -> bool {
    let (one, other) = (i128::from(n) * i128::from(other_d), i128::from(other_n) * i128::from(d));
    (one - other).abs().saturating_mul(ALIKE_PARTS) <= one.abs().max(other.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::public_group::PeerKey;
    use crate::peer_group::peer_network::no_figures;
    use crate::time::calendar::Timestamp;

    fn october(values: &[i64]) -> PeerNetwork {
        let key = PeerKey { measure: "dna_rate@1".into(), window: 12, role: "gp".into(), month: "2026-10".parse().unwrap() };
        let members = u32::try_from(values.len()).unwrap();
        let centre = (values.len() >= 20).then_some(0.05);
        let figures = GroupFigures { members, centre, season: vec![(values[0], 7)], ..no_figures() };
        PeerNetwork::new(key, Timestamp(values[0]), figures, Vec::new(), values.iter().map(|n| (*n, 1_000)).collect())
    }

    /// Values that are 10 % apart, so that none is alike to its neighbour.
    fn apart(count: usize) -> Vec<i64> {
        (0..count).scan(100_000, |value, _| Some(std::mem::replace(value, *value * 11 / 10))).collect()
    }

    #[test]
    fn a_member_who_comes_goes_or_changes_changes_nothing_that_is_published() {
        let last = october(&apart(20));
        let (mut left, mut changed) = (apart(20), apart(20));
        left.pop();
        changed[19] = 9_000_000;
        for formed in [apart(21), changed, apart(29)] {
            let kept = kept(&last, &october(&formed)).expect("fewer than ten differ");
            assert_eq!((&kept.values, kept.snapshot_id, kept.size()), (&last.values, last.snapshot_id, 20));
        }
        assert_eq!(kept(&last, &october(&apart(30))), None, "ten came");
        let smaller = kept(&last, &october(&left)).expect("one left");
        assert_eq!((&smaller.values, smaller.size(), smaller.figures.centre), (&last.values, 19, None));
        let back = kept(&smaller, &october(&apart(20))).expect("nobody differs");
        assert_eq!((back.size(), back.figures.centre), (20, Some(0.05)));
    }

    #[test]
    fn of_a_large_group_a_third_has_to_differ() {
        let last = october(&apart(60));
        let renewed = |count: usize| {
            let mut values = apart(60);
            values.iter_mut().rev().take(count).for_each(|value| *value *= 1_000);
            october(&values)
        };
        assert!(kept(&last, &renewed(19)).is_some());
        assert_eq!(kept(&last, &renewed(20)), None);
    }

    #[test]
    fn a_group_that_becomes_large_enough_shows_its_figures_at_once() {
        for (before, now, is_kept) in [(9, 10, false), (10, 11, true), (19, 20, false), (39, 40, true), (12, 9, false)] {
            let found = kept(&october(&apart(before)), &october(&apart(now)));
            assert_eq!(found.is_some(), is_kept, "{before} to {now}");
        }
    }

    #[test]
    fn late_events_of_everybody_are_no_difference() {
        let last = october(&apart(20));
        let moved: Vec<i64> = apart(20).iter().map(|n| n * 102 / 100).collect();
        assert!(kept(&last, &october(&moved)).is_some());
    }

    #[test]
    fn zeros_match_zeros_and_matches_are_one_to_one() {
        assert_eq!(differing(&[(0, 5), (0, 7), (3, 10)], &[(0, 9), (30, 100), (31, 100)]), 1);
        assert_eq!(differing(&[(1, 10); 4], &[(10, 100)]), 3);
        assert_eq!(differing(&[(i64::MAX, 1)], &[(i64::MAX - 1, 1)]), 0);
    }
}
