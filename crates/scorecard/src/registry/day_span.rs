//! Civil days and periods of them.

use crate::time::calendar::Day;

/// A period of days, both ends included. A missing end is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DaySpan {
    pub from: Option<Day>,
    pub until: Option<Day>,
}

impl DaySpan {
    /// `None` if one of the two is not a date; such an entry is ignored.
    pub(crate) fn read(from: Option<&str>, until: Option<&str>) -> Option<DaySpan> {
        Some(DaySpan { from: optional_day(from)?, until: optional_day(until)? })
    }

    pub(crate) fn begun(self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day)
    }

    pub(crate) fn ended(self, day: Day) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    /// Whether the two have a day in common.
    pub(crate) fn overlaps(self, other: DaySpan) -> bool {
        let before = |one: DaySpan, other: DaySpan| one.until.zip(other.from).is_some_and(|(until, from)| until < from);
        !before(self, other) && !before(other, self)
    }
}

/// `None` if the text is not a date; `Some(None)` without a text.
pub(crate) fn optional_day(text: Option<&str>) -> Option<Option<Day>> {
    match text {
        None => Some(None),
        Some(text) => civil_day(text).map(Some),
    }
}

/// Parses a civil day such as `2026-10-05`. `None` if the text is not a date in this form.
#[must_use]
pub fn civil_day(text: &str) -> Option<Day> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_with_four_two_and_two_digits() {
        for bad in ["2026-1-01", "2026-02-29", "2026-10", "20261005", "", "2026-10-05-01", "+026-10-05"] {
            assert_eq!(civil_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn periods_overlap_when_they_share_a_day() {
        let period = |from: Option<&str>, until: Option<&str>| DaySpan::read(from, until).unwrap();
        let spring = period(Some("2026-03-01"), Some("2026-05-31"));
        assert!(spring.overlaps(period(Some("2026-05-31"), None)));
        assert!(!spring.overlaps(period(Some("2026-06-01"), None)));
        assert!(!spring.overlaps(period(None, Some("2026-02-28"))));
        assert!(spring.overlaps(DaySpan::default()));
    }
}
