//! The rosters of months that are not final yet, kept between cuts: a cut reads only the units that changed.

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

/// The rosters by month, each with the directory of the last cut.
#[derive(Debug, Default)]
pub(crate) struct Rosters {
    kept: BTreeMap<Month, KeptRoster>,
}

#[derive(Debug)]
struct KeptRoster {
    roster: Roster,
    /// Units with a row that changed since.
    stale: BTreeSet<UnitKey>,
}

impl Rosters {
    /// Marks the units of the rows that changed at a cut as stale.
    pub(crate) fn mark_stale<'c>(&mut self, directory: &Directory, changed: impl Iterator<Item = &'c RowChange>) {
        let longest = i32::try_from(MONTHS).expect("twelve");
        for RowChange { person, month } in changed {
            for (_, kept) in self.kept.range_mut(*month..month.plus(longest)) {
                kept.stale.extend(MonthUnits::units_of(directory, person, *month));
            }
        }
    }

    /// The roster of a month at this cut.
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
            None => full_roster(month, scorer, units, thresholds.clone()),
        };
        &self.kept.entry(month).or_insert(KeptRoster { roster, stale: BTreeSet::new() }).roster
    }

    /// The peer groups of a month that becomes final. Drops its roster.
    pub(crate) fn take(
        &mut self,
        month: Month,
        scorer: &Scorer<'_>,
        units: &MonthUnits<'_>,
        thresholds: &Thresholds,
    ) -> PeerTable {
        self.current(month, scorer, units, thresholds);
        self.kept.remove(&month).map(|kept| kept.roster.into_table()).unwrap_or_default()
    }

    /// Drops the months before this one.
    pub(crate) fn drop_before(&mut self, month: Month) {
        self.kept = self.kept.split_off(&month);
    }
}

/// The roster of all units of a month.
pub(crate) fn full_roster(month: Month, scorer: &Scorer<'_>, units: &MonthUnits<'_>, thresholds: Thresholds) -> Roster {
    let of_month = units.of_month(scorer.directory, month);
    scorer.roster(month, of_month.iter().filter_map(|key| units.unit(key, month)), thresholds)
}
