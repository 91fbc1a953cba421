//! The check of the machine's clock before a service over the embedded log starts: a clock that is far ahead would finish months for
//! good.

use std::collections::BTreeSet;

use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::month_state::MonthState;
use scorecard::time::schedule::Schedule;
use stream::log::{Log, LogError, Topic};

use crate::log::local_log::LocalLog;

/// A start that would finish several months at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock shows {now}, and the newest cut is that of {last}: this start would make {finals} months final and seal {sealed} for good. \
     Set the clock of this machine; if it is right, add --accept-clock to one start"
)]
pub struct ClockJumpError {
    now: Timestamp,
    /// The last cut, or the first publication instant of a log without cuts.
    last: Timestamp,
    finals: usize,
    sealed: usize,
}

/// Why the clock cannot be checked, or is refused.
#[derive(Debug, thiserror::Error)]
pub enum ClockCheckError {
    /// The clock is refused.
    #[error(transparent)]
    Jump(#[from] ClockJumpError),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Checks that the first cut of a start at `now` finishes the months of a log one after the other.
///
/// # Errors
/// [`ClockCheckError`].
pub fn check(log: &mut LocalLog, schedule: &Schedule, now: Timestamp) -> Result<(), ClockCheckError> {
    let mut months = BTreeSet::new();
    let mut last = None;
    let mut position = log.bounds(Topic::Runs, 0)?.start;
    log.read_to_end(Topic::Runs, 0, &mut position, &mut |entry| {
        if let Record::Run(run) = entry.record {
            last = last.max(Some(run.at));
            months.extend(run.months.iter().map(|month| month.month));
        }
    })?;
    // A log without events has nothing to finish. Without a card it holds the events of a few weeks at most.
    if months.is_empty() && log.event_bytes()? == 0 {
        return Ok(());
    }
    let last = last.unwrap_or(schedule.first);
    let newest = schedule.zone.day_of(last).month();
    months.extend([newest.plus(-1), newest]);
    Ok(compare(&months, schedule, last, now)?)
}

fn compare(months: &BTreeSet<Month>, schedule: &Schedule, last: Timestamp, now: Timestamp) -> Result<(), ClockJumpError> {
    let cut = schedule.grid.at_or_before(now);
    let reached = |month: &Month, state| schedule.state_of(*month, last) < state && schedule.state_of(*month, cut) >= state;
    let finals: Vec<&Month> = months.iter().filter(|month| reached(month, MonthState::Final)).collect();
    let sealed: Vec<&Month> = months.iter().filter(|month| reached(month, MonthState::Sealed)).collect();
    // The months of history that was loaded at the start finish together, at one instant.
    let final_instants: BTreeSet<Timestamp> = finals.iter().map(|month| schedule.final_from(**month)).collect();
    let sealed_instants: BTreeSet<Timestamp> = sealed.iter().map(|month| schedule.sealed_from(**month)).collect();
    let skips_final = finals.iter().any(|month| sealed.contains(month));
    if final_instants.len() < 2 && sealed_instants.len() < 2 && !skips_final {
        return Ok(());
    }
    Err(ClockJumpError { now, last, finals: finals.len(), sealed: sealed.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::time::calendar::{Day, Zone};
    use scorecard::time::schedule::Grid;

    fn at(year: i16, month: i8, day: i8) -> Timestamp {
        Timestamp(i64::from(Day::from_ymd(year, month, day).unwrap().0) * 86_400_000 + 3 * 3_600_000)
    }

    fn months(texts: &[&str]) -> BTreeSet<Month> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    // October 2026 is final 35 days after its end, on 5 December, and sealed after 13 months, on 1 December 2027.
    #[test]
    fn a_start_may_finish_one_month_and_not_two() {
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: at(2026, 1, 1) };
        let held = months(&["2026-08", "2026-09", "2026-10", "2026-11"]);
        let jump = |now| compare(&held, &schedule, at(2026, 11, 20), now);
        assert_eq!(jump(at(2026, 11, 21)), Ok(()));
        assert_eq!(jump(at(2026, 12, 20)), Ok(()), "October alone");
        let refused = jump(at(2027, 1, 20)).unwrap_err();
        assert_eq!((refused.finals, refused.sealed), (2, 0), "October and November");
        let ahead = jump(at(2028, 11, 20)).unwrap_err();
        assert_eq!((ahead.finals, ahead.sealed), (2, 4));
        assert!(ahead.to_string().contains("--accept-clock"), "{ahead}");
        assert_eq!(jump(at(2025, 1, 1)), Ok(()), "a clock that is behind finishes nothing");
    }

    #[test]
    fn the_months_of_a_history_that_was_loaded_finish_together() {
        let schedule = Schedule { zone: Zone::london(), grid: Grid::DAILY, first: at(2026, 11, 20) };
        let held = months(&["2025-01", "2025-02", "2026-01"]);
        assert_eq!(compare(&held, &schedule, at(2026, 11, 21), at(2026, 12, 27)), Ok(()));
        assert!(compare(&held, &schedule, at(2026, 11, 21), at(2028, 1, 1)).is_err(), "sealed without ever being final");
    }
}
