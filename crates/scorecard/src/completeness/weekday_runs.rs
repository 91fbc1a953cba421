//! Weekdays in a row on which something is silent.

use crate::time::calendar::{Day, Month};

/// Weekdays in a row without an event that make a gap.
pub(crate) const GAP_WEEKDAYS: usize = 5;

/// The days from Monday to Friday of a month, in order.
pub(crate) fn weekdays_of(month: Month) -> impl DoubleEndedIterator<Item = Day> {
    (month.first_day().0..=month.last_day().0).map(Day).filter(|day| day.is_weekday())
}

/// The places of these days that are in runs of at least [`GAP_WEEKDAYS`] silent ones. A day that `skips` neither breaks nor
/// lengthens a run.
pub(crate) fn silent_runs(days: usize, silent: impl Fn(usize) -> bool, skips: impl Fn(usize) -> bool) -> Vec<usize> {
    let (mut found, mut run) = (Vec::new(), Vec::new());
    for place in (0..days).filter(|place| !skips(*place)) {
        if silent(place) {
            run.push(place);
            continue;
        }
        close(&mut run, &mut found);
    }
    close(&mut run, &mut found);
    found
}

/// Adds a run to the found ones if it is long enough, and empties it.
fn close(run: &mut Vec<usize>, found: &mut Vec<usize>) {
    if run.len() >= GAP_WEEKDAYS {
        found.append(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_in_a_row_are_a_gap_and_four_are_not() {
        let of = |text: &str, skipped: &[usize]| {
            let silent: Vec<bool> = text.chars().map(|day| day == '.').collect();
            silent_runs(silent.len(), |place| silent[place], |place| skipped.contains(&place))
        };
        assert_eq!(of("x....xx.....x", &[]), [7, 8, 9, 10, 11]);
        assert_eq!(of("x....x", &[]), [0; 0]);
        assert_eq!(of("x...x..", &[4]), [1, 2, 3, 5, 6]);
        assert_eq!(of("x.....x", &[3]), [0; 0]);
    }
}
