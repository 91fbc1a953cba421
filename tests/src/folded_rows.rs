//! The rows of batches that one tally folds, without a log.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::event::Batch;
use scorecard::fold::tally::{Outcomes, Tally};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::sums::measure_sums::{Base, MeasureSums, SignedSums, Sums};
use scorecard::time::calendar::{Month, Timestamp, Zone};
use scorecard::time::schedule::{Grid, Schedule};

use crate::world::utc;

/// Rows of several batches, by clinician and month.
pub struct FoldedRows {
    measures: Arc<MeasureSet>,
    rows: BTreeMap<(String, Month), Sums>,
    /// The outcomes of the events.
    pub outcomes: Outcomes,
}

/// The instant at which the batches were appended, and the first cut.
fn now() -> Timestamp {
    utc(2026, 12, 1, 9)
}

/// A fold without events. All events of 2026 are in open months.
#[must_use]
pub fn tally(measures: &Arc<MeasureSet>) -> Tally {
    let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: now() };
    Tally::new(measures, &schedule, 7, Month::EARLIEST)
}

impl FoldedRows {
    /// Folds batches in this order.
    #[must_use]
    pub fn of(measures: &Arc<MeasureSet>, batches: &[Batch<'_>]) -> FoldedRows {
        let mut tally = tally(measures);
        batches.iter().for_each(|batch| tally.apply(batch, now()));
        FoldedRows::at_cut(measures, &mut tally)
    }

    /// The rows at a cut of this fold.
    #[must_use]
    pub fn at_cut(measures: &Arc<MeasureSet>, tally: &mut Tally) -> FoldedRows {
        let cut = tally.cut();
        let mut rows: BTreeMap<(String, Month), Sums> = BTreeMap::new();
        for (key, sums) in tally.all_rows(&cut) {
            let row = rows.entry((key.clinician.to_string(), key.month));
            *row.or_insert_with(|| Sums::zero(measures.measures().len())) += &sums;
        }
        FoldedRows { measures: measures.clone(), rows, outcomes: tally.outcomes() }
    }

    /// The sums of all rows.
    #[must_use]
    pub fn total(&self) -> Sums {
        let mut total = Sums::zero(self.measures.measures().len());
        self.rows.values().for_each(|sums| total += sums);
        total
    }

    /// The sums that belong to no measure, of all rows.
    #[must_use]
    pub fn base(&self) -> Base {
        self.total().base
    }

    /// The sums of one measure over all rows.
    ///
    /// # Panics
    /// When the set has no such measure.
    #[must_use]
    pub fn measure(&self, id: &str) -> MeasureSums {
        self.total().measures[self.measures.index_of(id).expect("a measure of the set")]
    }

    /// The signed sums of numerator and denominator of one measure over all rows.
    ///
    /// # Panics
    /// When the set has no such measure.
    #[must_use]
    pub fn signed(&self, id: &str) -> [SignedSums; 2] {
        let total = self.total();
        self.measures.sides_of(self.measures.index_of(id).expect("a measure of the set")).map(|side| total.signed_of(side))
    }

    /// The rows without the counters, which depend on the order of arrival, and without empty ones.
    #[must_use]
    pub fn without_counters(&self) -> BTreeMap<(String, Month), Sums> {
        let mut rows = self.rows.clone();
        rows.values_mut().for_each(|sums| (sums.base.recorded, sums.base.amended, sums.base.retracted) = (0, 0, 0));
        rows.retain(|_, sums| !sums.is_zero());
        rows
    }
}
