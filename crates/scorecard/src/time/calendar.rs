//! Instants, civil days and calendar months. Only this file knows time zones.
//!
//! Intake stamps each event with the civil [`Day`] of its feed's [`Zone`]. Every later step computes months from that day. A zone
//! is needed again only for the first and last instants of months ([`crate::time::schedule`]).

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant: milliseconds since 1970-01-01T00:00Z. Printed as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The earliest supported instant: 0001-01-01T00:00Z.
    pub const EARLIEST: Timestamp = Timestamp(-62_135_596_800_000);
    /// The latest supported instant: 9998-12-31T00:00Z.
    pub const LATEST: Timestamp = Timestamp(253_370_678_400_000);

    /// This instant plus `seconds`; earlier when negative. Saturates.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    fn to_jiff(self) -> jiff::Timestamp {
        let bounded = self.0.clamp(Self::EARLIEST.0, Self::LATEST.0);
        jiff::Timestamp::from_millisecond(bounded).expect("EARLIEST..LATEST lies within jiff's range")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

/// A civil day: days since 1970-01-01, without a zone. Printed `2026-10-05`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day of a calendar date; `None` if the calendar has no such date.
    #[must_use]
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Day> {
        Date::new(year, month, day).ok().map(Day::from_date)
    }

    /// Whether it is a day from Monday to Friday.
    #[must_use]
    pub fn is_weekday(self) -> bool {
        // 1970-01-01, day 0, was a Thursday.
        (self.0 + 3).rem_euclid(7) < 5
    }

    /// The month that this day belongs to.
    #[must_use]
    pub fn month(self) -> Month {
        // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. It runs once an event, so it avoids a
        // library call.
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z - era * 146_097;
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let year = year_of_era + era * 400;
        if from_march < 10 { Month(year * 12 + from_march + 2) } else { Month((year + 1) * 12 + from_march - 10) }
    }

    fn from_date(date: Date) -> Day {
        Day(days_from_civil(i32::from(date.year()), i32::from(date.month()), i32::from(date.day())))
    }

    fn to_date(self) -> Date {
        let days = jiff::Span::new().days(self.0.clamp(-719_162, 2_932_531));
        Date::constant(1970, 1, 1).checked_add(days).expect("clamped to the years 1 to 9998")
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_date())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Day::from_date).map_err(serde::de::Error::custom)
    }
}

/// A calendar month: months since January of the year 0. Printed and stored as `2026-10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

/// A text that is not a month.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a month; write it as 2026-10")]
pub struct NotAMonth(String);

impl Month {
    /// A month before every month of an event.
    pub const EARLIEST: Month = Month(0);

    /// The month of this year (1 to 9998) and number (1 to 12).
    #[must_use]
    pub fn from_ym(year: i32, number: i32) -> Option<Month> {
        ((1..=9998).contains(&year) && (1..=12).contains(&number)).then_some(Month(year * 12 + number - 1))
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Day {
        Day(days_from_civil(self.0.div_euclid(12), self.0.rem_euclid(12) + 1, 1))
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> Day {
        Day(self.plus(1).first_day().0 - 1)
    }

    /// This month plus `months`; earlier when negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let wrong = || NotAMonth(text.to_owned());
        let (year, number) = text.split_once('-').ok_or_else(wrong)?;
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(number, 2) {
            return Err(wrong());
        }
        let year = year.parse().map_err(|_| wrong())?;
        let number = number.parse().map_err(|_| wrong())?;
        Month::from_ym(year, number).ok_or_else(wrong)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A time zone by its IANA name, from the database that is compiled in.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
    /// The stretches of [`NEAR`], computed at their first use.
    near: Arc<OnceLock<Box<[Stretch]>>>,
}

/// The instant of a local time. Clocks that change make some local times exist twice, and some never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalInstant {
    /// The only one.
    Once(Timestamp),
    /// The first of two: clocks went back.
    Twice(Timestamp),
    /// The clocks skipped the local time; this instant is as far behind the change.
    Skipped(Timestamp),
}

/// From one change of a zone's offset to the next, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: i64,
    offset: i64,
}

/// The instants whose offsets are kept in a table: the years 2000 to 2049. Nearly every event is in them.
const NEAR: std::ops::Range<i64> = 946_684_800_000..2_524_608_000_000;

/// A name that is not a time zone.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a time zone of the IANA database; write it as Europe/London")]
pub struct UnknownZone(String);

impl Zone {
    /// The zone of this IANA name, such as `Europe/London`.
    ///
    /// # Errors
    /// [`UnknownZone`] when the database has no such name.
    pub fn named(name: &str) -> Result<Zone, UnknownZone> {
        match jiff::tz::db().get(name) {
            Ok(zone) => Ok(Zone { name: name.to_owned(), zone, near: Arc::default() }),
            Err(_) => Err(UnknownZone(name.to_owned())),
        }
    }

    /// The default of every feed and deployment: Europe/London.
    #[must_use]
    pub fn london() -> Zone {
        Zone::named("Europe/London").expect("the bundled database holds Europe/London")
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The civil day of this instant in this zone.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Day {
        let local = at.0.clamp(Timestamp::EARLIEST.0, Timestamp::LATEST.0) + self.offset(at);
        Day(i32::try_from(local.div_euclid(86_400_000)).expect("clamped to the years 1 to 9998"))
    }

    /// Milliseconds by which local time in this zone is ahead of UTC at this instant.
    fn offset(&self, at: Timestamp) -> i64 {
        if !NEAR.contains(&at.0) {
            return i64::from(self.zone.to_offset(at.to_jiff()).seconds()) * 1000;
        }
        let stretches = self.near.get_or_init(|| self.stretches());
        let behind = stretches.partition_point(|stretch| stretch.from <= at.0);
        stretches[behind - 1].offset
    }

    fn stretches(&self) -> Box<[Stretch]> {
        let stretch = |from: jiff::Timestamp, offset: jiff::tz::Offset| Stretch {
            from: from.as_millisecond(),
            offset: i64::from(offset.seconds()) * 1000,
        };
        let begin = Timestamp(NEAR.start).to_jiff();
        let changes = self.zone.following(begin).map(|change| stretch(change.timestamp(), change.offset()));
        let changes = changes.take_while(|change| change.from < NEAR.end);
        std::iter::once(stretch(begin, self.zone.to_offset(begin))).chain(changes).collect()
    }

    /// The first instant of this day in this zone.
    #[must_use]
    pub fn start_of(&self, day: Day) -> Timestamp {
        match day.to_date().to_zoned_datetime(self.zone.clone()) {
            Ok(start) => Timestamp(start.timestamp().as_millisecond()),
            Err(_) => Timestamp(i64::from(day.0) * 86_400_000),
        }
    }

    /// The instant of a local time, given as its day and the seconds since midnight (0 to 86,399).
    #[must_use]
    pub fn instant_of(&self, day: Day, seconds: u32) -> LocalInstant {
        let midnight = jiff::civil::Time::midnight();
        let clock = midnight.checked_add(jiff::SignedDuration::from_secs(i64::from(seconds))).unwrap_or(midnight);
        let ambiguous = self.zone.to_ambiguous_timestamp(day.to_date().to_datetime(clock));
        let kind = ambiguous.offset();
        // The first of two, and behind a gap the time that the clocks show.
        match (ambiguous.compatible(), kind) {
            (Err(_), _) => LocalInstant::Once(Timestamp(i64::from(day.0) * 86_400_000 + i64::from(seconds) * 1000)),
            (Ok(at), jiff::tz::AmbiguousOffset::Unambiguous { .. }) => LocalInstant::Once(Timestamp(at.as_millisecond())),
            (Ok(at), jiff::tz::AmbiguousOffset::Gap { .. }) => LocalInstant::Skipped(Timestamp(at.as_millisecond())),
            (Ok(at), jiff::tz::AmbiguousOffset::Fold { .. }) => LocalInstant::Twice(Timestamp(at.as_millisecond())),
        }
    }

    /// This instant plus whole days and months of the local calendar, at the same local time of day.
    #[must_use]
    pub fn plus(&self, at: Timestamp, days: i32, months: i32) -> Timestamp {
        let span = jiff::Span::new().days(days).months(months);
        match at.to_jiff().to_zoned_datetime(self.zone.clone()).checked_add(span) {
            Ok(moved) => Timestamp(moved.timestamp().as_millisecond()),
            Err(_) => Timestamp::LATEST,
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn the_last_of_march_at_23_30_utc_is_april_in_london() {
        assert_eq!(Zone::london().day_of(at("2026-03-31T23:30:00Z")).month(), "2026-04".parse().unwrap());
        assert_eq!(Zone::london().day_of(at("2026-03-31T22:59:59Z")).month(), "2026-03".parse().unwrap());
    }

    #[test]
    fn march_2026_has_743_hours_and_october_745() {
        let hours = |month: &str| {
            let month: Month = month.parse().unwrap();
            let zone = Zone::london();
            (zone.start_of(month.plus(1).first_day()).0 - zone.start_of(month.first_day()).0) / 3_600_000
        };
        assert_eq!(hours("2026-03"), 743);
        assert_eq!(hours("2026-10"), 745);
        assert_eq!(hours("2026-02"), 672);
        assert_eq!(hours("2028-02"), 696);
    }

    #[test]
    fn october_2026_in_london_runs_from_30_september_23_00_utc_to_1_november_00_00_utc() {
        let month: Month = "2026-10".parse().unwrap();
        assert_eq!(Zone::london().start_of(month.first_day()), at("2026-09-30T23:00:00Z"));
        assert_eq!(Zone::london().start_of(month.plus(1).first_day()), at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn a_local_time_is_one_instant_or_the_first_of_two_or_behind_a_gap() {
        let london = Zone::london();
        let day = |month, day| Day::from_ymd(2026, month, day).unwrap();
        // gov.uk: clocks go forward on 29 March 2026 at 01:00 and back on 25 October 2026 at 02:00.
        assert_eq!(london.instant_of(day(7, 1), 9 * 3600), LocalInstant::Once(at("2026-07-01T08:00:00Z")));
        assert_eq!(london.instant_of(day(3, 29), 3600 + 1800), LocalInstant::Skipped(at("2026-03-29T01:30:00Z")));
        assert_eq!(london.instant_of(day(10, 25), 3600 + 1800), LocalInstant::Twice(at("2026-10-25T00:30:00Z")));
        assert_eq!(london.instant_of(day(1, 1), 0), LocalInstant::Once(at("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn the_offset_table_agrees_with_the_time_zone_database() {
        for name in
            ["Europe/London", "Europe/Dublin", "America/New_York", "Africa/Casablanca", "Pacific/Apia", "Asia/Tehran", "UTC"]
        {
            let zone = Zone::named(name).unwrap();
            let known = |at: Timestamp| i64::from(zone.zone.to_offset(at.to_jiff()).seconds()) * 1000;
            let changes = zone.zone.following(Timestamp(0).to_jiff()).map(|change| change.timestamp().as_millisecond());
            let changes = changes.take_while(|at| *at < NEAR.end + 100_000_000_000);
            for change in changes.chain([NEAR.start, NEAR.end]) {
                for at in [change - 1, change, change + 1, change + 86_400_000].map(Timestamp) {
                    assert_eq!(zone.offset(at), known(at), "{name} {at}");
                }
            }
            (0..3000).map(|n| Timestamp(n * 1_000_000_007)).for_each(|at| assert_eq!(zone.offset(at), known(at), "{name} {at}"));
        }
    }

    #[test]
    fn leap_days_belong_to_february() {
        assert_eq!(Day::from_ymd(2028, 2, 29).unwrap().month().to_string(), "2028-02");
        assert_eq!(Day::from_ymd(2000, 2, 29).unwrap().month().to_string(), "2000-02");
        assert!(Day::from_ymd(1900, 2, 29).is_none());
        assert!(Day::from_ymd(2026, 2, 29).is_none());
    }

    #[test]
    fn days_and_dates_round_trip_over_four_centuries() {
        let first = Day::from_ymd(1800, 1, 1).unwrap();
        for n in 0..146_097 {
            let day = Day(first.0 + n);
            let date = day.to_date();
            assert_eq!(Day::from_date(date), day);
            let month = day.month();
            assert_eq!(month.to_string(), day.to_string()[..7]);
            assert!(month.first_day() <= day && day <= month.last_day());
        }
    }

    #[test]
    fn a_month_has_four_digits_a_hyphen_and_two_digits() {
        for bad in ["2026-1", "2026-13", "2026-00", "26-10", "2026/10", "2026-10-01", "", "0000-01", "+026-10"] {
            assert!(bad.parse::<Month>().is_err(), "{bad:?} passed");
        }
    }
}
