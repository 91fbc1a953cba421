//! The sums of one unit that a verdict reads.

use crate::sums::measure_sums::MeasureSums;

/// The sums of one unit in one window of one measure, in the measure's integer units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitSums {
    /// Facts in the numerator.
    pub facts_n: i64,
    /// Facts in the denominator.
    pub facts_d: i64,
    /// Numerator.
    pub n: i64,
    /// Denominator.
    pub d: i64,
    /// Sum of the squares of the numerator's amounts.
    pub n_squares: i128,
    /// Sum of the squares of the denominator's amounts.
    pub d_squares: i128,
}

impl UnitSums {
    /// A count: each event and each unit of the denominator is a fact.
    #[must_use]
    pub fn counted(n: i64, d: i64) -> UnitSums {
        UnitSums { facts_n: n, facts_d: d, n, d, n_squares: i128::from(n), d_squares: i128::from(d) }
    }

    /// Sum of the squared differences of the numerator's amounts from their mean, n_squares - n^2 / d. `d` is above 0.
    #[must_use]
    pub fn squared_differences(&self) -> f64 {
        let (n, d) = (i128::from(self.n), i128::from(self.d));
        // Integers up to the division: in floating point the difference of two large squares would lose its digits.
        let exact = d.checked_mul(self.n_squares).and_then(|all| all.checked_sub(n * n));
        let times_d = exact.map_or_else(|| d as f64 * self.n_squares as f64 - n as f64 * n as f64, |exact| exact as f64);
        (times_d / d as f64).max(0.0)
    }

    /// Mean size of an event of the numerator, weighted by size: sum of x^2 / sum of x. `None` without events.
    #[must_use]
    pub fn event_size(&self) -> Option<f64> {
        (self.n > 0).then(|| self.n_squares as f64 / self.n as f64)
    }

    /// Sums of two windows.
    #[must_use]
    pub fn plus(&self, other: &UnitSums) -> UnitSums {
        UnitSums {
            facts_n: self.facts_n + other.facts_n,
            facts_d: self.facts_d + other.facts_d,
            n: self.n + other.n,
            d: self.d + other.d,
            n_squares: self.n_squares + other.n_squares,
            d_squares: self.d_squares + other.d_squares,
        }
    }

    /// Sums of all these windows.
    #[must_use]
    pub fn of_all(windows: &[UnitSums]) -> UnitSums {
        windows.iter().fold(UnitSums::default(), |all, window| all.plus(window))
    }
}

impl From<&MeasureSums> for UnitSums {
    fn from(sums: &MeasureSums) -> UnitSums {
        let &MeasureSums { facts_n, facts_d, n, d, n_squares, d_squares, .. } = sums;
        UnitSums { facts_n, facts_d, n, d, n_squares, d_squares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squared_differences_of_two_four_and_nine_are_26() {
        let own = UnitSums { n: 15, d: 3, n_squares: 4 + 16 + 81, ..UnitSums::default() };
        assert_eq!(own.squared_differences(), 26.0);
        assert_eq!(own.event_size(), Some(101.0 / 15.0));
        assert_eq!(UnitSums::counted(0, 7).event_size(), None);
    }

    #[test]
    fn windows_add_up() {
        let months = [UnitSums::counted(1, 4), UnitSums::counted(0, 3), UnitSums::counted(2, 2)];
        assert_eq!(UnitSums::of_all(&months), UnitSums::counted(3, 9));
    }
}
