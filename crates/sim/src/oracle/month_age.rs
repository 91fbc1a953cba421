//! How old a month is at a cut.

use crate::calendar::{London, Month};

/// What its age makes of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    Running,
    Provisional,
    Final,
    Sealed,
}

/// The ages of one deployment's months.
#[derive(Clone, Debug)]
pub(crate) struct Ages {
    pub london: London,
    /// The deployment's first publication instant.
    pub first: i64,
}

impl Ages {
    /// The age of a month at an instant. Ages run from the month's end or the first publication, whichever is later.
    pub(crate) fn at(&self, month: Month, instant: i64) -> Age {
        let base = self.london.end_of(month).max(self.first);
        let from = |days, months| instant >= self.london.plus(base, days, months);
        match (from(0, 13), from(35, 0), from(3, 0)) {
            (true, _, _) => Age::Sealed,
            (_, true, _) => Age::Final,
            (_, _, true) => Age::Provisional,
            _ => Age::Running,
        }
    }

    /// Whether a month is sealed after the cut at this instant; before the first cut none is.
    pub(crate) fn sealed(&self, month: Month, cut: Option<i64>) -> bool {
        cut.is_some_and(|cut| self.at(month, cut) == Age::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond()
    }

    #[test]
    fn october_is_provisional_after_3_days_final_after_35_and_sealed_after_13_months() {
        let ages = Ages { london: London::default(), first: at("2026-01-01T03:00:00Z") };
        let october = "2026-10".parse().expect("a month");
        for (instant, age) in [
            ("2026-11-03T23:59:59Z", Age::Running),
            ("2026-11-04T00:00:00Z", Age::Provisional),
            ("2026-12-05T23:59:59Z", Age::Provisional),
            ("2026-12-06T00:00:00Z", Age::Final),
            ("2027-11-30T23:59:59Z", Age::Final),
            ("2027-12-01T00:00:00Z", Age::Sealed),
        ] {
            assert_eq!(ages.at(october, at(instant)), age, "{instant}");
        }
    }

    #[test]
    fn a_month_before_the_first_publication_ages_from_it() {
        let ages = Ages { london: London::default(), first: at("2026-11-24T03:00:00Z") };
        let old = "2020-01".parse().expect("a month");
        assert_eq!(ages.at(old, at("2026-11-27T02:59:59Z")), Age::Running);
        assert_eq!(ages.at(old, at("2026-11-27T03:00:00Z")), Age::Provisional);
        assert_eq!(ages.at(old, at("2027-12-24T03:00:00Z")), Age::Sealed);
    }
}
