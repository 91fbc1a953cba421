//! The answer before the first card: the number of events so far, and the time of the first cards.

use std::collections::BTreeSet;
use std::fmt;

use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Day, Month, Timestamp};
use scorecard::time::schedule::Schedule;
use stream::log::{Log, LogError, Topic};

use crate::process::service_status::ServiceStatus;
use crate::terminal::count::counted;

/// The begin of every such answer. `card` recognises the answer of a service by it.
pub const BEGIN: &str = "no card is published yet";

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// The state of a deployment without cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstCards {
    /// Events that were received; `None` where this process does not count them.
    events: Option<u64>,
    /// The cut of the first cards; `None` without events.
    cut: Option<Timestamp>,
}

impl FirstCards {
    /// The state that a service reports.
    #[must_use]
    pub fn of_status(status: &ServiceStatus, schedule: &Schedule) -> FirstCards {
        let outcomes = status.owned(|partition| partition.outcomes);
        let received = outcomes.iter().map(|o| o.accepted + o.duplicate + o.stale + o.conflict + o.sealed).sum();
        let months = status.owned(|partition| partition.feeds.iter().flat_map(|feed| &feed.days).map(|(month, _)| *month).min());
        let first = months.into_iter().flatten().min();
        FirstCards { events: (!outcomes.is_empty()).then_some(received), cut: first.map(|month| first_cut(schedule, month)) }
    }

    /// The state of a log that no service has open.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn of_log(log: &mut impl Log, schedule: &Schedule, partitions: u32) -> Result<FirstCards, LogError> {
        let (mut events, mut months) = (0, BTreeSet::new());
        for partition in 0..partitions {
            let mut position = log.bounds(Topic::Events, partition)?.start;
            log.read_to_end(Topic::Events, partition, &mut position, &mut |entry| {
                let Record::Batch(batch) = entry.record else { return };
                events += batch.events.len() as u64;
                let days = batch.events.iter().filter_map(|event| event.occurred_at);
                months.extend(days.map(|at| schedule.zone.day_of(at).month()));
            })?;
        }
        Ok(FirstCards { events: Some(events), cut: months.first().map(|month| first_cut(schedule, *month)) })
    }
}

/// The cut that publishes the first cards of a month.
fn first_cut(schedule: &Schedule, month: Month) -> Timestamp {
    schedule.grid.at_or_after(schedule.provisional_from(month))
}

impl fmt::Display for FirstCards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BEGIN)?;
        match self.events {
            Some(events) => write!(f, ": {} received; ", counted(events, "event", "events"))?,
            None => f.write_str("; ")?,
        }
        match self.cut {
            Some(cut) => write!(f, "the first cards come on {}", shown(cut)),
            None => f.write_str("a month has its first cards three days after its end"),
        }
    }
}

/// An instant as `4 December 03:00 UTC`.
fn shown(at: Timestamp) -> String {
    let minutes = at.0.div_euclid(60_000);
    let day = Day(i32::try_from(minutes.div_euclid(1_440)).unwrap_or(i32::MAX));
    let (month, minute) = (day.month(), minutes.rem_euclid(1_440));
    let number = day.0 - month.first_day().0 + 1;
    let name = MONTHS[usize::try_from(month.0.rem_euclid(12)).unwrap_or(0)];
    format!("{number} {name} {:02}:{:02} UTC", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(day: (i16, i8, i8), minutes: i64) -> Timestamp {
        let day = Day::from_ymd(day.0, day.1, day.2).expect("a day that exists");
        Timestamp((i64::from(day.0) * 1_440 + minutes) * 60_000)
    }

    #[test]
    fn an_instant_has_day_month_and_time() {
        assert_eq!(shown(utc((2026, 12, 4), 180)), "4 December 03:00 UTC");
        assert_eq!(shown(utc((2027, 1, 31), 1_439)), "31 January 23:59 UTC");
    }

    #[test]
    fn the_answer_counts_events_and_names_the_first_cut() {
        let text = |events, cut| FirstCards { events, cut }.to_string();
        let cut = Some(utc((2026, 12, 4), 180));
        assert_eq!(
            text(Some(40), cut),
            "no card is published yet: 40 events received; the first cards come on 4 December 03:00 UTC"
        );
        assert_eq!(
            text(Some(1), cut),
            "no card is published yet: 1 event received; the first cards come on 4 December 03:00 UTC"
        );
        assert!(text(None, None).starts_with("no card is published yet; a month has"));
    }
}
