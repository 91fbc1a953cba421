//! From integer sums to the value on a card.

use crate::measure::amount::Amount;

/// The integer units of both sides of a measure, and its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntegerUnits {
    /// Integer units of the numerator in one whole unit: 1000 for a quantity.
    pub numerator: i64,
    /// Integer units of the denominator in one whole unit.
    pub denominator: i64,
    /// Factor from a ratio of integer units to a ratio of whole units.
    whole: f64,
    /// Factor from a ratio of whole units to the measure's own unit: 100 for percent.
    scale: f64,
}

impl IntegerUnits {
    /// Units of a measure with these amounts and this scale.
    #[must_use]
    pub fn new(numerator: Amount, denominator: Amount, scale: f64) -> IntegerUnits {
        let (numerator, denominator) = (numerator.units(), denominator.units());
        IntegerUnits { numerator, denominator, whole: denominator as f64 / numerator as f64, scale }
    }

    /// The value, in the measure's own unit, of a ratio of integer units.
    #[must_use]
    pub fn value_of_ratio(self, ratio: f64) -> f64 {
        ratio * self.whole * self.scale
    }

    /// The ratio of integer units with this value in the measure's own unit.
    #[must_use]
    pub fn ratio_of_value(self, value: f64) -> f64 {
        value / (self.whole * self.scale)
    }
}
