//! The units of comparison: a person at a practice, or over all their practices, with the sums of one card's month.

use crate::sums::measure_sums::{MeasureSums, Sums};
use crate::time::calendar::Month;

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

/// The work of a roll-up's person in one practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitPart {
    /// Practice code.
    pub practice: String,
    /// Sums of the windows in the order of [`WINDOWS`].
    pub windows: [Sums; 3],
}

/// The sums of one unit for one card's month. A card exists if the first window has facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitMonth {
    /// The unit.
    pub key: UnitKey,
    /// Sums of the windows in the order of [`WINDOWS`].
    pub windows: [Sums; 3],
    /// Sums of each of the last [`MONTHS`] months, oldest first.
    pub months: Vec<Sums>,
    /// Months whose rows the log no longer holds, oldest first.
    pub missing: Vec<Month>,
    /// The practices of a roll-up, in order of their codes.
    pub parts: Vec<UnitPart>,
}

/// Months of a unit: a year and the year before it.
pub const MONTHS: usize = 24;

impl UnitMonth {
    /// A unit from the sums of its months, oldest first and the card's own month last.
    ///
    /// # Panics
    /// If there are other than [`MONTHS`] months, or they have sums of different measure sets.
    #[must_use]
    pub fn new(key: UnitKey, months: Vec<Sums>) -> UnitMonth {
        assert_eq!(months.len(), MONTHS, "a unit has the months of two years");
        UnitMonth { key, windows: windows_of(&months), months, missing: Vec::new(), parts: Vec::new() }
    }

    /// The sums of the measure at this index in each of the last 24 months, oldest first.
    pub fn months_of(&self, measure: usize) -> impl ExactSizeIterator<Item = &MeasureSums> {
        self.months.iter().map(move |month| &month.measures[measure])
    }

    /// Months of this window in which the unit has any fact.
    #[must_use]
    pub fn months_held(&self, window: u8) -> u8 {
        let last = &self.months[MONTHS - usize::from(window)..];
        u8::try_from(last.iter().filter(|month| has_card(month)).count()).expect("at most 12 months")
    }

    /// Whether a card exists.
    #[must_use]
    pub fn has_card(&self) -> bool {
        has_card(&self.windows[0])
    }
}

/// The sums of the windows, from months that end with the card's own.
#[must_use]
pub fn windows_of(months: &[Sums]) -> [Sums; 3] {
    let measures = months.first().map_or(0, |month| month.measures.len());
    WINDOWS.map(|length| {
        let mut sum = Sums::zero(measures);
        months[months.len() - usize::from(length)..].iter().for_each(|month| sum += month);
        sum
    })
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
