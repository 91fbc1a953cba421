//! Coverage of a partition's feeds. Missing data never blocks a cut, but the card shows it.

use std::collections::BTreeMap;

use crate::card::scorecard::{Coverage, CoverageState};
use crate::completeness::weekday_runs::{GAP_WEEKDAYS, weekdays_of};
use crate::record::log_record::{FeedCoverage, KindMonth};
use crate::time::calendar::{Day, Month, Timestamp};

/// Days without a record before a cut after which a feed counts as silent.
const SILENT_DAYS: i64 = 3;

#[derive(Debug)]
struct FeedDays {
    last_appended: Timestamp,
    newest_day: Option<Day>,
    days: BTreeMap<Month, u32>,
}

/// Coverage of all feeds of a partition, by the feed's interned number.
#[derive(Debug, Default)]
pub(crate) struct CoverageTracker {
    feeds: BTreeMap<u32, FeedDays>,
}

impl CoverageTracker {
    /// Records that the log appended a batch of this feed.
    pub(crate) fn appended(&mut self, feed: u32, at: Timestamp) {
        let seen = self.feeds.entry(feed).or_insert(FeedDays { last_appended: at, newest_day: None, days: BTreeMap::new() });
        seen.last_appended = seen.last_appended.max(at);
    }

    /// Records an accepted event of this day.
    pub(crate) fn day(&mut self, feed: u32, day: Day) {
        let Some(seen) = self.feeds.get_mut(&feed) else { return };
        seen.newest_day = seen.newest_day.max(Some(day));
        let month = day.month();
        *seen.days.entry(month).or_default() |= 1 << (day.0 - month.first_day().0);
    }

    /// Removes the days of months before `open_from`.
    pub(crate) fn seal(&mut self, open_from: Month) {
        for seen in self.feeds.values_mut() {
            seen.days = seen.days.split_off(&open_from);
        }
    }

    /// The coverage for a mark, in order of the feeds' names.
    pub(crate) fn state(
        &self,
        name: impl Fn(u32) -> std::sync::Arc<str>,
        kinds: impl Fn(u32) -> Vec<KindMonth>,
    ) -> Vec<FeedCoverage> {
        let mut feeds: Vec<FeedCoverage> = self
            .feeds
            .iter()
            .map(|(&feed, seen)| FeedCoverage {
                feed: name(feed),
                last_appended: seen.last_appended,
                newest_day: seen.newest_day,
                days: seen.days.iter().map(|(&month, &days)| (month, days)).collect(),
                kinds: kinds(feed),
            })
            .collect();
        feeds.sort_by(|a, b| a.feed.cmp(&b.feed));
        feeds
    }
}

/// The coverage of a feed for a month at a cut, as shown on a card.
#[must_use]
pub fn coverage(feed: &FeedCoverage, month: Month, cut: Timestamp) -> Coverage {
    let silent = feed.last_appended < cut.plus_seconds(-SILENT_DAYS * 86_400);
    let behind = feed.newest_day.is_none_or(|day| day < month.last_day()) || !has_last_week(feed, month);
    let state = match (silent, behind) {
        (true, _) => CoverageState::Silent,
        (false, true) => CoverageState::Behind,
        (false, false) => CoverageState::Complete,
    };
    Coverage { feed: feed.feed.to_string(), state, newest_day: feed.newest_day }
}

/// Whether a feed has an event on one of the last five weekdays of a month.
fn has_last_week(feed: &FeedCoverage, month: Month) -> bool {
    let days = feed.days.iter().find(|(known, _)| *known == month).map_or(0, |(_, days)| *days);
    weekdays_of(month).rev().take(GAP_WEEKDAYS).any(|day| days & 1 << (day.0 - month.first_day().0) != 0)
}

/// Days of a month with at least one event of these feeds. `None` for a month before `open_from`: its days are forgotten.
#[must_use]
pub fn days_seen(feeds: &[&FeedCoverage], month: Month, open_from: Month) -> Option<u32> {
    let days = |feed: &&FeedCoverage| feed.days.iter().find(|(m, _)| *m == month).map_or(0, |(_, days)| *days);
    (month >= open_from).then(|| feeds.iter().map(days).fold(0, |all, days| all | days).count_ones())
}

/// Number of days from Monday to Friday of a month.
#[must_use]
pub fn weekdays(month: Month) -> u32 {
    u32::try_from(weekdays_of(month).count()).expect("at most 23")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn october_2026_has_22_weekdays_and_february_2027_has_20() {
        // October 2026 begins on a Thursday and has 31 days; February 2027 begins on a Monday and has 28.
        assert_eq!(weekdays("2026-10".parse().unwrap()), 22);
        assert_eq!(weekdays("2027-02".parse().unwrap()), 20);
    }

    #[test]
    fn a_feed_without_an_event_in_the_last_week_of_a_month_is_behind() {
        let october: Month = "2026-10".parse().unwrap();
        let cut = Timestamp(i64::from(october.last_day().0 + 10) * 86_400_000);
        let state = |last: u32| {
            let feed = FeedCoverage {
                feed: "f".into(),
                last_appended: cut,
                // It went on in November.
                newest_day: Some(Day(october.last_day().0 + 9)),
                days: vec![(october, (1 << last) - 1)],
                kinds: Vec::new(),
            };
            coverage(&feed, october, cut).state
        };
        // The last five weekdays are Monday 26 to Friday 30 October 2026.
        assert_eq!(state(25), CoverageState::Behind);
        assert_eq!(state(26), CoverageState::Complete);
    }

    #[test]
    fn days_of_several_feeds_are_counted_once_and_sealed_months_are_unknown() {
        let month: Month = "2026-10".parse().unwrap();
        let feed = |days: u32| FeedCoverage {
            feed: "f".into(),
            last_appended: Timestamp(0),
            newest_day: None,
            days: vec![(month, days)],
            kinds: Vec::new(),
        };
        let (one, other) = (feed(0b0111), feed(0b1100));
        assert_eq!(days_seen(&[&one, &other], month, month), Some(4));
        assert_eq!(days_seen(&[&one], month.plus(1), month), Some(0));
        assert_eq!(days_seen(&[&one], month, month.plus(1)), None);
    }
}
