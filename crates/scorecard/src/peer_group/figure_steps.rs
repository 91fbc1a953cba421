//! The steps of disclosed quantiles: quartiles, deciles and quantiles are the median plus or minus whole steps.
//!
//! One member among 20 to 60 rarely moves a quantile by half a step, and the figures tell less of the list of values than the promise of
//! `tests/disclosure_attack.rs` allows.

use crate::measure::measure_set::{Kind, Measure};
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::size_limits::LEAST_FOR_THREE_DIGITS;

/// Lengths of a step, times a power of ten.
const LENGTHS: [f64; 10] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
/// Part of the distance between the quartiles that a step has at least.
const PART: f64 = 0.5;
/// The same from 100 members on.
const PART_OF_LARGE: f64 = 0.1;

/// The steps of one group, in the measure's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FigureSteps {
    /// The published median.
    median: f64,
    /// The median before rounding.
    exact: f64,
    /// 0 where all quantiles are the same.
    length: f64,
    /// The largest value of a figure.
    top: f64,
}

impl FigureSteps {
    /// The steps of a group with this published median.
    pub(crate) fn of(measure: &Measure, network: &PeerNetwork, median: f64) -> FigureSteps {
        let value =
            |part: u64, whole: u64| network.quantile_ratio(part, whole).map_or(0.0, |ratio| measure.value_of_ratio(ratio));
        let quartiles = value(3, 4) - value(1, 4);
        // Where more than half of the values are the same, the deciles still tell how wide the others lie.
        let spread = if quartiles > 0.0 { quartiles } else { value(9, 10) - value(1, 10) };
        let part = if network.size() < LEAST_FOR_THREE_DIGITS { PART } else { PART_OF_LARGE };
        let top = if is_part(measure) { measure.value_of_ratio(1.0) } else { f64::INFINITY };
        FigureSteps { median, exact: value(1, 2), length: length(part * spread), top }
    }

    /// The figure of this quantile.
    pub(crate) fn figure(self, quantile: f64) -> f64 {
        if self.length == 0.0 {
            return self.median;
        }
        let steps = ((quantile - self.exact) / self.length).round();
        let figure = (self.median + steps * self.length).clamp(0.0, self.top);
        let decimals = decimals(self.median).max(decimals(self.length));
        // A negative zero becomes zero.
        format!("{figure:.decimals$}").parse::<f64>().expect("a formatted real parses") + 0.0
    }
}

/// Whether a value is a part of the whole.
pub(crate) fn is_part(measure: &Measure) -> bool {
    matches!(measure.definition.kind, Kind::Proportion | Kind::Share)
}

/// The least length of a step that is not below this one. Nine digits decide, so that the last bits do not.
fn length(least: f64) -> f64 {
    if least <= 0.0 {
        return 0.0;
    }
    let text = format!("{least:.8e}");
    let (digits, exponent) = text.split_once('e').expect("the form has an exponent");
    let digits: f64 = digits.parse().expect("a formatted real parses");
    let length = LENGTHS.into_iter().find(|length| *length >= digits).unwrap_or(10.0);
    format!("{length}e{exponent}").parse().expect("a formatted real parses")
}

fn decimals(value: f64) -> usize {
    value.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_round_number_not_below_its_least_length() {
        let found = [0.0, 1.0, 1.01, 0.26, 25.0, 0.000_81, 9.1, 3.000_000_000_1].map(length);
        assert_eq!(found, [0.0, 1.0, 1.5, 0.3, 25.0, 0.001, 10.0, 3.0]);
    }

    #[test]
    fn a_figure_is_whole_steps_from_the_median_and_within_the_possible() {
        let steps = FigureSteps { median: 7.1, exact: 7.06, length: 2.0, top: 10.0 };
        assert_eq!(
            [7.06, 6.1, 6.0, 2.0, 0.0, 8.1, 9.9].map(|quantile| steps.figure(quantile)),
            [7.1, 7.1, 5.1, 1.1, 0.0, 9.1, 9.1]
        );
        assert_eq!(steps.figure(10.1), 10.0, "1.52 steps");
        assert_eq!(FigureSteps { length: 0.0, ..steps }.figure(9.0), 7.1);
    }
}
