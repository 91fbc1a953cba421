//! The units of comparison: a person at a practice, or over all their practices, with the sums of one card's month.

use crate::sums::measure_sums::Sums;
use crate::sums::ratio::Ratio;

/// The windows of every measure, in months. All end with the card's month.
pub const WINDOWS: [u8; 3] = [1, 3, 12];

/// A person at a practice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitKey {
    /// Id of the person.
    pub person: String,
    /// Practice code; empty for a roll-up over practices.
    pub practice: String,
}

impl UnitKey {
    /// Whether it is a roll-up over practices.
    #[must_use]
    pub fn is_roll_up(&self) -> bool {
        self.practice.is_empty()
    }
}

/// The sums of one unit for one card's month. A card exists if the first window has facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitMonth {
    /// The unit.
    pub key: UnitKey,
    /// Sums of the windows in the order of [`WINDOWS`].
    pub windows: [Sums; 3],
    /// Whether a month of the window is missing.
    pub incomplete: [bool; 3],
    /// Numerator and denominator of each of the last 12 months, measure by measure, oldest month first.
    pub months: Box<[Ratio]>,
}

/// Months of a unit: those of the longest window.
pub const MONTHS: usize = 12;

impl UnitMonth {
    /// A unit from the sums of its months, oldest first and the card's own month last.
    ///
    /// # Panics
    /// If the months have sums of different measure sets.
    #[must_use]
    pub fn new(key: UnitKey, months: &[Sums; MONTHS], incomplete: [bool; 3]) -> UnitMonth {
        let measures = months[0].measures.len();
        let window = |length: u8| {
            let mut sum = Sums::zero(measures);
            months[MONTHS - usize::from(length)..].iter().for_each(|month| sum += month);
            sum
        };
        let ratio = |measure: usize, month: &Sums| (month.measures[measure].n, month.measures[measure].d);
        let ratios = (0..measures).flat_map(|measure| months.iter().map(move |month| ratio(measure, month)));
        UnitMonth { key, windows: WINDOWS.map(window), incomplete, months: ratios.collect() }
    }

    /// Numerator and denominator of the measure at this index in each of the last 12 months, oldest first.
    #[must_use]
    pub fn months_of(&self, measure: usize) -> &[Ratio] {
        &self.months[measure * MONTHS..][..MONTHS]
    }

    /// Whether a card exists.
    #[must_use]
    pub fn has_card(&self) -> bool {
        has_card(&self.windows[0])
    }
}

/// Whether a card exists for a month with these sums.
#[must_use]
pub fn has_card(month: &Sums) -> bool {
    month.base.facts > 0
}

/// The index of the window of this many months in [`WINDOWS`].
#[must_use]
pub fn window_index(months: u8) -> usize {
    WINDOWS.iter().position(|window| *window == months).unwrap_or(WINDOWS.len() - 1)
}
