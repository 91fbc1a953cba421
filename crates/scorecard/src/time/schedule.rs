//! When a month is published, final and sealed: a regular grid of publication instants and the ages of months.
//!
//! Ages run from the later of the month's end and the deployment's first publication instant, so that history loaded at the
//! start is provisional first, then final, with everybody in.

use crate::time::calendar::{Month, Timestamp, Zone};

/// The regular grid of publication instants: `offset_seconds` after midnight UTC, every `period_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Seconds from one instant to the next, at least 1.
    pub period_seconds: u32,
    /// Seconds after 1970-01-01T00:00Z of one of its instants.
    pub offset_seconds: u32,
}

impl Grid {
    /// Daily at 03:00 UTC.
    pub const DAILY: Grid = Grid { period_seconds: 86_400, offset_seconds: 10_800 };

    /// The last instant of the grid at or before `at`.
    #[must_use]
    pub fn at_or_before(self, at: Timestamp) -> Timestamp {
        let offset = i64::from(self.offset_seconds) * 1000;
        let period = i64::from(self.period_seconds.max(1)) * 1000;
        Timestamp((at.0 - offset).div_euclid(period) * period + offset)
    }

    /// Which instant of the grid `at` is, counted from 1970.
    #[must_use]
    pub fn index(self, at: Timestamp) -> i64 {
        let offset = i64::from(self.offset_seconds) * 1000;
        (at.0 - offset).div_euclid(i64::from(self.period_seconds.max(1)) * 1000)
    }

    /// The first instant of the grid after `at`.
    #[must_use]
    pub fn after(self, at: Timestamp) -> Timestamp {
        self.at_or_before(at).plus_seconds(i64::from(self.period_seconds.max(1)))
    }

    /// The first instant of the grid at or after `at`.
    #[must_use]
    pub fn at_or_after(self, at: Timestamp) -> Timestamp {
        let before = self.at_or_before(at);
        if before == at { at } else { self.after(at) }
    }
}

/// A month is provisional this many days after its base.
pub const PROVISIONAL_DAYS: i32 = 3;
/// A month is final this many days after its base.
pub const FINAL_DAYS: i32 = 35;
/// A month is sealed this many months after its base.
pub const SEALED_MONTHS: i32 = 13;

/// The publication instants of one deployment and the ages of its months.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The zone whose calendar months are counted.
    pub zone: Zone,
    /// The instants at which it publishes.
    pub grid: Grid,
    /// The deployment's first publication instant.
    pub first: Timestamp,
}

/// What a month's age makes of it at a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// No card yet.
    Running,
    /// Cards are provisional.
    Provisional,
    /// Cards are final.
    Final,
    /// No card of this month changes any more.
    Sealed,
}

impl Schedule {
    /// The month's end as an instant: the start of the next month.
    #[must_use]
    pub fn end_of(&self, month: Month) -> Timestamp {
        self.zone.start_of(month.plus(1).first_day())
    }

    fn base_of(&self, month: Month) -> Timestamp {
        self.end_of(month).max(self.first)
    }

    /// From this instant on the month's cards are provisional.
    #[must_use]
    pub fn provisional_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), PROVISIONAL_DAYS, 0)
    }

    /// From this instant on they are final.
    #[must_use]
    pub fn final_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), FINAL_DAYS, 0)
    }

    /// After the first cut at or after this instant the month is sealed.
    #[must_use]
    pub fn sealed_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), 0, SEALED_MONTHS)
    }

    /// What the month is after a cut at `at`.
    #[must_use]
    pub fn age(&self, month: Month, at: Timestamp) -> Age {
        if at >= self.sealed_from(month) {
            Age::Sealed
        } else if at >= self.final_from(month) {
            Age::Final
        } else if at >= self.provisional_from(month) {
            Age::Provisional
        } else {
            Age::Running
        }
    }

    /// The first month that is still open after a cut at `at`: every earlier one is sealed.
    #[must_use]
    pub fn open_from(&self, at: Timestamp) -> Month {
        if at < self.zone.plus(self.first, 0, SEALED_MONTHS) {
            return Month::EARLIEST;
        }
        // A month that ended before `first` is sealed by now; of the later ones the age decides, and it only grows.
        let mut month = self.zone.day_of(at).month().plus(-SEALED_MONTHS - 2);
        while at >= self.sealed_from(month) {
            month = month.plus(1);
        }
        month
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::calendar::Day;

    fn utc(year: i16, month: i8, day: i8, hour: i64) -> Timestamp {
        Timestamp(i64::from(Day::from_ymd(year, month, day).unwrap().0) * 86_400_000 + hour * 3_600_000)
    }

    fn london(first: Timestamp) -> Schedule {
        Schedule { zone: Zone::london(), grid: Grid::DAILY, first }
    }

    #[test]
    fn october_is_provisional_on_the_fourth_final_after_35_days_and_sealed_after_13_months() {
        let schedule = london(utc(2020, 1, 1, 3));
        let month: Month = "2026-10".parse().unwrap();
        assert_eq!(schedule.age(month, utc(2026, 11, 3, 3)), Age::Running);
        assert_eq!(schedule.age(month, utc(2026, 11, 4, 3)), Age::Provisional);
        assert_eq!(schedule.age(month, utc(2026, 12, 5, 3)), Age::Provisional);
        assert_eq!(schedule.age(month, utc(2026, 12, 6, 3)), Age::Final);
        assert_eq!(schedule.age(month, utc(2027, 11, 30, 3)), Age::Final);
        assert_eq!(schedule.age(month, utc(2027, 12, 1, 3)), Age::Sealed);
    }

    #[test]
    fn history_loaded_at_the_start_ages_from_the_first_publication() {
        let schedule = london(utc(2026, 11, 24, 3));
        let old: Month = "1990-01".parse().unwrap();
        assert_eq!(schedule.age(old, utc(2026, 11, 26, 3)), Age::Running);
        assert_eq!(schedule.age(old, utc(2026, 11, 27, 3)), Age::Provisional);
        assert_eq!(schedule.age(old, utc(2027, 12, 23, 3)), Age::Final);
        assert_eq!(schedule.age(old, utc(2027, 12, 24, 3)), Age::Sealed);
    }

    #[test]
    fn open_from_is_the_first_month_that_age_does_not_call_sealed() {
        let schedule = london(utc(2020, 2, 29, 3));
        let mut at = schedule.first;
        while at < utc(2024, 1, 1, 0) {
            let open = schedule.open_from(at);
            assert_ne!(schedule.age(open, at), Age::Sealed);
            if open > Month::EARLIEST {
                assert_eq!(schedule.age(open.plus(-1), at), Age::Sealed, "{open} at {at}");
            } else {
                assert_ne!(schedule.age("1950-01".parse().unwrap(), at), Age::Sealed);
            }
            at = schedule.grid.after(at);
        }
    }

    #[test]
    fn the_grid_holds_before_1970_too() {
        let at = utc(1928, 5, 1, 1);
        assert_eq!(Grid::DAILY.at_or_before(at), utc(1928, 4, 30, 3));
        assert_eq!(Grid::DAILY.after(at), utc(1928, 5, 1, 3));
        assert_eq!(Grid::DAILY.at_or_after(utc(1928, 5, 1, 3)), utc(1928, 5, 1, 3));
    }
}
