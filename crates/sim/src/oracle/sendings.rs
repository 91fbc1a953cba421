//! The kinds of data that the feeds of a practice send, day by day, and what is missing of them.
//!
//! It counts events by date and knows no marks: it is a second statement of the rules, not a copy of the code under test.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

use crate::calendar::Month;

/// Every kind, in order.
pub const KINDS: [&str; 10] =
    ["attendance", "booking", "costs", "feedback", "imaging", "minutes", "prescriptions", "quantities", "referrals", "tests"];

/// The events of the feeds of one practice: by feed and kind, the number of events of each date.
#[derive(Clone, Debug, Default)]
pub struct PracticeTraffic(BTreeMap<(String, &'static str), BTreeMap<Date, u32>>);

/// Kinds and months with an event.
type KindMonths = BTreeSet<(&'static str, Month)>;

/// Data of one month that are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingData {
    /// Weekdays of gaps, by kind; `all` is a gap of everything.
    pub gaps: BTreeMap<&'static str, u32>,
    /// Kinds that are not sent.
    pub not_sent: BTreeSet<&'static str>,
}

/// The kinds that a measure needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Each of these, for both sides.
    pub each: BTreeSet<&'static str>,
    /// Each of these, for the numerator.
    pub numerator: BTreeSet<&'static str>,
    /// One of these for the numerator, if there are any.
    pub any: BTreeSet<&'static str>,
}

impl MissingData {
    /// Adds the missing data of another practice of a roll-up.
    pub fn add(&mut self, other: &MissingData) {
        self.not_sent.extend(&other.not_sent);
        for (kind, days) in &other.gaps {
            let mine = self.gaps.entry(kind).or_default();
            *mine = (*mine).max(*days);
        }
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gaps.is_empty() && self.not_sent.is_empty()
    }

    /// Whether a measure leaves the month out of both sides.
    #[must_use]
    pub fn voids(&self, needs: &Needs) -> bool {
        let unsent = |kind: &&'static str| self.not_sent.contains(kind);
        let days = |kind: &str| self.gaps.get(kind).copied().unwrap_or(0);
        let silent: BTreeSet<u32> = needs.each.iter().map(|kind| days(kind).max(days(carrier(kind)))).collect();
        let none_of_any = !needs.any.is_empty() && needs.any.iter().all(unsent);
        needs.numerator.iter().any(unsent) || none_of_any || silent.len() > 1
    }
}

impl PracticeTraffic {
    /// Counts one event.
    pub fn count(&mut self, feed: &str, kind: &'static str, day: Date) {
        *self.0.entry((feed.to_owned(), kind)).or_default().entry(day).or_default() += 1;
    }

    /// The missing data of each of the 12 months up to a card's, for a person whose events of a month are in the feeds `own`. A month that
    /// is not `known` counts for nothing.
    pub fn missing(&self, own: &BTreeSet<&str>, card: Month, known: &dyn Fn(Month) -> bool) -> BTreeMap<Month, MissingData> {
        let span: Vec<Month> = (-13..=0).map(|back| card.plus(back)).filter(|month| known(*month)).collect();
        let mut practice = self.clone();
        practice.0.values_mut().for_each(|days| days.retain(|day, _| span.contains(&Month::of(*day))));
        practice.0.retain(|_, days| !days.is_empty());
        let own = practice.only(&|feed| own.contains(feed));
        // Two systems that both hold attendances say nothing about each other's people.
        let attends = |feed: &str| practice.only(&|one| one == feed).attends();
        let rivals = own.feeds().into_iter().any(attends);
        let heard = practice.only(&|feed| own.0.is_empty() || own.feeds().contains(feed) || !(rivals && attends(feed)));
        let (of_own, of_heard, of_practice) = (own.held(), heard.held(), practice.held());
        // A kind stops only if the feeds that follow the last event of its feeds lack it, too.
        let lacks = |of: &KindMonths, kind: &'static str, month: Month| {
            let Some(last) = of.iter().map(|(_, month)| *month).max() else { return true };
            let empty = |at: Month| {
                let held = if at > last { of_practice.contains(&(kind, at)) } else { of.contains(&(kind, at)) };
                span.contains(&at) && !held
            };
            (-2..=0).any(|from| (from..from + 3).all(|at| empty(month.plus(at))))
        };
        let mut missing: BTreeMap<Month, MissingData> = BTreeMap::new();
        for month in span.iter().copied().filter(|month| KINDS.iter().any(|kind| of_heard.contains(&(*kind, *month)))) {
            for kind in KINDS {
                // A detail of an event is sent by the feed that sends the event.
                let is_detail = carrier(kind) != kind && !lacks(&of_own, carrier(kind), month);
                if lacks(if is_detail { &of_own } else { &of_heard }, kind, month) {
                    missing.entry(month).or_default().not_sent.insert(kind);
                }
            }
        }
        for (kind, day) in heard.silent_weekdays(&span, card) {
            *missing.entry(Month::of(day)).or_default().gaps.entry(kind).or_default() += 1;
        }
        for data in missing.values_mut() {
            let MissingData { gaps, not_sent } = data;
            gaps.retain(|kind, days| *days >= 3 && !not_sent.contains(kind));
        }
        missing.retain(|month, data| *month > card.plus(-12) && !data.is_empty());
        missing
    }

    /// The events of the feeds that `chosen` names.
    fn only(&self, chosen: &dyn Fn(&str) -> bool) -> PracticeTraffic {
        PracticeTraffic(
            self.0.iter().filter(|((feed, _), _)| chosen(feed)).map(|(key, days)| (key.clone(), days.clone())).collect(),
        )
    }

    fn feeds(&self) -> BTreeSet<&str> {
        self.0.keys().map(|(feed, _)| feed.as_str()).collect()
    }

    /// The kinds with an event, by month.
    fn held(&self) -> KindMonths {
        self.0.iter().flat_map(|((_, kind), days)| days.keys().map(|day| (*kind, Month::of(*day)))).collect()
    }

    /// Whether half of the months with events have attendances.
    fn attends(&self) -> bool {
        let held = self.held();
        let months: BTreeSet<Month> = held.iter().map(|(_, month)| *month).collect();
        let attended = months.iter().filter(|month| held.contains(&("attendance", **month))).count();
        attended > 0 && attended * 2 >= months.len()
    }

    /// The weekdays of all gaps.
    fn silent_weekdays(&self, span: &[Month], card: Month) -> BTreeSet<(&'static str, Date)> {
        let in_span = |day: &Date| span.contains(&Month::of(*day));
        let mut worked: BTreeSet<Date> = self.0.values().flat_map(|days| days.keys().copied()).collect();
        worked.retain(in_span);
        let busy: Vec<(&'static str, &BTreeMap<Date, u32>)> =
            self.0.iter().filter(|(_, days)| is_busy(days, span, card)).map(|((_, kind), days)| (*kind, days)).collect();
        let Some(first) = worked.first().filter(|_| !busy.is_empty()) else { return BTreeSet::new() };
        let mut weekdays = Vec::new();
        let mut day = *first;
        while day <= card.last_day() {
            weekdays.extend(is_weekday(day).then_some(day));
            day = day.tomorrow().expect("within the calendar");
        }
        let all = runs(&weekdays, |day| !worked.contains(&day));
        let mut gaps: BTreeSet<(&'static str, Date)> = all.iter().map(|day| ("all", *day)).collect();
        weekdays.retain(|day| !all.contains(day));
        for (kind, days) in busy {
            gaps.extend(runs(&weekdays, |day| !days.contains_key(&day)).into_iter().map(|day| (kind, day)));
        }
        gaps
    }
}

/// The kind of the events that carry a kind.
fn carrier(kind: &'static str) -> &'static str {
    match kind {
        "costs" | "quantities" => "prescriptions",
        "minutes" | "booking" => "attendance",
        own => own,
    }
}

fn is_weekday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The days in runs of at least five silent ones.
fn runs(days: &[Date], silent: impl Fn(Date) -> bool) -> BTreeSet<Date> {
    let chunks = days.chunk_by(|a, b| silent(*a) == silent(*b));
    chunks.filter(|chunk| chunk.len() >= 5 && silent(chunk[0])).flatten().copied().collect()
}

/// Whether a usual weekday has five events or more: the lower median, over the months with events, of the lower median weekday.
fn is_busy(days: &BTreeMap<Date, u32>, span: &[Month], card: Month) -> bool {
    let year = span.iter().filter(|month| **month > card.plus(-12));
    let held = year.filter(|month| days.keys().any(|day| Month::of(*day) == **month));
    let mut usual: Vec<u32> = held.map(|month| usual_weekday(days, *month)).collect();
    usual.sort_unstable();
    !usual.is_empty() && usual[(usual.len() - 1) / 2] >= 5
}

fn usual_weekday(days: &BTreeMap<Date, u32>, month: Month) -> u32 {
    let all = (0..i64::from(month.last_day().day())).map(|n| month.first_day().saturating_add(jiff::Span::new().days(n)));
    let mut counts: Vec<u32> = all.filter(|day| is_weekday(*day)).map(|day| days.get(&day).copied().unwrap_or(0)).collect();
    counts.sort_unstable();
    counts[(counts.len() - 1) / 2]
}
