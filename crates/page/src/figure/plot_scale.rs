//! Places of values in a picture, and the values at which an axis has a mark.

/// A linear scale from values to places: x(v) = a + (v - lo) / (hi - lo) (b - a).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotScale {
    /// The first and the last value.
    pub values: (f64, f64),
    /// Their places.
    pub places: (f64, f64),
}

impl PlotScale {
    /// The place of a value, to a tenth of a unit. The middle where all values are alike.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        tenth(self.places.0 + share * (self.places.1 - self.places.0))
    }
}

/// A number to a tenth, without a negative zero.
#[must_use]
pub fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0 + 0.0
}

/// Round values from `low` to `high`, about `most` of them: steps of 1, 2 or 5 times a power of ten.
#[must_use]
pub fn marks(low: f64, high: f64, most: f64) -> Vec<f64> {
    let range = high - low;
    if !(range.is_finite() && range > 0.0) {
        return Vec::new();
    }
    let step = step(range / most);
    #[expect(clippy::cast_possible_truncation, reason = "the number of steps is near `most`")]
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|times| times as f64 * step).collect()
}

fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= least - 1e-12).unwrap_or(10.0 * power)
}

/// The text of a mark, in the unit of a measure: `20%`, `£5`, `0.4`.
#[must_use]
pub fn mark_text(value: f64, unit: &str) -> String {
    let rounded = (value * 1e6).round() / 1e6 + 0.0;
    match unit.chars().next() {
        Some('%') => format!("{rounded}%"),
        Some('£') => format!("£{rounded}"),
        _ => format!("{rounded}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_its_place_on_the_line() {
        let scale = PlotScale { values: (10.0, 30.0), places: (4.0, 146.0) };
        // 4 + (20 - 10) / 20 x 142 = 75.
        assert_eq!([10.0, 20.0, 30.0].map(|value| scale.at(value)), [4.0, 75.0, 146.0]);
        assert_eq!(PlotScale { values: (7.0, 7.0), places: (0.0, 100.0) }.at(7.0), 50.0);
    }

    #[test]
    fn marks_are_round_values_within_the_range() {
        assert_eq!(marks(0.0, 68.0, 5.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(marks(3.0, 11.0, 5.0), [4.0, 6.0, 8.0, 10.0]);
        assert_eq!(marks(0.0, 0.0, 5.0), Vec::<f64>::new());
        assert_eq!(mark_text(0.30000000000000004, "%"), "0.3%");
        assert_eq!((mark_text(5.0, "£ per 1,000"), mark_text(-0.0, "minutes")), ("£5".to_owned(), "0".to_owned()));
    }
}
