//! The design effect from the dispersion between months, for rows without signed sums.
//!
//! Given a unit's total, its events fall into its months as its work and the network's rates of these months say. They do so more
//! unevenly where facts come in clusters. The comparison depends on the unit's total alone, so that it is unbiased for rare events.

use crate::sums::ratio::Ratio;
use crate::verdict::constants::MONTHS_MEDIAN;
use crate::verdict::median::median;
use crate::verdict::placed_unit::ChanceModel;
use crate::verdict::sign_dispersion::LEAST_EVENTS_OF_MEDIAN;

/// Times the network's median up to which a unit's dispersion counts.
const MOST_TIMES_MEDIAN: f64 = 4.0;

/// Dispersion between the months of a network's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthDispersion {
    /// Pooled dispersion of the units that count, not clamped. 1 if facts are independent.
    pub phi: f64,
    /// Median dispersion of units with at least 5 events, over the median of chi-square; 1 without such units.
    pub median: f64,
}

/// Pearson's chi-square of one unit's months.
#[derive(Clone, Copy, Debug)]
struct UnitMonths {
    events: i64,
    chi_square: f64,
    degrees: f64,
}

impl UnitMonths {
    fn dispersion(&self) -> f64 {
        self.chi_square / self.degrees
    }
}

impl MonthDispersion {
    /// The dispersion of units by their months, each a numerator and a denominator in counts. All units have the same months in the same
    /// order. `model` is Poisson or binomial.
    ///
    /// Units count with at least one event, one trial that is none, and two months of work. `None` if there are none.
    #[must_use]
    pub fn of(model: ChanceModel, units: &[&[Ratio]]) -> Option<MonthDispersion> {
        let rates = network_rates(units);
        let units: Vec<UnitMonths> = units.iter().filter_map(|months| unit_months(model, months, &rates)).collect();
        let large = units.iter().filter(|unit| unit.events >= LEAST_EVENTS_OF_MEDIAN);
        let mut large: Vec<f64> = large.map(UnitMonths::dispersion).collect();
        let median = median(&mut large).map_or(1.0, |median| median / MONTHS_MEDIAN);
        let most = MOST_TIMES_MEDIAN * median.max(1.0);
        let usual = || units.iter().filter(|unit| unit.dispersion() <= most);
        let degrees: f64 = usual().map(|unit| unit.degrees).sum();
        let chi_square: f64 = usual().map(|unit| unit.chi_square).sum();
        (degrees > 0.0).then(|| MonthDispersion { phi: chi_square / degrees, median })
    }
}

/// The network's rate of each month; 0 for a month without work.
fn network_rates(units: &[&[Ratio]]) -> Vec<f64> {
    let months = units.first().map_or(0, |months| months.len());
    let total = |month: usize| units.iter().fold((0, 0), |(n, d), months| (n + months[month].0, d + months[month].1));
    let rate = |(n, d): Ratio| if d > 0 { n as f64 / d as f64 } else { 0.0 };
    (0..months).map(|month| rate(total(month))).collect()
}

fn unit_months(model: ChanceModel, months: &[Ratio], rates: &[f64]) -> Option<UnitMonths> {
    let (n, d) = months.iter().fold((0, 0), |(n, d), month| (n + month.0, d + month.1));
    let worked = months.iter().filter(|month| month.1 > 0).count();
    let binomial = model == ChanceModel::Binomial;
    if n <= 0 || worked < 2 || (binomial && n >= d) {
        return None;
    }
    let all: f64 = months.iter().zip(rates).map(|(month, rate)| month.1 as f64 * rate).sum();
    let term = |(month, rate): (&Ratio, &f64)| {
        let expected = n as f64 * month.1 as f64 * rate / all;
        let variance = if binomial { trial_variance(expected, month.1, d) } else { expected };
        let difference = month.0 as f64 - expected;
        if variance > 0.0 { difference * difference / variance } else { 0.0 }
    };
    let chi_square = months.iter().zip(rates).map(term).sum();
    Some(UnitMonths { events: n, chi_square, degrees: worked as f64 - 1.0 })
}

/// Variance of the events in a month of `month` of the unit's `all` trials, for a fixed total; 0 or less if the month has none.
fn trial_variance(expected: f64, month: i64, all: i64) -> f64 {
    let all = all as f64;
    expected * (1.0 - expected / month as f64) * all / (all - 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(model: ChanceModel, units: &[Vec<Ratio>]) -> Option<MonthDispersion> {
        MonthDispersion::of(model, &units.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn months_at_the_rates_of_the_network_have_no_dispersion() {
        let units: Vec<Vec<Ratio>> =
            (1..12).map(|size| vec![(size, 10 * size), (2 * size, 10 * size), (size, 5 * size)]).collect();
        for model in [ChanceModel::Poisson, ChanceModel::Binomial] {
            assert_eq!(of(model, &units), Some(MonthDispersion { phi: 0.0, median: 0.0 }));
        }
    }

    #[test]
    fn one_event_among_equal_months_has_the_dispersion_1() {
        // 11 / 12 squared over 1 / 12, and 11 x 1 / 12: 11 on 11 degrees of freedom, in whichever month it is.
        let unit = |month: usize| (0..12).map(|index| (i64::from(index == month), 50)).collect::<Vec<Ratio>>();
        let units: Vec<Vec<Ratio>> = (0..12).map(unit).collect();
        let found = of(ChanceModel::Poisson, &units).unwrap();
        assert!((found.phi - 1.0).abs() < 1e-12 && found.median == 1.0);
    }

    #[test]
    fn units_of_one_month_or_without_events_say_nothing() {
        assert_eq!(of(ChanceModel::Poisson, &[vec![(3, 10), (0, 0)], vec![(0, 10), (0, 10)]]), None);
        assert_eq!(of(ChanceModel::Binomial, &[vec![(10, 10), (10, 10)]]), None);
        assert_eq!(of(ChanceModel::Poisson, &[]), None);
    }

    proptest! {
        #[test]
        fn events_that_come_in_threes_have_three_times_the_dispersion(
            units in proptest::collection::vec(proptest::collection::vec((0i64..9, 1i64..40), 12), 12..20),
        ) {
            let times = |factor: i64| {
                let month = |(n, d): &Ratio| (factor * n, factor * d);
                units.iter().map(|months| months.iter().map(month).collect()).collect::<Vec<Vec<Ratio>>>()
            };
            let (one, three) = (of(ChanceModel::Poisson, &times(1)), of(ChanceModel::Poisson, &times(3)));
            let (one, three) = (one.expect("events"), three.expect("events"));
            // More units reach 5 events, so that the median is of others.
            prop_assume!(one.median >= 1.0 && units.iter().all(|months| months.iter().map(|month| month.0).sum::<i64>() >= 5));
            prop_assert!((three.phi / one.phi - 3.0).abs() < 1e-9);
        }
    }
}
