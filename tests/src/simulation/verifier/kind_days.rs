//! Events by feed, practice, kind of data and day: the verifier's own count of what a mark says and a card's coverage follows.

use std::collections::BTreeMap;

use jiff::civil::Date;
use scorecard::event::{Detail, Event};
use scorecard::record::log_record::{KindMonth, RowKey};
use scorecard::time::calendar::{Day, Month};
use sim::oracle::sendings::PracticeTraffic;

/// Number of events of each date, by feed, practice, kind and month of the row.
#[derive(Debug, Default)]
pub(crate) struct KindDays(BTreeMap<(String, String, &'static str, Month), BTreeMap<Date, u32>>);

impl KindDays {
    /// Counts an event in a row. `attends`: an encounter counts as an attendance.
    pub(crate) fn count(&mut self, row: &RowKey, event: &Event<'static>, attends: bool) {
        if event.exclude.is_some() {
            return;
        }
        let day = event.day.filter(|day| day.month() == row.month).unwrap_or(row.month.first_day());
        for kind in kinds(event, attends) {
            let at = (row.feed.to_string(), row.practice.to_string(), kind, row.month);
            *self.0.entry(at).or_default().entry(date(day)).or_default() += 1;
        }
    }

    /// The kinds that a mark has of a feed, from a month on.
    pub(crate) fn marked(&self, feed: &str, from: Month) -> Vec<KindMonth> {
        let of_feed = self.0.iter().filter(|((of, _, _, month), _)| of == feed && *month >= from);
        let marked = of_feed.map(|((_, practice, kind, month), days)| KindMonth {
            practice: practice.as_str().into(),
            kind: (*kind).into(),
            month: *month,
            events: days.values().map(|events| u64::from(*events)).sum(),
            days: days.keys().fold(0, |bits, day| bits | 1 << (day.day() - 1)),
            weekday_median: median(*month, days),
        });
        marked.collect()
    }

    /// The events of each practice of the registry, from a month on.
    pub(crate) fn add_to<'k>(
        &'k self,
        traffic: &mut BTreeMap<String, PracticeTraffic>,
        practice_of: &dyn Fn(&'k str) -> &'k str,
        from: Month,
    ) {
        for ((feed, practice, kind, _), days) in self.0.iter().filter(|((.., month), _)| *month >= from) {
            let of_practice = traffic.entry(practice_of(practice).to_owned()).or_default();
            for (day, events) in days {
                (0..*events).for_each(|_| of_practice.count(feed, kind, *day));
            }
        }
    }
}

/// The kinds of data that an event carries.
fn kinds(event: &Event<'static>, attends: bool) -> Vec<&'static str> {
    match &event.detail {
        Detail::Encounter(Some(e)) => {
            let sent = [
                ("attendance", attends),
                ("booking", e.booked_day.is_some() && event.day.is_some()),
                ("minutes", e.minutes.is_some()),
            ];
            sent.into_iter().filter(|(_, sent)| *sent).map(|(kind, _)| kind).collect()
        }
        Detail::Prescription(Some(p)) => {
            let sent = [("costs", p.cost_pence.is_some()), ("prescriptions", true), ("quantities", p.quantity_milli.is_some())];
            sent.into_iter().filter(|(_, sent)| *sent).map(|(kind, _)| kind).collect()
        }
        Detail::Feedback(Some(_)) => vec!["feedback"],
        Detail::Order(Some(order)) => {
            let known = [("plumbline|imaging", "imaging"), ("plumbline|referral", "referrals"), ("plumbline|test", "tests")];
            known.into_iter().filter(|(code, _)| order.category.iter().any(|one| one == code)).map(|(_, kind)| kind).collect()
        }
        _ => Vec::new(),
    }
}

fn date(day: Day) -> Date {
    day.to_string().parse().expect("a civil day prints as a date")
}

/// The lower median of the events on the weekdays of a month.
fn median(month: Month, days: &BTreeMap<Date, u32>) -> u32 {
    let all = (month.first_day().0..=month.last_day().0).map(|day| date(Day(day)));
    let weekdays = all.filter(|day| day.weekday().to_monday_one_offset() <= 5);
    let mut events: Vec<u32> = weekdays.map(|day| days.get(&day).copied().unwrap_or(0)).collect();
    events.sort_unstable();
    events[(events.len() - 1) / 2]
}
