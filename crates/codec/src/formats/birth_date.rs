//! Birth dates, which are dropped at intake: an event keeps the age in bands of five years.

use scorecard::time::calendar::{Day, Month};

use crate::fault::{Fault, Field, RejectReason};

/// The last band: 90 years and over.
pub(crate) const LAST_BAND: u8 = 18;

/// A birth date to the day, the month or the year.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct BirthDate {
    /// The first day that it may be.
    first: Day,
    /// The day of which ages are counted: the 15th of a month, the 30th of June of a year.
    day: Day,
}

/// Shows nothing of the date, because debug output may reach a log.
impl std::fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BirthDate(..)")
    }
}

impl BirthDate {
    /// Reads `1980`, `1980-05` or `1980-05-12`. A time after the date does not matter.
    pub(crate) fn parse(text: &str) -> Option<BirthDate> {
        let text = text.trim();
        let date = text.split_once(['T', 't']).map_or(text, |(date, _)| date);
        let parts = [date.get(..4), date.get(5..7), date.get(8..10)].map(|part| part.and_then(number));
        let (first, day) = match (date.len(), parts) {
            (4, [Some(year), ..]) => ((year, 1, 1), (year, 6, 30)),
            (7, [Some(year), Some(month), _]) => ((year, month, 1), (year, month, 15)),
            (10, [Some(year), Some(month), Some(day)]) => ((year, month, day), (year, month, day)),
            _ => return None,
        };
        let hyphens = [4, 7].into_iter().all(|place| date.as_bytes().get(place).is_none_or(|byte| *byte == b'-'));
        let known = |(year, month, day): (i16, i16, i16)| Day::from_ymd(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let born = BirthDate { first: known(first)?, day: known(day)? };
        (hyphens && first.0 >= 1850).then_some(born)
    }

    /// The age on a day in bands of five years; the last band is 90 and over. `None` before birth.
    pub(crate) fn age_band(self, on: Day) -> Option<u8> {
        if on < self.first {
            return None;
        }
        // With a date to the month or the year, the event may lie before the day of which ages are counted.
        let (on_month, born_month) = (on.month(), self.day.month());
        let day_of_month = |day: Day, month: Month| day.0 - month.first_day().0;
        let unfinished = i32::from(day_of_month(on, on_month) < day_of_month(self.day, born_month));
        let years = (on_month.0 - born_month.0 - unfinished).max(0) / 12;
        Some(u8::try_from(years / 5).map_or(LAST_BAND, |band| band.min(LAST_BAND)))
    }
}

fn number(part: &str) -> Option<i16> {
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

/// The fault of a birth date. It shows nothing of the value, not even its shape.
pub(crate) fn unreadable(field: Field) -> Fault {
    let detail = format!("{field} is no birth date before the event; send a year, a month or a day such as 1980-05-12");
    Fault::new(RejectReason::MalformedValue, field, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(born: &str, on: (i16, i8, i8)) -> Option<u8> {
        let day = Day::from_ymd(on.0, on.1, on.2).expect("a day of the test");
        BirthDate::parse(born).unwrap_or_else(|| panic!("{born}")).age_band(day)
    }

    #[test]
    fn a_band_is_the_completed_years_divided_by_five() {
        for (born, on, expected) in [
            ("1980-05-12", (2026, 5, 11), Some(9)),
            ("1980-05-12", (2025, 5, 11), Some(8)),
            ("1980-05-12", (2025, 5, 12), Some(9)),
            ("2026-10-05", (2026, 10, 5), Some(0)),
            ("2026-10-06", (2026, 10, 5), None),
            ("2000-02-29", (2025, 2, 28), Some(4)),
            ("2000-02-29", (2025, 3, 1), Some(5)),
            ("1936-10-05", (2026, 10, 5), Some(18)),
            ("1870", (2026, 10, 5), Some(18)),
            ("1980-05-12T10:00:00Z", (2025, 5, 12), Some(9)),
        ] {
            assert_eq!(band(born, on), expected, "{born} {on:?}");
        }
    }

    #[test]
    fn a_month_is_its_15th_and_a_year_its_30th_of_june() {
        for (born, on, expected) in [
            ("1980-05", (2025, 5, 14), Some(8)),
            ("1980-05", (2025, 5, 15), Some(9)),
            ("1980", (2025, 6, 29), Some(8)),
            ("1980", (2025, 6, 30), Some(9)),
            // Born later in the year or month of the event, or before it: nobody knows, so the age is 0.
            ("2026", (2026, 1, 1), Some(0)),
            ("2026-10", (2026, 10, 5), Some(0)),
            ("2026-11", (2026, 10, 5), None),
            ("2027", (2026, 10, 5), None),
        ] {
            assert_eq!(band(born, on), expected, "{born} {on:?}");
        }
    }

    #[test]
    fn other_texts_are_no_birth_dates() {
        for text in ["", "80", "1980-5", "1980-05-1", "1980/05/12", "12-05-1980", "1980-02-30", "1980-13", "0001-01-01", "198é", "May"] {
            assert_eq!(BirthDate::parse(text), None, "{text}");
        }
        assert_eq!(format!("{:?}", BirthDate::parse("1980-05-12")), "Some(BirthDate(..))");
    }
}
