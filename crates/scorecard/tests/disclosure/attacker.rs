//! The attacker: it solves figures for the ordered values, compares versions, and guesses where most values are.

use crate::world::{Figure, Version, quantile, shares};

/// Weight of a published figure against a smooth curve of the values.
const WEIGHT: f64 = 2_500.0;

/// Whether an estimate is within 5 % of the value.
pub fn is_found(estimate: f64, truth: f64) -> bool {
    (estimate - truth).abs() <= 0.05 * truth
}

/// The share of these values that one guess finds.
pub fn share_found(guess: f64, truths: &[f64]) -> f64 {
    truths.iter().filter(|truth| is_found(guess, **truth)).count() as f64 / truths.len() as f64
}

/// The mean share that a random one of these guesses finds.
pub fn mean_found(guesses: &[f64], truths: &[f64]) -> f64 {
    guesses.iter().map(|guess| share_found(*guess, truths)).sum::<f64>() / guesses.len() as f64
}

/// The ordered values that fit the figures and are smooth elsewhere, by least squares.
pub fn reconstructed(members: usize, figures: &[Figure]) -> Vec<f64> {
    let weight = |figure: &Figure| if figure.exact { 100.0 * WEIGHT } else { WEIGHT };
    let mut rows: Vec<(Vec<f64>, f64, f64)> =
        figures.iter().map(|figure| (shares(members, figure.place), figure.value, weight(figure))).collect();
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
    values.iter_mut().for_each(|value| *value = value.max(1e-6));
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
        for row in system.iter_mut().skip(step + 1).filter(|row| row[step] != 0.0) {
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

/// Takes the estimate away that is nearest to a known value.
pub fn without(mut estimates: Vec<f64>, known: f64) -> Vec<f64> {
    let distance = |at: &usize| (estimates[*at] - known).abs();
    if let Some(nearest) = (0..estimates.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))) {
        estimates.remove(nearest);
    }
    estimates
}

/// Guesses from the least to the greatest of these values, in equal ratios.
fn guesses(values: &[f64]) -> impl Iterator<Item = f64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min).max(1e-3);
    let high = values.iter().copied().fold(low, f64::max);
    (0..=200).map(move |step| low * (high / low).powf(f64::from(step) / 200.0))
}

/// The one guess for everybody that most of these weighted values are near to.
fn best_guess(weighted: &[(f64, f64)]) -> f64 {
    let near = |guess: f64| {
        let of = |(value, weight): &(f64, f64)| weight * (-0.7 * ((guess - value) / (0.05 * value)).powi(2)).exp();
        weighted.iter().map(of).sum::<f64>()
    };
    let values: Vec<f64> = weighted.iter().map(|(value, _)| *value).collect();
    guesses(&values).map(|guess| (near(guess), guess)).max_by(|a, b| a.0.total_cmp(&b.0)).map_or(values[0], |(_, guess)| guess)
}

/// The densest place of these estimates.
pub fn densest(estimates: &[f64]) -> f64 {
    best_guess(&estimates.iter().map(|estimate| (*estimate, 1.0)).collect::<Vec<_>>())
}

/// The values of the longer list that the shorter one lacks: the match in order whose squared logarithms are least.
pub fn added(before: &[f64], after: &[f64]) -> Vec<f64> {
    let more = after.len() - before.len();
    let mut cost = vec![vec![f64::INFINITY; more + 1]; before.len() + 1];
    let mut is_new = vec![vec![false; more + 1]; before.len() + 1];
    cost[0][0] = 0.0;
    for i in 0..=before.len() {
        for j in 0..=more {
            if i > 0 {
                cost[i][j] = cost[i - 1][j] + (after[i - 1 + j] / before[i - 1]).ln().powi(2);
            }
            if j > 0 && cost[i][j - 1] < cost[i][j] {
                (cost[i][j], is_new[i][j]) = (cost[i][j - 1], true);
            }
        }
    }
    let (mut i, mut j, mut found) = (before.len(), more, Vec::new());
    while i + j > 0 {
        if is_new[i][j] {
            j -= 1;
            found.push(after[i + j]);
        } else {
            i -= 1;
        }
    }
    found
}

/// The best guess of the one who came between two versions: candidates weighted by how well they explain the shift of each figure.
/// `noise` is the part of the spread by which figures move without the newcomer.
pub fn newcomer(members: usize, before: &Version, after: &Version, noise: f64) -> Option<f64> {
    if before == after {
        return after.median();
    }
    let estimates = reconstructed(members, &before.figures);
    let spread = (quantile(&estimates, 0.75) - quantile(&estimates, 0.25)).max(1e-6);
    let weigh = |candidate: f64| {
        let mut with = estimates.clone();
        with.push(candidate);
        with.sort_by(f64::total_cmp);
        let shift = |place: f64| quantile(&with, place) - quantile(&estimates, place);
        let same = before.figures.iter().filter_map(|old| {
            let new = after.figures.iter().find(|new| new.place == old.place && new.exact == old.exact)?;
            let error = spread * if old.exact { noise.max(0.01) } else { noise.max(0.1) };
            Some(((old.value + shift(old.place) - new.value) / error).powi(2))
        });
        let figures: f64 = same.sum();
        let typical = before.typical.zip(after.typical).map_or(0.0, |(old, new)| {
            let pull = (candidate / old).ln().clamp(-spread / old, spread / old) / (members as f64 + 1.0);
            (((new / old).ln() - pull) / (noise.max(0.01) * spread / old)).powi(2)
        });
        let prior: f64 = estimates.iter().map(|one| (-((candidate / one).ln() / 0.1).powi(2)).exp()).sum();
        (candidate, -0.5 * (figures + typical) + prior.max(1e-300).ln())
    };
    let weighed: Vec<(f64, f64)> = guesses(&estimates).map(weigh).collect();
    let most = weighed.iter().map(|(_, weight)| *weight).fold(f64::NEG_INFINITY, f64::max);
    Some(best_guess(&weighed.iter().map(|(value, weight)| (*value, (weight - most).exp())).collect::<Vec<_>>()))
}
