//! The scale on which the units of one measure are compared with one target.

use crate::measure::kind::kind_rules::{KindRules, Target, own_ratio};
use crate::measure::measure_set::Measure;
use crate::statistics::dispersion::Deviation;
use crate::statistics::distribution::Ends;
use crate::statistics::funnel::Limits;
use crate::sums::measure_sums::MeasureSums;
use crate::sums::ratio::Ratio;

/// A scale on which chance has nearly the same variance for all values of one measure, around one target.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    rules: &'static dyn KindRules,
    target: Target,
    /// Position of the target on this scale.
    start: Option<f64>,
}

impl Scale {
    /// The scale around a target, given as a ratio of integer units.
    ///
    /// `event_size` is the mean size of one event of the numerator over all units together, weighted by size: sum of squares over
    /// sum. Only amounts use it.
    #[must_use]
    pub fn new(measure: &Measure, target: f64, event_size: Option<f64>) -> Scale {
        let rules = measure.definition.kind.rules();
        let target = Target { units: measure.units, ratio: target, event_size: event_size.unwrap_or_default() };
        Scale { rules, target, start: rules.scaled(&target, target.ratio) }
    }

    /// A unit's distance from the target and its variance by chance. `None` if its sums do not determine them.
    #[must_use]
    pub fn deviation(&self, own: &MeasureSums) -> Option<Deviation> {
        let variance = self.variance(own)?;
        let distance = self.rules.scaled(&self.target, own_ratio(own))? - self.start?;
        (variance.is_finite() && variance > 0.0).then_some(Deviation { distance, variance })
    }

    /// Distances of the parts of a unit's work from the target, such as the months of a year, in standard deviations of chance.
    ///
    /// The variance of one event comes from `whole`, because a part has too few events. Parts off the scale are skipped.
    pub fn z_of_parts(&self, parts: impl Iterator<Item = Ratio>, whole: &MeasureSums) -> impl Iterator<Item = f64> {
        // z = distance / sqrt(variance x whole / part)
        let of_one = self.variance(whole).map(|variance| (variance * whole.d as f64).sqrt());
        let scaled = move |(n, d): Ratio| self.rules.scaled(&self.target, n as f64 / d as f64);
        let z = move |part: Ratio| Some((scaled(part)? - self.start?) * (part.1 as f64).sqrt() / of_one?);
        parts.filter_map(z).filter(|z| z.is_finite())
    }

    /// Variance by chance alone of a unit at the target with this much work. `None` if the sums do not determine it.
    #[must_use]
    pub fn variance(&self, own: &MeasureSums) -> Option<f64> {
        self.rules.chance_variance(&self.target, own)
    }

    /// Control limits of a unit with these sums, as ratios of integer units. `None` if the sums do not determine them.
    #[must_use]
    pub fn control_limits(&self, own: &MeasureSums, limits: Limits) -> Option<Ends> {
        self.rules.control_limits(&self.target, own, limits)
    }

    /// The ratio of integer units at this distance from the target. Distances beyond an end of the scale give the ratio there.
    #[must_use]
    pub fn ratio_at(&self, distance: f64) -> Option<f64> {
        Some(self.rules.unscaled(&self.target, self.start? + distance))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::measure_set::{Amount, Kind};
    use crate::measure::sample::sample;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    /// Lower 99.8 %, lower 95 %, upper 95 % and upper 99.8 % limit around a target.
    fn all_limits(measure: &Measure, own: &MeasureSums, target: f64) -> Option<[f64; 4]> {
        let scale = Scale::new(measure, target, None);
        let (lower_95, upper_95) = scale.control_limits(own, Limits::P95)?;
        let (lower_998, upper_998) = scale.control_limits(own, Limits::P998)?;
        Some([lower_998, lower_95, upper_95, upper_998])
    }

    #[test]
    fn limits_of_a_mean_an_amount_a_share_and_a_rate_are_the_reference_scripts() {
        // crates/scorecard/reference/distributions.py
        let sums = |n, d, n_squares, d_squares| MeasureSums { n, d, n_squares, d_squares, ..MeasureSums::default() };
        let cases = [
            (
                sample(Kind::Mean, Amount::Minutes, Amount::Count),
                sums(61, 6, 663, 6),
                11.0,
                [7.307_492_428_238_586, 8.658_045_767_961_827, 13.341_954_232_038_173, 14.692_507_571_761_414],
            ),
            (
                sample(Kind::Amount, Amount::Cost, Amount::Count),
                sums(15_700, 40, 94_990_000, 40),
                350.0,
                [0.0, 0.0, 800.963_340_229_451, 1_061.023_949_829_658_5],
            ),
            (
                sample(Kind::Share, Amount::Items, Amount::Items),
                sums(84, 280, 84 * 84, 15_680),
                0.4,
                [0.0, 0.0, 0.829_406_597_879_222_1, 1.0],
            ),
            (
                sample(Kind::Rate, Amount::Items, Amount::Count),
                sums(3, 200, 3, 200),
                0.05,
                [0.014_802_601_863_718_798, 0.023_976_943_480_662_167, 0.091_951_780_210_088_89, 0.120_669_855_727_087_94],
            ),
        ];
        for (measure, own, target, expected) in cases {
            let found = all_limits(&measure, &own, target).unwrap();
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-12 * target, "{:?}: {found}, {expected}", measure.definition.kind);
            }
        }
    }

    #[test]
    fn an_amount_is_a_rate_of_events_of_one_size() {
        // 40 events of 50 each deviate like a rate of 40 events.
        let amounts = sample(Kind::Amount, Amount::Cost, Amount::Cost);
        let rates = sample(Kind::Rate, Amount::Items, Amount::Items);
        let amount = Scale::new(&amounts, 50.0 * 0.25, Some(50.0));
        let rate = Scale::new(&rates, 0.25, None);
        let own = MeasureSums { n: 40 * 50, d: 100, n_squares: 40 * 2_500, ..MeasureSums::default() };
        let count = MeasureSums { n: 40, d: 100, ..MeasureSums::default() };
        assert_eq!(amount.deviation(&own), rate.deviation(&count));
        // A unit without events has the network's size of an event.
        let none = amount.deviation(&MeasureSums { n: 0, d: 100, ..MeasureSums::default() }).unwrap();
        near(none.z(), -1.0 / (1.0_f64 / 100.0).sqrt());
    }

    proptest! {
        #[test]
        fn limits_of_every_kind_hold_the_target_those_of_95_percent_inside_and_narrow_with_work(
            parts in proptest::collection::vec(1i64..500, 2..40), more in 1i64..1_000, target in 0.01f64..0.99, times in 2i64..20,
        ) {
            let (n, squares) = parts.iter().fold((0, 0), |(n, s), x| (n + x, s + i128::from(x * x)));
            prop_assume!(parts.iter().any(|part| *part != parts[0]));
            let count = i64::try_from(parts.len()).expect("few");
            let of = |times: i64, d, d_squares: i128| MeasureSums {
                n: times * n,
                d: times * d,
                n_squares: i128::from(times) * squares,
                d_squares: i128::from(times) * d_squares,
                ..MeasureSums::default()
            };
            let cases = [
                (sample(Kind::Mean, Amount::Minutes, Amount::Count), count, 0, 100.0 * target),
                (sample(Kind::Amount, Amount::Cost, Amount::Count), more, 0, 100.0 * target),
                (sample(Kind::Rate, Amount::Items, Amount::Count), more, 0, target),
                (sample(Kind::Share, Amount::Items, Amount::Items), n + more, squares + i128::from(more), target),
            ];
            for (measure, d, d_squares, target) in cases {
                let [far_below, below, above, far_above] = all_limits(&measure, &of(1, d, d_squares), target).expect("a spread");
                prop_assert!(0.0 <= far_below && far_below <= below && below <= target && target <= above && above <= far_above);
                let [_, nearer_below, nearer_above, _] = all_limits(&measure, &of(times, d, d_squares), target).expect("a spread");
                prop_assert!(below <= nearer_below + 1e-12 && nearer_above <= above + 1e-12);
            }
        }

        #[test]
        fn scaling_and_unscaling_give_the_same_value(
            kind in prop_oneof![Just(Kind::Proportion), Just(Kind::Rate), Just(Kind::Mean)], n in 0i64..500, more in 1i64..500, target in 0.01f64..0.99,
        ) {
            let measure = sample(kind, Amount::Count, Amount::Count);
            let scale = Scale::new(&measure, target, None);
            let own = MeasureSums { n, d: n + more, n_squares: i128::from(n) + 1, ..MeasureSums::default() };
            let deviation = scale.deviation(&own).expect("a spread");
            let ratio = n as f64 / (n + more) as f64;
            prop_assert!((scale.ratio_at(deviation.distance).expect("a ratio") - ratio).abs() < 1e-12);
            let lower = scale.ratio_at(-10.0 * deviation.variance.sqrt()).expect("a ratio");
            let upper = scale.ratio_at(10.0 * deviation.variance.sqrt()).expect("a ratio");
            prop_assert!(0.0 <= lower && lower <= target + 1e-12 && target - 1e-12 <= upper);
        }
    }
}
