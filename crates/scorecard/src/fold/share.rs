//! What one event contributes to the row in which it stands: the part of a sum that an explanation shows.

pub use crate::fold::fact::FactId;

use crate::record::log_record::RowKey;
use crate::sums::measure_sums::MeasureSums;
use crate::time::calendar::Day;

/// One event's part of one row, by the very code that summed the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which event of its feed.
    pub identity: FactId,
    /// The version that counts.
    pub version: u64,
    /// Tells this content from others of the same version.
    pub check: u32,
    /// The row.
    pub row: RowKey,
    /// The event's own civil day. Feedback may stand in another month, that of its encounter.
    pub day: Option<Day>,
    /// What it adds, by index of the measure in its set; measures to which it adds nothing are left out.
    pub measures: Vec<(usize, MeasureSums)>,
}

impl Share {
    /// What it adds to the measure at this index.
    #[must_use]
    pub fn of(&self, measure: usize) -> MeasureSums {
        self.measures.iter().find(|(index, _)| *index == measure).map_or_else(MeasureSums::default, |(_, sums)| *sums)
    }
}
