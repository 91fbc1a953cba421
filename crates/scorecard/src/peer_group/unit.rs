//! The units of comparison: a person at a practice, or over all their practices, with the sums of one card's month.

use std::collections::BTreeMap;

use crate::card::coverage::MonthGaps;
use crate::measure::measure_set::{Measure, MeasureSet};
use crate::measure::suppression::Suppression;
use crate::sums::cell_sum::cell_sides;
use crate::sums::measure_sums::{MeasureSums, SignedSums, Sums};
use crate::verdict::case_mix::CellSums;

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
    /// The months of which data are missing, oldest first.
    pub coverage: Vec<MonthGaps>,
    /// The practices of a roll-up, in order of their codes.
    pub parts: Vec<UnitPart>,
    /// The sums that measures leave out of their headline windows, by index of the measure. Windows and months do not have them.
    pub unsent: BTreeMap<usize, LeftOut>,
}

/// The sums of one measure in months in which a kind that it needs is not sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Numerator and denominator.
    pub sums: MeasureSums,
    /// Signed sums of numerator and denominator.
    pub signs: [SignedSums; 2],
}

impl LeftOut {
    /// Takes numerator and denominator of a measure out of a month's sums, with its sums by case-mix cell. Counts of unknown, adjusted and
    /// excluded facts stay, and so do the signed sums, which other measures share.
    pub fn take(set: &MeasureSet, index: usize, month: &mut Sums) -> LeftOut {
        let own = &mut month.measures[index];
        let MeasureSums { pca, excluded, unknown, .. } = *own;
        let mut sums = std::mem::replace(own, MeasureSums { pca, excluded, unknown, ..MeasureSums::default() });
        (sums.pca, sums.excluded, sums.unknown) = (0, 0, 0);
        month.cells.remove_measure(index);
        LeftOut { sums, signs: set.sides_of(index).map(|side| month.signed_of(side)) }
    }

    /// Adds other sums of the same measure.
    pub fn add(&mut self, other: &LeftOut) {
        self.sums += &other.sums;
        for (mine, theirs) in self.signs.iter_mut().zip(other.signs) {
            mine.0.iter_mut().zip(theirs.0).for_each(|(sum, more)| *sum += more);
        }
    }
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
        UnitMonth { key, windows: windows_of(&months), months, coverage: Vec::new(), parts: Vec::new(), unsent: BTreeMap::new() }
    }

    /// The sums of the measure at this index in each of the last 24 months, oldest first.
    pub fn months_of(&self, measure: usize) -> impl ExactSizeIterator<Item = &MeasureSums> {
        self.months.iter().map(move |month| &month.measures[measure])
    }

    /// The sums that the measure at this index leaves out of its headline window.
    #[must_use]
    pub fn left_out(&self, measure: usize) -> LeftOut {
        self.unsent.get(&measure).copied().unwrap_or_default()
    }

    /// The reason why the headline window of the measure at this index is suppressed, if any.
    #[must_use]
    pub fn suppression(&self, measure: &Measure, index: usize) -> Option<Suppression> {
        let window = &self.windows[window_index(measure.definition.window)];
        Suppression::of(measure, &window.base, &window.measures[index], &self.left_out(index).sums)
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

/// Numerator and denominator by case-mix cell of the measure at this index. The rest of both is of patients whose cell is unknown.
#[must_use]
pub fn cells_of(sums: &Sums, index: usize) -> CellSums {
    let [n, d] = cell_sides(index).map(|side| sums.cells.of_side(side));
    let own = &sums.measures[index];
    let unknown = (own.n - n.iter().sum::<i64>(), own.d - d.iter().sum::<i64>());
    CellSums { cells: n.into_iter().zip(d).collect(), unknown }
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
