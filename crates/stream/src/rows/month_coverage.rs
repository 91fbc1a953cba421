//! The coverage of the cards of one month: the flags of persons at practices, observed at the cut or frozen when the month became final.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use scorecard::card::scorecard::MonthGaps;
use scorecard::completeness::feed_months::COVERED_MONTHS;
use scorecard::completeness::month_flags::MonthFlags;
use scorecard::completeness::practice_feeds::PracticeFeeds;
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

/// The flags of the 12 months up to the cards' own, oldest first.
#[derive(Debug, Default)]
pub(crate) struct FlaggedYear {
    flags: [MonthFlags; COVERED_MONTHS],
    /// The measures that leave each of these months out, by index.
    unsent: [Vec<usize>; COVERED_MONTHS],
}

/// One month of a person at a practice.
#[derive(Clone, Debug)]
pub(crate) struct FlaggedMonth {
    year: Rc<FlaggedYear>,
    place: usize,
}

impl FlaggedMonth {
    /// Its flags.
    pub(crate) fn flags(&self) -> &MonthFlags {
        &self.year.flags[self.place]
    }

    /// The measures that leave it out, by index.
    pub(crate) fn unsent(&self) -> &[usize] {
        &self.year.unsent[self.place]
    }
}

/// Feeds with events of a person in a month.
pub(crate) type PersonFeeds = BTreeSet<Arc<str>>;

/// The observed coverage of one practice.
#[derive(Debug)]
struct PracticeCoverage {
    feeds: PracticeFeeds,
    /// The flags by feeds of persons, computed once for each set.
    years: RefCell<BTreeMap<PersonFeeds, Rc<FlaggedYear>>>,
}

/// The coverage of the cards of one month.
#[derive(Debug)]
pub(crate) struct MonthCoverage {
    month: Month,
    needs: Vec<NeededKinds>,
    known_from: Month,
    practices: BTreeMap<String, PracticeCoverage>,
    /// The flags that cards of a final month show, by practice and person.
    frozen: BTreeMap<String, BTreeMap<String, Rc<FlaggedYear>>>,
}

impl MonthCoverage {
    /// The coverage that the feeds of a cut show.
    pub(crate) fn observed(measures: &MeasureSet, feeds: &CutFeeds, directory: &Directory, month: Month) -> MonthCoverage {
        let needs = measures.measures().iter().map(|measure| NeededKinds::of(&measure.definition)).collect();
        let of_practice = |(practice, feeds)| (practice, PracticeCoverage { feeds, years: RefCell::default() });
        let practices = practices(feeds, directory, month).into_iter().map(of_practice).collect();
        MonthCoverage { month, needs, known_from: feeds.known_from, practices, frozen: BTreeMap::new() }
    }

    /// Keeps the flags that these cards of practices show. `shown` has practice, person and coverage of each.
    pub(crate) fn freeze<'c>(&mut self, shown: impl Iterator<Item = (&'c str, &'c str, &'c [MonthGaps])>) {
        let mut years: BTreeMap<&[MonthGaps], Rc<FlaggedYear>> = BTreeMap::new();
        for (practice, person, coverage) in shown {
            let year = years.entry(coverage).or_insert_with(|| Rc::new(self.shown_year(coverage)));
            self.frozen.entry(practice.to_owned()).or_default().insert(person.to_owned(), year.clone());
        }
    }

    fn shown_year(&self, coverage: &[MonthGaps]) -> FlaggedYear {
        let mut flags = [MonthFlags::default(); COVERED_MONTHS];
        for gaps in coverage {
            if let Some(place) = self.place(gaps.month) {
                flags[place] = MonthFlags::of(gaps);
            }
        }
        self.year(flags)
    }

    fn year(&self, flags: [MonthFlags; COVERED_MONTHS]) -> FlaggedYear {
        let leaving = |flags: &MonthFlags| {
            let leaves = |(index, needed): (usize, &NeededKinds)| flags.leaves_out(*needed).then_some(index);
            self.needs.iter().enumerate().filter_map(leaves).collect()
        };
        let unsent = std::array::from_fn(|place| leaving(&flags[place]));
        FlaggedYear { flags, unsent }
    }

    /// The place of a month among the 12 covered ones.
    fn place(&self, month: Month) -> Option<usize> {
        let back = usize::try_from(self.month.0 - month.0).ok()?;
        (COVERED_MONTHS - 1).checked_sub(back)
    }

    /// One month of a person at a practice. `feeds_of` gives the feeds with events of any person of the practice in this month.
    ///
    /// A card of a final month keeps its flags. A card that appears later has those of a colleague with events in the same feeds. Without
    /// such a colleague it has the observed ones, or those of any colleague for a month of which the marks know nothing any more.
    pub(crate) fn flagged(
        &self,
        person: &str,
        practice: &str,
        month: Month,
        feeds_of: &dyn Fn(&str) -> PersonFeeds,
    ) -> Option<FlaggedMonth> {
        let place = self.place(month)?;
        let at = |year: Rc<FlaggedYear>| Some(FlaggedMonth { year, place });
        let Some(frozen) = self.frozen.get(practice) else { return at(self.observed_year(practice, &|| feeds_of(person))?) };
        if let Some(own) = frozen.get(person) {
            return at(own.clone());
        }
        let own = feeds_of(person);
        let alike = frozen.iter().find(|(colleague, _)| feeds_of(colleague) == own);
        let any = frozen.iter().next().filter(|_| month < self.known_from);
        match alike.or(any) {
            Some((_, colleague)) => at(colleague.clone()),
            None => at(self.observed_year(practice, &|| own.clone())?),
        }
    }

    /// The observed flags of persons of a practice with events in these feeds.
    fn observed_year(&self, practice: &str, own: &dyn Fn() -> PersonFeeds) -> Option<Rc<FlaggedYear>> {
        let PracticeCoverage { feeds, years } = self.practices.get(practice)?;
        let own = if feeds.has_one_feed() { PersonFeeds::new() } else { own() };
        let year = || Rc::new(self.year(feeds.flags(&own, self.known_from)));
        Some(years.borrow_mut().entry(own.clone()).or_insert_with(year).clone())
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
