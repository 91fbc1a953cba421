//! The state of a month at a cut, computed without the code under test.

use crate::calendar::{London, Month};

/// The four states of a month, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MonthState {
    Running,
    Provisional,
    Final,
    Sealed,
}

/// The states of one deployment's months.
#[derive(Clone, Debug)]
pub(crate) struct MonthStates {
    pub london: London,
    /// The deployment's first publication instant.
    pub first: i64,
}

impl MonthStates {
    /// The state of a month at an instant. It counts from the month's end or the first publication, whichever is later.
    pub(crate) fn at(&self, month: Month, instant: i64) -> MonthState {
        let base = self.london.end_of(month).max(self.first);
        let from = |days, months| instant >= self.london.plus(base, days, months);
        match (from(0, 13), from(35, 0), from(3, 0)) {
            (true, _, _) => MonthState::Sealed,
            (_, true, _) => MonthState::Final,
            (_, _, true) => MonthState::Provisional,
            _ => MonthState::Running,
        }
    }

    /// The week of a provisional month at an instant, counted from the first one at which it is provisional; negative before.
    pub(crate) fn week(&self, month: Month, instant: i64) -> i64 {
        const WEEK: i64 = 7 * 86_400_000;
        let base = self.london.end_of(month).max(self.first);
        (instant - self.london.plus(base, 3, 0)).div_euclid(WEEK)
    }

    /// Whether a month is sealed after this cut. No month is sealed before the first cut.
    pub(crate) fn sealed(&self, month: Month, cut: Option<i64>) -> bool {
        cut.is_some_and(|cut| self.at(month, cut) == MonthState::Sealed)
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
        let states = MonthStates { london: London::default(), first: at("2026-01-01T03:00:00Z") };
        let october = "2026-10".parse().expect("a month");
        for (instant, state) in [
            ("2026-11-03T23:59:59Z", MonthState::Running),
            ("2026-11-04T00:00:00Z", MonthState::Provisional),
            ("2026-12-05T23:59:59Z", MonthState::Provisional),
            ("2026-12-06T00:00:00Z", MonthState::Final),
            ("2027-11-30T23:59:59Z", MonthState::Final),
            ("2027-12-01T00:00:00Z", MonthState::Sealed),
        ] {
            assert_eq!(states.at(october, at(instant)), state, "{instant}");
        }
    }

    #[test]
    fn the_state_of_an_older_month_counts_from_the_first_publication() {
        let states = MonthStates { london: London::default(), first: at("2026-11-24T03:00:00Z") };
        let old = "2020-01".parse().expect("a month");
        assert_eq!(states.at(old, at("2026-11-27T02:59:59Z")), MonthState::Running);
        assert_eq!(states.at(old, at("2026-11-27T03:00:00Z")), MonthState::Provisional);
        assert_eq!(states.at(old, at("2027-12-24T03:00:00Z")), MonthState::Sealed);
    }
}
