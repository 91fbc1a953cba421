//! The publication instants of a deployment and the states of its months.
//!
//! The state of a month counts from its base: its end, or the deployment's first publication instant where that is later. History
//! that is loaded at the start is therefore provisional first and becomes final once every feed is loaded.

use crate::time::calendar::{Month, Timestamp, Zone};
use crate::time::month_state::MonthState;

/// The regular grid of publication instants, one every `period_seconds`.
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

    /// The number of the last instant of the grid at or before `at`, counted from 1970.
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

/// Days from a month's base until it is provisional.
pub const PROVISIONAL_DAYS: i32 = 3;
/// Days from a month's base until it is final.
pub const FINAL_DAYS: i32 = 35;
/// Months from a month's base until it is sealed.
pub const SEALED_MONTHS: i32 = 13;

/// The publication instants of one deployment and the states of its months.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The zone whose calendar months are counted.
    pub zone: Zone,
    /// The instants at which the deployment publishes.
    pub grid: Grid,
    /// The deployment's first publication instant.
    pub first: Timestamp,
}

impl Schedule {
    /// The end of the month: the first instant of the next one.
    #[must_use]
    pub fn end_of(&self, month: Month) -> Timestamp {
        self.zone.start_of(month.plus(1).first_day())
    }

    fn base_of(&self, month: Month) -> Timestamp {
        self.end_of(month).max(self.first)
    }

    /// The first instant at which the month is provisional.
    #[must_use]
    pub fn provisional_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), PROVISIONAL_DAYS, 0)
    }

    /// The first instant at which the month is final.
    #[must_use]
    pub fn final_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), FINAL_DAYS, 0)
    }

    /// The first instant at which a cut seals the month.
    #[must_use]
    pub fn sealed_from(&self, month: Month) -> Timestamp {
        self.zone.plus(self.base_of(month), 0, SEALED_MONTHS)
    }

    /// The state of the month after a cut at `at`.
    #[must_use]
    pub fn state_of(&self, month: Month, at: Timestamp) -> MonthState {
        if at >= self.sealed_from(month) {
            MonthState::Sealed
        } else if at >= self.final_from(month) {
            MonthState::Final
        } else if at >= self.provisional_from(month) {
            MonthState::Provisional
        } else {
            MonthState::Running
        }
    }

    /// The first month that is not sealed after a cut at `at`. Every earlier month is sealed.
    #[must_use]
    pub fn open_from(&self, at: Timestamp) -> Month {
        if at < self.zone.plus(self.first, 0, SEALED_MONTHS) {
            return Month::EARLIEST;
        }
        // Every month that ended before `first` is sealed here. The later months are sealed in their order.
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
    fn october_2026_is_provisional_on_4_november_final_on_6_december_and_sealed_on_1_december_2027() {
        let schedule = london(utc(2020, 1, 1, 3));
        let month: Month = "2026-10".parse().unwrap();
        assert_eq!(schedule.state_of(month, utc(2026, 11, 3, 3)), MonthState::Running);
        assert_eq!(schedule.state_of(month, utc(2026, 11, 4, 3)), MonthState::Provisional);
        assert_eq!(schedule.state_of(month, utc(2026, 12, 5, 3)), MonthState::Provisional);
        assert_eq!(schedule.state_of(month, utc(2026, 12, 6, 3)), MonthState::Final);
        assert_eq!(schedule.state_of(month, utc(2027, 11, 30, 3)), MonthState::Final);
        assert_eq!(schedule.state_of(month, utc(2027, 12, 1, 3)), MonthState::Sealed);
    }

    #[test]
    fn the_state_of_history_loaded_at_the_start_counts_from_the_first_publication() {
        let schedule = london(utc(2026, 11, 24, 3));
        let old: Month = "1990-01".parse().unwrap();
        assert_eq!(schedule.state_of(old, utc(2026, 11, 26, 3)), MonthState::Running);
        assert_eq!(schedule.state_of(old, utc(2026, 11, 27, 3)), MonthState::Provisional);
        assert_eq!(schedule.state_of(old, utc(2027, 12, 23, 3)), MonthState::Final);
        assert_eq!(schedule.state_of(old, utc(2027, 12, 24, 3)), MonthState::Sealed);
    }

    #[test]
    fn open_from_is_the_first_month_whose_state_is_not_sealed() {
        let schedule = london(utc(2020, 2, 29, 3));
        let mut at = schedule.first;
        while at < utc(2024, 1, 1, 0) {
            let open = schedule.open_from(at);
            assert_ne!(schedule.state_of(open, at), MonthState::Sealed);
            if open > Month::EARLIEST {
                assert_eq!(schedule.state_of(open.plus(-1), at), MonthState::Sealed, "{open} at {at}");
            } else {
                assert_ne!(schedule.state_of("1950-01".parse().unwrap(), at), MonthState::Sealed);
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
