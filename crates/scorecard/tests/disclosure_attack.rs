//! An attack on everything that is published about a group: the card of one member, the public group, the own value and the version
//! after a colleague came. Quantiles are linear in the ordered values (R type 7), so the attack solves a linear system.
//!
//! A colleague is found where the estimate is within 5 % of the value. The yardstick is the published median as the guess for everybody.

#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts below 2,000")]

use scorecard::card::public_group::PeerKey;
use scorecard::measure::measure_set::{Measure, MeasureSet};
use scorecard::peer_group::disclosed_figures::{comparator, public_group};
use scorecard::peer_group::peer_network::{PeerNetwork, no_figures};
use scorecard::time::calendar::Timestamp;

/// Groups of each size.
const GROUPS: usize = 60;
/// Most points by which the attack may beat the yardstick.
const MARGIN: f64 = 0.03;
/// Weight of a published figure against a smooth curve of the values.
const WEIGHT: f64 = 2_500.0;

/// A sequence of numbers between 0 and 1 (SplitMix64).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A clinician with 100 to 1,500 encounters, and a rate around 6 % that varies by a third between clinicians.
    fn member(&mut self) -> (i64, i64) {
        let encounters = 100 + (1_400.0 * self.next()) as i64;
        let normal: f64 = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
        let rate = 0.06 * (0.3 * normal).exp();
        let missed = (0..encounters).filter(|_| self.next() < rate).count();
        (i64::try_from(missed).unwrap_or_default().max(1), encounters)
    }
}

fn value((n, d): (i64, i64)) -> f64 {
    100.0 * n as f64 / d as f64
}

/// Everything published about a group: figures by their place between 0 and 1.
fn published(measure: &Measure, members: &[(i64, i64)]) -> Vec<(f64, f64)> {
    let key = PeerKey { measure: "dna_rate@1".into(), window: 12, role: "gp".into(), month: "2026-10".parse().expect("a month") };
    let mut values = members.to_vec();
    values.sort_by(|one, other| value(*one).total_cmp(&value(*other)));
    let network = PeerNetwork::new(key, Timestamp(0), no_figures(), Vec::new(), values);
    let (card, group) = (comparator(measure, &network), public_group(measure, &network));
    let card = card.map(|card| [(0.5, card.median), (0.25, card.p25), (0.75, card.p75)]);
    let mut figures: Vec<(f64, f64)> = card.into_iter().flatten().filter_map(|(place, figure)| Some((place, figure?))).collect();
    figures.extend((1..).map(|tenth| f64::from(tenth) / 10.0).zip(group.deciles));
    figures.extend((0..).map(|k| (2.0 * f64::from(k) + 1.0) / 40.0).zip(group.quantiles));
    figures
}

/// The share of each ordered value in the quantile at this place.
fn shares(members: usize, place: f64) -> Vec<f64> {
    let at = (members - 1) as f64 * place;
    let below = at.floor() as usize;
    let mut shares = vec![0.0; members];
    shares[below] = 1.0 - at.fract();
    if below + 1 < members {
        shares[below + 1] = at.fract();
    }
    shares
}

/// The ordered values that fit the figures and are smooth elsewhere, by least squares.
fn reconstructed(members: usize, figures: &[(f64, f64)]) -> Vec<f64> {
    let mut rows: Vec<(Vec<f64>, f64, f64)> =
        figures.iter().map(|(place, figure)| (shares(members, *place), *figure, WEIGHT)).collect();
    rows.extend((1..members - 1).map(|at| {
        let mut bend = vec![0.0; members];
        (bend[at - 1], bend[at], bend[at + 1]) = (1.0, -2.0, 1.0);
        (bend, 0.0, 1.0)
    }));
    // A level curve is the least assumption where one figure leaves the slope open.
    rows.extend((1..members).map(|at| {
        let mut slope = vec![0.0; members];
        (slope[at - 1], slope[at]) = (-1.0, 1.0);
        (slope, 0.0, 1e-6)
    }));
    let mut system = vec![vec![0.0; members + 1]; members];
    for (row, target, weight) in &rows {
        for (i, a) in row.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            row.iter().enumerate().for_each(|(j, b)| system[i][j] += weight * a * b);
            system[i][members] += weight * a * target;
        }
    }
    let mut values = solved(system);
    values.sort_by(f64::total_cmp);
    values
}

/// Gauss's elimination with pivots.
fn solved(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let size = system.len();
    for step in 0..size {
        let pivot = (step..size).max_by(|a, b| system[*a][step].abs().total_cmp(&system[*b][step].abs())).unwrap_or(step);
        system.swap(step, pivot);
        let head = system[step].clone();
        for row in system.iter_mut().skip(step + 1) {
            let factor = row[step] / head[step];
            row.iter_mut().zip(&head).for_each(|(cell, above)| *cell -= factor * above);
        }
    }
    let mut found = vec![0.0; size];
    for step in (0..size).rev() {
        let known: f64 = (step + 1..size).map(|at| system[step][at] * found[at]).sum();
        found[step] = (system[step][size] - known) / system[step][step];
    }
    found
}

fn is_found(estimate: f64, truth: f64) -> bool {
    (estimate - truth).abs() <= 0.05 * truth
}

fn share_found(pairs: impl ExactSizeIterator<Item = (f64, f64)>) -> f64 {
    let all = pairs.len() as f64;
    pairs.filter(|(estimate, truth)| is_found(*estimate, *truth)).count() as f64 / all
}

/// The estimate of the colleague who came between two versions: the candidate whose shifts of the figures fit best.
fn newcomer(estimates: &[f64], before: &[(f64, f64)], after: &[(f64, f64)]) -> f64 {
    let at = |values: &[f64], place: f64| {
        shares(values.len(), place).iter().zip(values).map(|(share, value)| share * value).sum::<f64>()
    };
    let misfit = |candidate: f64| {
        let mut with = estimates.to_vec();
        with.push(candidate);
        with.sort_by(f64::total_cmp);
        let shift = |place: f64| at(&with, place) - at(estimates, place);
        before.iter().zip(after).map(|((place, old), (_, new))| ((old + shift(*place) - new) / old).powi(2)).sum::<f64>()
    };
    let (low, high) = (estimates[0], estimates[estimates.len() - 1]);
    let candidates = (0..=100).map(|step| low + (high - low) * f64::from(step) / 100.0);
    candidates.map(|candidate| (misfit(candidate), candidate)).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(low, |(_, best)| best)
}

/// Shares of colleagues who are found, as means over many groups.
#[derive(Debug, Default)]
struct FoundShares {
    /// By the median for everybody.
    median: f64,
    /// By rank: the attacker knows the order of the colleagues.
    by_rank: f64,
    /// By name: the attacker knows values and not whose they are.
    by_name: f64,
    /// The colleague who came, and the same by the median.
    newcomer: f64,
    newcomer_median: f64,
}

fn attack(measure: &Measure, members: usize) -> FoundShares {
    let mut draws = Draws(u64::try_from(members).unwrap_or_default() * 1_000_003);
    let mut found = FoundShares::default();
    for _ in 0..GROUPS {
        let group: Vec<(i64, i64)> = (0..members).map(|_| draws.member()).collect();
        let figures = published(measure, &group);
        let Some((_, median)) = figures.iter().find(|(place, _)| *place == 0.5).copied() else { continue };
        let own = value(group[0]);
        let mut others: Vec<f64> = group[1..].iter().map(|member| value(*member)).collect();
        others.sort_by(f64::total_cmp);
        let mut estimates = reconstructed(members, &figures);
        let joined = {
            let mut next = group.clone();
            next.push(draws.member());
            next
        };
        let (comer, after) = (value(joined[members]), published(measure, &joined));
        let guess = newcomer(&estimates, &figures, &after);
        // The attacker's own value leaves the list where it fits best.
        let mine = (0..members).min_by(|a, b| (estimates[*a] - own).abs().total_cmp(&(estimates[*b] - own).abs())).unwrap_or(0);
        estimates.remove(mine);
        let part = 1.0 / GROUPS as f64;
        found.median += part * share_found(others.iter().map(|truth| (median, *truth)));
        found.by_rank +=
            part * share_found(estimates.iter().copied().zip(others.iter().copied()).collect::<Vec<_>>().into_iter());
        let each = estimates.iter().map(|estimate| share_found(others.iter().map(|truth| (*estimate, *truth))));
        found.by_name += part * each.sum::<f64>() / estimates.len() as f64;
        found.newcomer += part * f64::from(u8::from(is_found(guess, comer)));
        found.newcomer_median += part * f64::from(u8::from(is_found(median, comer)));
    }
    found
}

fn measure() -> MeasureSet {
    MeasureSet::parse([("dna_rate.toml", include_str!("../../../measures/dna_rate.toml"))]).expect("a built-in measure")
}

#[test]
fn below_ten_members_nothing_is_published() {
    let set = measure();
    for members in 6..10 {
        let mut draws = Draws(5);
        let group: Vec<(i64, i64)> = (0..members).map(|_| draws.member()).collect();
        assert_eq!(published(&set.measures()[0], &group), [], "{members} members");
    }
}

#[test]
fn below_twenty_members_neither_ranks_nor_a_newcomer_are_found_better_than_by_the_median() {
    let set = measure();
    for members in [10, 12, 15, 18] {
        let found = attack(&set.measures()[0], members);
        assert!(found.median > 0.05, "the yardstick finds some: {members} members, {found:?}");
        assert!(found.by_rank <= found.median + MARGIN, "{members} members, {found:?}");
        assert!(found.newcomer <= found.newcomer_median + MARGIN, "{members} members, {found:?}");
    }
}

/// The values of a larger group can be listed, and without names. The page on disclosure says what remains: an attacker who knows
/// the order of the colleagues, or the only colleague who came between two versions, learns more.
#[test]
fn from_twenty_members_on_no_named_colleague_is_found_better_than_by_the_median() {
    let set = measure();
    for members in [20, 21, 25, 30, 39, 40, 50, 60] {
        let found = attack(&set.measures()[0], members);
        assert!(found.by_name <= found.median + MARGIN, "{members} members, {found:?}");
        assert!(found.by_rank > found.by_name, "the attack works at all: {members} members, {found:?}");
    }
}
