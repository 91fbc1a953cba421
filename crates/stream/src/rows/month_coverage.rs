//! The coverage of the cards of one month: the flags of each practice, observed at the cut or frozen when the month became final.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::card::scorecard::MonthGaps;
use scorecard::completeness::month_flags::MonthFlags;
use scorecard::completeness::practice_feeds::{COVERED_MONTHS, PracticeFeeds};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::measure::needed_kinds::NeededKinds;
use scorecard::record::log_record::FeedCoverage;
use scorecard::registry::directory::Directory;
use scorecard::time::calendar::Month;

/// The feeds of a cut by name, and the first month of which their marks hold everything.
#[derive(Debug)]
pub(crate) struct CutFeeds {
    pub by_name: BTreeMap<Arc<str>, FeedCoverage>,
    pub known_from: Month,
}

/// The coverage of one practice.
#[derive(Clone, Debug, Default)]
struct PracticeCoverage {
    /// Flags of the 12 months up to the cards' own, oldest first.
    flags: [MonthFlags; COVERED_MONTHS],
    /// The measures that leave each of these months out, by index.
    unsent: [Vec<usize>; COVERED_MONTHS],
}

/// The coverage of the cards of one month, by practice.
#[derive(Debug)]
pub(crate) struct MonthCoverage {
    month: Month,
    needs: Vec<NeededKinds>,
    practices: BTreeMap<String, PracticeCoverage>,
}

impl MonthCoverage {
    /// The coverage that the feeds of a cut show.
    pub(crate) fn observed(measures: &MeasureSet, feeds: &CutFeeds, directory: &Directory, month: Month) -> MonthCoverage {
        let needs = measures.measures().iter().map(|measure| NeededKinds::of(&measure.definition)).collect();
        let mut coverage = MonthCoverage { month, needs, practices: BTreeMap::new() };
        for (practice, feeds_of) in practices(feeds, directory, month) {
            coverage.set(practice, feeds_of.flags(feeds.known_from));
        }
        coverage
    }

    /// Replaces the flags of a practice by those that a card of it shows.
    pub(crate) fn freeze(&mut self, practice: &str, shown: &[MonthGaps]) {
        let mut flags = [MonthFlags::default(); COVERED_MONTHS];
        for gaps in shown {
            if let Some(place) = self.place(gaps.month) {
                flags[place] = MonthFlags::of(gaps);
            }
        }
        self.set(practice.to_owned(), flags);
    }

    fn set(&mut self, practice: String, flags: [MonthFlags; COVERED_MONTHS]) {
        let leaving = |flags: &MonthFlags| {
            let leaves = |(index, needed): (usize, &NeededKinds)| flags.leaves_out(*needed).then_some(index);
            self.needs.iter().enumerate().filter_map(leaves).collect()
        };
        let unsent = std::array::from_fn(|place| leaving(&flags[place]));
        self.practices.insert(practice, PracticeCoverage { flags, unsent });
    }

    /// The place of a month among the 12 covered ones.
    fn place(&self, month: Month) -> Option<usize> {
        let back = usize::try_from(self.month.0 - month.0).ok()?;
        (COVERED_MONTHS - 1).checked_sub(back)
    }

    /// The flags of a practice in a month.
    pub(crate) fn flags(&self, practice: &str, month: Month) -> MonthFlags {
        let flags = || Some(self.practices.get(practice)?.flags[self.place(month)?]);
        flags().unwrap_or_default()
    }

    /// The measures that leave a month of a practice out, by index.
    pub(crate) fn unsent(&self, practice: &str, month: Month) -> &[usize] {
        let unsent = || Some(self.practices.get(practice)?.unsent[self.place(month)?].as_slice());
        unsent().unwrap_or_default()
    }
}

/// The feeds of each practice in the months that decide. The registry as of the last day of each month names the practice.
fn practices(feeds: &CutFeeds, directory: &Directory, month: Month) -> BTreeMap<String, PracticeFeeds> {
    let mut practices: BTreeMap<String, PracticeFeeds> = BTreeMap::new();
    for (feed, coverage) in &feeds.by_name {
        let sends = directory.sends(feed);
        for counted in coverage.kinds.iter().filter(|counted| PracticeFeeds::decides(counted.month, month)) {
            let practice = directory.practice_of(&counted.practice, counted.month.last_day());
            match practices.get_mut(&*practice) {
                Some(known) => known.add(feed, sends, counted),
                None => {
                    let known = practices.entry(practice.into_owned()).or_insert_with(|| PracticeFeeds::new(month));
                    known.add(feed, sends, counted);
                }
            }
        }
    }
    practices
}
