//! Findings over all measures of a card: "please check", "better than most" and "changed", with a limited share of false ones.
//!
//! Sources: Benjamini and Hochberg 1995, J R Stat Soc B 57:289; Jones, Ohlssen and Spiegelhalter 2008, J Clin Epidemiol 61:232 (the
//! false discovery rate for providers).

use crate::verdict::constants::{CAP, LOOK};

/// Largest probability that chance alone gives a card that many comparisons worth a look.
const MOST_CHANCE: f64 = 0.05;

/// The findings among the candidates of one card.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Largest rank whose p is within its share of the rate; 0 if there is none.
    pub rank: usize,
    /// Largest p of a finding; 0 if there is none.
    pub threshold: f64,
    /// Whether each candidate is found, in the order of the candidates.
    pub found: Vec<bool>,
}

impl Findings {
    /// The findings among candidates with these p at this false discovery rate. No p above 0.0025 is found.
    #[must_use]
    pub fn of(p: &[f64], rate: f64) -> Findings {
        let share = |rank: usize| rate * rank as f64 / p.len() as f64;
        let mut ascending = p.to_vec();
        ascending.sort_unstable_by(f64::total_cmp);
        let rank = (1..=p.len()).rev().find(|rank| ascending[rank - 1] <= share(*rank)).unwrap_or(0);
        let threshold = if rank > 0 { share(rank).min(CAP) } else { 0.0 };
        Findings { rank, threshold, found: p.iter().map(|p| rank > 0 && *p <= threshold).collect() }
    }
}

/// Whether p, towards the adverse side, is worth a look. One comparison in forty is, by chance.
#[must_use]
pub fn is_worth_a_look(p: f64) -> bool {
    p <= LOOK
}

/// Number of comparisons that chance makes worth a look, on average, among N candidates.
#[must_use]
pub fn expected_looks(candidates: usize) -> f64 {
    LOOK * candidates as f64
}

/// The least number of comparisons worth a look that is more than chance: at most 5 % of cards with N independent candidates have
/// that many by chance.
#[must_use]
pub fn least_looks(candidates: usize) -> usize {
    let mut at_least = 1.0;
    for (looks, probability) in (0..).zip(looks_by_chance(candidates)) {
        if at_least <= MOST_CHANCE {
            return looks;
        }
        at_least -= probability;
    }
    candidates + 1
}

/// Probabilities of 0, 1, 2... looks among N candidates.
fn looks_by_chance(candidates: usize) -> impl Iterator<Item = f64> {
    let none = (0..candidates).fold(1.0, |product, _| product * (1.0 - LOOK));
    (0..=candidates).scan(none, move |probability, looks| {
        let this = *probability;
        *probability *= LOOK / (1.0 - LOOK) * (candidates - looks) as f64 / (looks + 1) as f64;
        Some(this)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::constants::CHECK_RATE;

    #[test]
    fn looks_beyond_chance_begin_at_the_numbers_of_the_binomial_table() {
        // P(at least 1 of 2) = 0.0494, of 3 = 0.0731; P(at least 2 of 14) = 0.0478, of 15 = 0.0543; P(at least 3 of 33) = 0.0483.
        assert_eq!([1, 2, 3, 14, 15, 33, 34, 40].map(least_looks), [1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(least_looks(0), 1);
    }

    #[test]
    fn no_candidate_gives_no_finding() {
        assert_eq!(Findings::of(&[], CHECK_RATE), Findings { rank: 0, threshold: 0.0, found: vec![] });
    }

    proptest! {
        #[test]
        fn findings_depend_on_p_alone_and_grow_as_any_p_falls(p in proptest::collection::vec(0.0f64..0.02, 1..30), which in 0usize..30) {
            let before = Findings::of(&p, CHECK_RATE);
            let reversed: Vec<f64> = p.iter().rev().copied().collect();
            let back: Vec<bool> = Findings::of(&reversed, CHECK_RATE).found.into_iter().rev().collect();
            prop_assert_eq!(&before.found, &back);
            let mut lower = p.clone();
            lower[which % p.len()] /= 10.0;
            let after = Findings::of(&lower, CHECK_RATE);
            prop_assert!(before.found.iter().zip(after.found).all(|(before, after)| !before || after));
            prop_assert!(p.iter().zip(&before.found).all(|(p, found)| !found || *p <= CAP));
        }
    }
}
