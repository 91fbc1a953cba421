//! The coverage that cards must show at a cut: of each practice, and of the persons who work there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use scorecard::card::scorecard::{MonthGaps, Scorecard};
use scorecard::time::calendar::Month;
use sim::oracle::sendings::{KINDS, MissingData, PracticeTraffic};

use crate::simulation::verifier::definition::TickState;
use crate::simulation::verifier::registry_as_of::RegistryAsOf;

/// GapsByMonth data of the 12 months up to a card's.
pub(crate) type GapsByMonth = BTreeMap<Month, MissingData>;

/// A practice, the feeds of a person there, and the month of the card.
type CoverageKey = (String, BTreeSet<String>, Month);

/// The traffic of all practices at a cut.
pub(crate) struct ExpectedCoverage {
    traffic: BTreeMap<String, PracticeTraffic>,
    known_from: Month,
    computed: RefCell<BTreeMap<CoverageKey, Rc<GapsByMonth>>>,
}

impl ExpectedCoverage {
    pub(crate) fn new<'t>(ticks: impl Iterator<Item = &'t TickState> + Clone, book: &'t RegistryAsOf) -> ExpectedCoverage {
        let known_from = ticks.clone().map(|tick| tick.open_from).max().unwrap_or(Month::EARLIEST);
        let mut traffic = BTreeMap::new();
        ticks.for_each(|tick| tick.kinds.add_to(&mut traffic, &|practice| book.practice(practice), known_from));
        ExpectedCoverage { traffic, known_from, computed: RefCell::default() }
    }

    /// Whether the marks hold everything of a month.
    pub(crate) fn knows(&self, month: Month) -> bool {
        month >= self.known_from
    }

    /// The missing data of a practice, for persons with facts in these feeds.
    pub(crate) fn of(&self, practice: &str, own: &BTreeSet<&str>, month: Month) -> Rc<GapsByMonth> {
        let mut computed = self.computed.borrow_mut();
        let own_names = own.iter().map(|feed| (*feed).to_owned()).collect();
        let entry = computed.entry((practice.to_owned(), own_names, month));
        entry.or_insert_with(|| Rc::new(self.compute(practice, own, month))).clone()
    }

    fn compute(&self, practice: &str, own: &BTreeSet<&str>, month: Month) -> GapsByMonth {
        let Some(traffic) = self.traffic.get(practice) else { return GapsByMonth::new() };
        let known = |month: sim::calendar::Month| month.0 >= self.known_from.0;
        let missing = traffic.missing(own, sim::calendar::Month(month.0), &known);
        missing.into_iter().map(|(month, data)| (Month(month.0), data)).collect()
    }
}

/// The missing data that a card shows.
pub(crate) fn shown(card: &Scorecard) -> GapsByMonth {
    let word = |word: &str| KINDS.into_iter().chain(["all"]).find(|kind| *kind == word).unwrap_or("an unknown kind");
    let of = |gaps: &MonthGaps| {
        let days = gaps.gaps.iter().map(|gap| (word(&gap.kind), gap.days)).collect();
        let not_sent = gaps.not_sent.iter().map(|kind| word(kind)).collect();
        (gaps.month, MissingData { gaps: days, not_sent })
    };
    card.content.coverage.iter().map(of).filter(|(_, data)| !data.is_empty()).collect()
}
