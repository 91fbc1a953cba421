//! The rosters of months that are not final yet, kept between cuts: a cut brings few changes, and who did not change is not read again.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::roster::Roster;
use scorecard::peer_group::thresholds::Thresholds;
use scorecard::peer_group::unit::{MONTHS, UnitKey};
use scorecard::registry::directory::Directory;
use scorecard::scoring::scorer::Scorer;
use scorecard::time::calendar::Month;

use crate::rows::month_units::MonthUnits;
use crate::rows::row_versions::RowChange;

/// The rosters by month. All were made with the directory of the last cut.
#[derive(Debug, Default)]
pub(crate) struct Rosters {
    kept: BTreeMap<Month, KeptRoster>,
}

#[derive(Debug)]
struct KeptRoster {
    roster: Roster,
    /// Units of which a row changed since.
    stale: BTreeSet<UnitKey>,
}

impl Rosters {
    /// Takes note of the rows that changed at a cut.
    pub(crate) fn note<'c>(&mut self, directory: &Directory, changed: impl Iterator<Item = &'c RowChange>) {
        let longest = i32::try_from(MONTHS).expect("twelve");
        for RowChange { place, month } in changed {
            for (_, kept) in self.kept.range_mut(*month..month.plus(longest)) {
                kept.stale.extend(MonthUnits::concerned(directory, place));
            }
        }
    }

    /// A month's roster at this cut.
    pub(crate) fn current(
        &mut self,
        month: Month,
        scorer: &Scorer<'_>,
        units: &MonthUnits<'_>,
        thresholds: &Thresholds,
    ) -> &Roster {
        let of_month = |key: UnitKey| {
            let unit = units.unit(&key, month);
            (key, unit)
        };
        let roster = match self.kept.remove(&month).filter(|kept| kept.roster.thresholds() == thresholds) {
            Some(KeptRoster { mut roster, stale }) => {
                scorer.enrol(&mut roster, stale.into_iter().map(of_month));
                roster
            }
            None => whole(month, scorer, units, thresholds.clone()),
        };
        &self.kept.entry(month).or_insert(KeptRoster { roster, stale: BTreeSet::new() }).roster
    }

    /// The peer groups of a month whose roster is of no use after this cut.
    pub(crate) fn last(
        &mut self,
        month: Month,
        scorer: &Scorer<'_>,
        units: &MonthUnits<'_>,
        thresholds: &Thresholds,
    ) -> PeerTable {
        self.current(month, scorer, units, thresholds);
        self.kept.remove(&month).map(|kept| kept.roster.into_table()).unwrap_or_default()
    }

    /// Forgets the months before this one.
    pub(crate) fn forget_before(&mut self, month: Month) {
        self.kept = self.kept.split_off(&month);
    }
}

/// A roster of all units of a month.
pub(crate) fn whole(month: Month, scorer: &Scorer<'_>, units: &MonthUnits<'_>, thresholds: Thresholds) -> Roster {
    let of_month = units.of_month(scorer.directory, month);
    scorer.roster(month, of_month.iter().filter_map(|key| units.unit(key, month)), thresholds)
}
