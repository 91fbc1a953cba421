//! The feeds of a practice that decide about one person's month, and the kinds that they send.
//!
//! Two feeds with attendances are systems of their own, and each speaks for the people whose events it holds. A feed without attendances
//! completes every other feed of the practice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::completeness::feed_months::{FeedMonths, KindCount, SPAN};
use crate::data_kind::DataKind;

/// Months in a row without any event of a kind that is not sent.
const UNSENT_MONTHS: usize = 3;

/// The feeds that decide about a person's month.
#[derive(Debug)]
pub(crate) struct FeedSelection<'a> {
    /// Every feed of the practice.
    all: Vec<&'a FeedMonths>,
    /// The feeds with events of the person.
    own: Vec<&'a FeedMonths>,
    /// These and the feeds that complete them.
    selected: Vec<&'a FeedMonths>,
    /// The place of the first month of which everything is known.
    known: usize,
}

impl<'a> FeedSelection<'a> {
    /// The feeds that decide for a person with events in the feeds `own`. Without any of these, every feed decides.
    pub(crate) fn new(feeds: &'a BTreeMap<Arc<str>, FeedMonths>, own: &BTreeSet<Arc<str>>, known: usize) -> FeedSelection<'a> {
        let is_known = |feed: &FeedMonths| feed.sends.is_some() || (known..SPAN).any(|place| feed.holds_any(place));
        let all: Vec<(&Arc<str>, &FeedMonths)> = feeds.iter().filter(|(_, feed)| is_known(feed)).collect();
        let of = |chosen: &dyn Fn(&Arc<str>, &FeedMonths) -> bool| -> Vec<&'a FeedMonths> {
            all.iter().filter(|(name, feed)| chosen(name, feed)).map(|(_, feed)| *feed).collect()
        };
        let own_feeds = of(&|name, _| own.contains(name));
        let attends = own_feeds.iter().any(|feed| feed.attends(known));
        let selected = of(&|name, feed| own_feeds.is_empty() || own.contains(name) || !(attends && feed.attends(known)));
        FeedSelection { all: of(&|_, _| true), own: own_feeds, selected, known }
    }

    /// The kinds of each of these feeds.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (DataKind, &'a [KindCount; SPAN])> {
        self.selected.iter().flat_map(|feed| DataKind::ALL.into_iter().zip(&feed.kinds))
    }

    /// The days of a month with an event of any kind in these feeds.
    pub(crate) fn any_days(&self, place: usize) -> u32 {
        self.kinds().fold(0, |days, (_, months)| days | months[place].days)
    }

    /// Whether the feeds send a kind in a month. Costs and quantities come with prescriptions, minutes and booking with attendances: where
    /// one of the person's own feeds sends the events, no other feed can add these to them.
    pub(crate) fn sends(&self, kind: DataKind, place: usize) -> bool {
        let is_own = kind.carrier() != kind && self.any_sends(&self.own, kind.carrier(), place);
        self.any_sends(if is_own { &self.own } else { &self.selected }, kind, place)
    }

    /// Whether one of `feeds` sends a kind in a month: by its declaration, else unless the month is in a run of months without it.
    fn any_sends(&self, feeds: &[&FeedMonths], kind: DataKind, place: usize) -> bool {
        if feeds.iter().filter_map(|feed| feed.sends).any(|sends| sends.contains(kind)) {
            return true;
        }
        let observed: Vec<&FeedMonths> = feeds.iter().copied().filter(|feed| feed.sends.is_none()).collect();
        let Some(last) = (0..SPAN).rev().find(|month| observed.iter().any(|feed| feed.holds_any(*month))) else { return false };
        // After their last event another feed of the practice may go on: a practice that changes its system stops no kind.
        let holds =
            |month: usize| observed.iter().any(|feed| feed.holds(kind, month)) || (month > last && self.goes_on(kind, month));
        let is_empty = |month: usize| month >= self.known && !holds(month);
        let in_run = |from: usize| (from..from + UNSENT_MONTHS).all(|month| month < SPAN && is_empty(month));
        !(place.saturating_sub(UNSENT_MONTHS - 1)..=place).any(in_run)
    }

    /// Whether any feed of the practice declares a kind, or holds it in a month.
    fn goes_on(&self, kind: DataKind, month: usize) -> bool {
        self.all.iter().any(|feed| feed.sends.map_or_else(|| feed.holds(kind, month), |sends| sends.contains(kind)))
    }
}
