//! The share of one event in the sums of its row. Explanations list shares.

pub use crate::fold::case_mix_cell::{CELLS, CaseMixCell};
pub use crate::fold::fact::FactId;

use crate::record::log_record::RowKey;
use crate::sums::measure_sums::MeasureSums;
use crate::time::calendar::Day;

/// One event's share of one row, computed by the code that sums the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Identity of the event.
    pub identity: FactId,
    /// The newest version, which counts.
    pub version: u64,
    /// Hash of the content: it distinguishes contents of the same version.
    pub content_hash: u32,
    /// The row.
    pub row: RowKey,
    /// The event's own civil day. Feedback can count in another month: that of its encounter.
    pub day: Option<Day>,
    /// The case-mix cell in which it counts: its own, else that of its encounter.
    pub cell: Option<CaseMixCell>,
    /// Its contributions by index of the measure. Measures without a contribution are left out.
    pub measures: Vec<(usize, MeasureSums)>,
}

impl Share {
    /// The contribution to the measure at this index.
    #[must_use]
    pub fn of(&self, measure: usize) -> MeasureSums {
        self.measures.iter().find(|(index, _)| *index == measure).map_or_else(MeasureSums::default, |(_, sums)| *sums)
    }
}
