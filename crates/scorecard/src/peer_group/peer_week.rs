//! The weeks of a provisional month. Its peer groups change at the first published cut of each week, so that two versions of a group
//! rarely differ by a single member.
//!
//! The weeks count from the first instant at which the month is provisional. They depend on the schedule and on the last published cut
//! alone, so a replay forms the same groups.

use crate::time::calendar::{Month, Timestamp};
use crate::time::schedule::Schedule;

/// Milliseconds of a week.
const WEEK: i64 = 7 * 86_400_000;

/// Whether a cut forms the groups of a provisional month again, after this last published cut.
#[must_use]
pub fn begins_peer_week(schedule: &Schedule, month: Month, last: Option<Timestamp>, cut: Timestamp) -> bool {
    let from = schedule.provisional_from(month);
    let week = |at: Timestamp| (at.0 - from.0).div_euclid(WEEK);
    last.is_none_or(|last| last < from || week(last) < week(cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::calendar::Zone;
    use crate::time::schedule::Grid;

    #[test]
    fn a_month_has_five_versions_before_it_is_final() {
        let first = Timestamp(1_577_847_600_000);
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first };
        let month: Month = "2026-10".parse().unwrap();
        let mut at = schedule.grid.at_or_after(schedule.provisional_from(month));
        let mut last = schedule.grid.at_or_before(Timestamp(at.0 - 1));
        let mut days = Vec::new();
        for day in 0.. {
            if at >= schedule.final_from(month) {
                break;
            }
            if begins_peer_week(&schedule, month, Some(last), at) {
                days.push(day);
            }
            (last, at) = (at, schedule.grid.after(at));
        }
        assert_eq!(days, [0, 7, 14, 21, 28]);
    }

    #[test]
    fn a_skipped_cut_moves_the_version_to_the_next_one() {
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: Timestamp(1_577_847_600_000) };
        let month: Month = "2026-10".parse().unwrap();
        let from = schedule.provisional_from(month);
        let at = |days: i64| from.plus_seconds(days * 86_400 + 60);
        let begins = |last, cut| begins_peer_week(&schedule, month, Some(at(last)), at(cut));
        assert!(begins(6, 7) && begins(6, 8) && !begins(7, 8) && begins(0, 30));
        assert!(begins(-1, 0) && begins_peer_week(&schedule, month, None, at(3)));
    }
}
