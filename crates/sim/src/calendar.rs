//! Months, days and instants of Europe/London, on jiff alone.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A calendar month: months since January of the year 0. Printed as `2026-10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i32);

/// A text that is not a month.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a month; write it as 2026-10")]
pub struct NotAMonth(String);

impl Month {
    /// The month of this day.
    #[must_use]
    pub fn of(day: Date) -> Month {
        Month(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
    }

    /// This month plus `months`; earlier when negative.
    #[must_use]
    pub fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }

    /// The first month of the quarter.
    #[must_use]
    pub fn quarter(self) -> Month {
        self.plus(-self.0.rem_euclid(3))
    }

    /// The first day.
    ///
    /// # Panics
    /// Outside of the years -9999 to 9999.
    #[must_use]
    pub fn first_day(self) -> Date {
        let year = i16::try_from(self.0.div_euclid(12)).expect("months lie within the years that jiff knows");
        let number = i8::try_from(self.0.rem_euclid(12) + 1).expect("a remainder of twelve");
        Date::new(year, number, 1).expect("months lie within the years that jiff knows")
    }

    /// The last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
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
        let day: Date = format!("{text}-01").parse().map_err(|_| NotAMonth(text.to_owned()))?;
        if text.len() == 7 { Ok(Month::of(day)) } else { Err(NotAMonth(text.to_owned())) }
    }
}

/// The calendar of Europe/London. Instants are milliseconds since 1970-01-01T00:00Z.
#[derive(Clone, Debug)]
pub struct London(TimeZone);

impl Default for London {
    fn default() -> London {
        London(jiff::tz::db().get("Europe/London").expect("the bundled database holds Europe/London"))
    }
}

fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("instants lie within the years that jiff knows")
}

impl London {
    /// The civil day of this instant.
    #[must_use]
    pub fn day_of(&self, ms: i64) -> Date {
        self.0.to_datetime(instant(ms)).date()
    }

    /// The month of this instant.
    #[must_use]
    pub fn month_of(&self, ms: i64) -> Month {
        Month::of(self.day_of(ms))
    }

    /// Seconds by which the clock is ahead of UTC at this instant.
    #[must_use]
    pub fn offset_seconds(&self, ms: i64) -> i32 {
        self.0.to_offset(instant(ms)).seconds()
    }

    /// The instant of this second of the day, counted from local midnight as the clock shows it.
    ///
    /// # Panics
    /// When `second` is not one of a day, 0 to 86,399.
    #[must_use]
    pub fn at(&self, day: Date, second: i32) -> i64 {
        let time = jiff::civil::Time::midnight().checked_add(Span::new().seconds(second)).expect("a second of a day");
        let zoned = day.to_datetime(time).to_zoned_datetime(self.0.clone()).expect("days lie within the years that jiff knows");
        zoned.timestamp().as_millisecond()
    }

    /// The first instant of the month.
    #[must_use]
    pub fn start_of(&self, month: Month) -> i64 {
        self.at(month.first_day(), 0)
    }

    /// The first instant after the month.
    #[must_use]
    pub fn end_of(&self, month: Month) -> i64 {
        self.start_of(month.plus(1))
    }

    /// This instant plus days and months of the local calendar, at the same time of day.
    ///
    /// # Panics
    /// Outside of the years of jiff.
    #[must_use]
    pub fn plus(&self, ms: i64, days: i32, months: i32) -> i64 {
        let local = instant(ms).to_zoned_datetime(self.0.clone());
        let moved =
            local.checked_add(Span::new().months(months).days(days)).expect("instants lie within the years that jiff knows");
        moved.timestamp().as_millisecond()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("an instant").as_millisecond()
    }

    #[test]
    fn the_last_of_march_at_23_30_utc_is_april_in_london() {
        assert_eq!(London::default().month_of(at("2026-03-31T23:30:00Z")).to_string(), "2026-04");
        assert_eq!(London::default().month_of(at("2026-03-31T22:30:00Z")).to_string(), "2026-03");
    }

    #[test]
    fn october_in_london_runs_from_23_00_utc_to_00_00_utc() {
        let october: Month = "2026-10".parse().expect("a month");
        assert_eq!(London::default().start_of(october), at("2026-09-30T23:00:00Z"));
        assert_eq!(London::default().end_of(october), at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn thirty_five_local_days_keep_the_time_of_day_over_a_change_of_clocks() {
        assert_eq!(London::default().plus(at("2026-09-30T23:00:00Z"), 35, 0), at("2026-11-05T00:00:00Z"));
    }
}
