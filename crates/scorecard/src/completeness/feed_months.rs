//! The events of one feed at one practice, in the months that decide about a card's coverage.

use crate::data_kind::{DataKind, KindSet};
use crate::record::log_record::KindMonth;

/// Months of a card's coverage.
pub const COVERED_MONTHS: usize = 12;

/// Months before them that can be part of a run of months without a kind.
pub(crate) const BEFORE: usize = 2;

/// Months that decide about the coverage of a card.
pub(crate) const SPAN: usize = COVERED_MONTHS + BEFORE;

/// The events of one kind in one month.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KindCount {
    pub events: u64,
    /// Days with an event: bit 0 is the first day.
    pub days: u32,
    pub weekday_median: u32,
}

/// One feed in the months that decide.
#[derive(Clone, Debug)]
pub(crate) struct FeedMonths {
    /// The kinds that it declares to send.
    pub sends: Option<KindSet>,
    pub kinds: [[KindCount; SPAN]; DataKind::ALL.len()],
}

impl FeedMonths {
    /// A feed without events that declares these kinds.
    pub(crate) fn new(sends: Option<KindSet>) -> FeedMonths {
        FeedMonths { sends, kinds: [[KindCount::default(); SPAN]; DataKind::ALL.len()] }
    }

    pub(crate) fn add(&mut self, kind: DataKind, place: usize, counted: &KindMonth) {
        let count = &mut self.kinds[kind as usize][place];
        count.events += counted.events;
        count.days |= counted.days;
        count.weekday_median += counted.weekday_median;
    }

    /// Whether it has an event of a kind in the month at this place.
    pub(crate) fn holds(&self, kind: DataKind, place: usize) -> bool {
        self.kinds[kind as usize][place].events > 0
    }

    /// Whether it has an event of any kind in the month at this place.
    pub(crate) fn holds_any(&self, place: usize) -> bool {
        DataKind::ALL.into_iter().any(|kind| self.holds(kind, place))
    }

    /// Whether it is a system of attendances: it declares them, or at least half of its months from this place on hold some.
    pub(crate) fn attends(&self, known: usize) -> bool {
        let observed = || {
            let held = (known..SPAN).filter(|place| self.holds_any(*place)).count();
            let attended = (known..SPAN).filter(|place| self.holds(DataKind::Attendance, *place)).count();
            attended > 0 && 2 * attended >= held
        };
        self.sends.map_or_else(observed, |sends| sends.contains(DataKind::Attendance))
    }
}
