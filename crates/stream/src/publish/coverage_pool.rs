//! The coverage of published cards, stored once for all cards that show the same: most of a practice do.

use std::collections::BTreeSet;
use std::sync::Arc;

use scorecard::card::coverage::{Gap, MonthGaps};
use scorecard::time::calendar::Month;

/// The coverage of one card.
pub(crate) type CardCoverage = Arc<Vec<MonthGaps>>;

/// Distinct coverages.
#[derive(Debug, Default)]
pub(crate) struct CoveragePool(BTreeSet<CardCoverage>);

impl CoveragePool {
    /// Replaces a coverage by the stored one that is equal to it.
    pub(crate) fn share(&mut self, coverage: &mut CardCoverage) {
        match self.0.get(coverage) {
            Some(known) => *coverage = known.clone(),
            None => drop(self.0.insert(coverage.clone())),
        }
    }

    /// Drops the coverages that no card shows any more.
    pub(crate) fn drop_unused(&mut self) {
        self.0.retain(|coverage| Arc::strong_count(coverage) > 1);
    }
}

/// Whether two coverages have the same flags. Months whose rows are missing are no flag: they may differ between two processes.
pub(crate) fn same_flags(one: &[MonthGaps], other: &[MonthGaps]) -> bool {
    fn flags(gaps: &MonthGaps) -> (Month, &[Gap], &[String]) {
        (gaps.month, &gaps.gaps, &gaps.not_sent)
    }
    let flagged = |gaps: &&MonthGaps| !gaps.gaps.is_empty() || !gaps.not_sent.is_empty();
    one.iter().filter(flagged).map(flags).eq(other.iter().filter(flagged).map(flags))
}
