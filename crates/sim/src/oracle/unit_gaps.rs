//! The missing data of persons at practices: of the feeds that hold their events, or those that cards of a final month show.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::oracle::fold::Row;
use crate::oracle::registry::Unit;
use crate::oracle::sendings::{MissingData, PracticeTraffic};

/// Missing data by month.
type MissingByMonth = BTreeMap<Month, MissingData>;

/// The missing data of the units of one card month.
pub(crate) struct UnitGaps<'a> {
    pub card: Month,
    /// The events of each practice.
    pub traffic: &'a BTreeMap<String, PracticeTraffic>,
    /// Whether the months after a cut are known: a sealed month is not.
    pub known: &'a dyn Fn(Month) -> bool,
    /// The missing data that the cards of a final month show.
    pub frozen: BTreeMap<Unit, MissingByMonth>,
    /// Observed missing data by practice and feeds.
    pub observed: RefCell<BTreeMap<(String, BTreeSet<String>), MissingByMonth>>,
}

impl UnitGaps<'_> {
    /// The missing data of a person at a practice in a month with these rows.
    ///
    /// A card of a final month keeps them. A new one has those of the first colleague with the same feeds; else the observed ones of a
    /// known month, and those of the first colleague for any other month.
    pub(crate) fn of(&self, unit: &Unit, month: Month, rows: &BTreeMap<Unit, Row>) -> MissingData {
        let sources = |unit: &Unit| rows.get(unit).map(Row::sources).unwrap_or_default();
        let own = sources(unit);
        let mut colleagues = self.frozen.keys().filter(|one| one.practice == unit.practice);
        let alike = colleagues.clone().find(|one| *one == unit).or_else(|| colleagues.clone().find(|one| sources(one) == own));
        let shown = alike.or_else(|| colleagues.next().filter(|_| !(self.known)(month)));
        let of_month = |missing: &MissingByMonth| missing.get(&month).cloned().unwrap_or_default();
        match shown {
            Some(one) => of_month(&self.frozen[one]),
            None => self.observed(&unit.practice, &own, of_month),
        }
    }

    fn observed(&self, practice: &str, own: &BTreeSet<&str>, of: impl Fn(&MissingByMonth) -> MissingData) -> MissingData {
        let Some(traffic) = self.traffic.get(practice) else { return MissingData::default() };
        let key = (practice.to_owned(), own.iter().map(|feed| (*feed).to_owned()).collect());
        let mut observed = self.observed.borrow_mut();
        of(observed.entry(key).or_insert_with(|| traffic.missing(own, self.card, self.known)))
    }
}
