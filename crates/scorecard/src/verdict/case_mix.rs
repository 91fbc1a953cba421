//! Indirect standardisation by age and sex: what a unit's patients would bring at the network's rates of their cells.
//!
//! Source: Breslow and Day 1987, Statistical Methods in Cancer Research II, 2.3 (indirect standardisation). It takes no account of
//! illness.

use crate::sums::ratio::Ratio;

/// Age bands: 0-4, 5-14, 15-29, 30-44, 45-59, 60-74, 75-84 and 85 or more years.
pub const BANDS: usize = 8;

/// Sexes of a band: female, then male.
pub const SEXES: usize = 2;

/// Cells in the order of bands, female before male.
pub const CELLS: usize = BANDS * SEXES;

/// Squared coefficient of variation between clinicians that limits the weight of a giant: 0.35 squared, so that no unit is worth more
/// than about 8 expected events.
const BETWEEN: f64 = 0.1225;

/// Least events of the network in a cell with a rate of its own.
const LEAST_EVENTS: f64 = 20.0;

/// Least per cent of a denominator in known cells, of the unit and of the network, for an adjustment.
const LEAST_KNOWN_PERCENT: i64 = 80;

/// One unit's numerator and denominator by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSums {
    /// By cell, or by group of joined cells.
    pub cells: Vec<Ratio>,
    /// Numerator and denominator whose cell is unknown.
    pub unknown: Ratio,
}

impl CellSums {
    /// Numerator and denominator of all cells, the unknown ones included.
    #[must_use]
    pub fn total(&self) -> Ratio {
        self.cells.iter().fold(self.unknown, |total, cell| plus(total, *cell))
    }

    /// Whether enough of the denominator is of known cells to adjust for them.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let (_, all) = self.total();
        all > 0 && 100 * i128::from(all - self.unknown.1) >= i128::from(LEAST_KNOWN_PERCENT) * i128::from(all)
    }

    /// Adds the sums of another unit with the same cells.
    pub fn add(&mut self, other: &CellSums) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(mine, theirs)| *mine = plus(*mine, *theirs));
        self.unknown = plus(self.unknown, other.unknown);
    }

    /// The same with cells joined: cell k belongs to group `groups[k]`.
    #[must_use]
    pub fn joined(&self, groups: &[usize]) -> CellSums {
        let mut cells = vec![(0, 0); groups.iter().max().map_or(0, |last| last + 1)];
        for (cell, group) in self.cells.iter().zip(groups) {
            cells[*group] = plus(cells[*group], *cell);
        }
        CellSums { cells, unknown: self.unknown }
    }
}

/// The number of events in a numerator and a denominator, which limits the weight of a giant and says whether a cell has a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventCount {
    /// Numerator units of this size are one event: 1 for counts, the mean size of an event for amounts.
    Numerator(f64),
    /// Each fact of the denominator is one event: of a mean, whose numerator counts none.
    Denominator,
}

impl EventCount {
    /// Events expected of a denominator at this rate.
    fn expected(self, rate: f64, d: i64) -> f64 {
        match self {
            EventCount::Numerator(size) => rate * d as f64 / size,
            EventCount::Denominator => d as f64,
        }
    }

    /// Events of a numerator and a denominator.
    fn of(self, (n, d): Ratio) -> f64 {
        match self {
            EventCount::Numerator(size) => n as f64 / size,
            EventCount::Denominator => d as f64,
        }
    }
}

/// The network's rates by cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRates {
    /// By cell, or by group of joined cells; 0 for a cell without work.
    pub rates: Vec<f64>,
    /// Rate of all cells, for work whose cell is unknown.
    pub all: f64,
}

impl CellRates {
    /// The rates of these units, whose cells are in the same order. Each unit weighs w = 1 / (1 + 0.1225 mu d), where mu is the plain rate
    /// of the network, d the unit's whole denominator, and mu d counts events.
    #[must_use]
    pub fn of(units: &[CellSums], events: EventCount) -> CellRates {
        let total = units.iter().fold((0, 0), |total, unit| plus(total, unit.total()));
        let plain = rate((total.0 as f64, total.1 as f64));
        let weights: Vec<f64> = units.iter().map(|unit| 1.0 / (1.0 + BETWEEN * events.expected(plain, unit.total().1))).collect();
        let weighted = |cell: &dyn Fn(&CellSums) -> Ratio| {
            let add = |(n, d): (f64, f64), (unit, weight): (&CellSums, &f64)| {
                let cell = cell(unit);
                (n + weight * cell.0 as f64, d + weight * cell.1 as f64)
            };
            rate(units.iter().zip(&weights).fold((0.0, 0.0), add))
        };
        let cells = units.first().map_or(0, |unit| unit.cells.len());
        let rates = (0..cells).map(|cell| weighted(&|unit| unit.cells[cell])).collect();
        CellRates { rates, all: weighted(&CellSums::total) }
    }

    /// The expected numerator of a unit at these rates.
    #[must_use]
    pub fn expected(&self, unit: &CellSums) -> f64 {
        let known: f64 = unit.cells.iter().zip(&self.rates).map(|(cell, rate)| rate * cell.1 as f64).sum();
        known + self.all * unit.unknown.1 as f64
    }
}

/// The rates of a network by each of the 16 cells, which are those of its group of joined cells.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseMixRates {
    /// Numerator over denominator by cell.
    pub cells: [f64; CELLS],
    /// The same over all cells.
    pub all: f64,
}

impl CaseMixRates {
    /// The rates of these units of 16 cells. `others` says that the events are what the numerator leaves of the denominator.
    ///
    /// `None` if less than 80 % of the network's denominator is of known cells, or if it has no event.
    #[must_use]
    pub fn of(units: &[CellSums], events: EventCount, others: bool) -> Option<CaseMixRates> {
        let counted = |(n, d): &Ratio| (if others { d - n } else { *n }, *d);
        let of = |unit: &CellSums| CellSums { cells: unit.cells.iter().map(counted).collect(), unknown: counted(&unit.unknown) };
        let units: Vec<CellSums> = units.iter().map(of).collect();
        let mut network = CellSums { cells: vec![(0, 0); CELLS], unknown: (0, 0) };
        units.iter().for_each(|unit| network.add(unit));
        if !network.is_known() || network.total().0 <= 0 {
            return None;
        }
        let groups = groups(&std::array::from_fn(|cell| events.of(network.cells[cell])));
        let joined: Vec<CellSums> = units.iter().map(|unit| unit.joined(&groups)).collect();
        let rates = CellRates::of(&joined, events);
        let numerator = |rate: f64| if others { 1.0 - rate } else { rate };
        Some(CaseMixRates { cells: groups.map(|group| numerator(rates.rates[group])), all: numerator(rates.all) })
    }

    /// The expected numerator of a unit of 16 cells. One with less than 80 % of known cells has the rate of all, as if all were unknown.
    #[must_use]
    pub fn expected(&self, unit: &CellSums) -> f64 {
        self.expected_of(unit, unit.is_known())
    }

    /// The expected numerator of a part of a unit, of which enough or not enough is of known cells.
    #[must_use]
    pub fn expected_of(&self, part: &CellSums, is_known: bool) -> f64 {
        if !is_known {
            return self.all * part.total().1 as f64;
        }
        let known: f64 = part.cells.iter().zip(self.cells).map(|(cell, rate)| rate * cell.1 as f64).sum();
        known + self.all * part.unknown.1 as f64
    }
}

/// The group of each of the 16 cells, from the network's events by cell.
///
/// A band with a cell of fewer than 20 events has one group for both sexes. If that has fewer than 20, it joins the whole next older band,
/// and the last band the one before.
#[must_use]
pub fn groups(events: &[f64; CELLS]) -> [usize; CELLS] {
    let mut groups = [0; CELLS];
    let (mut next, mut carried, mut waiting) = (0, 0.0, 0);
    for band in 0..BANDS {
        let (female, male) = (SEXES * band, SEXES * band + 1);
        let (women, men) = (events[female], events[male]);
        if waiting == 0 && women >= LEAST_EVENTS && men >= LEAST_EVENTS {
            (groups[female], groups[male]) = (next, next + 1);
            next += 2;
            continue;
        }
        (groups[female], groups[male]) = (next, next);
        (carried, waiting) = (carried + women + men, waiting + 1);
        if carried >= LEAST_EVENTS {
            (next, carried, waiting) = (next + 1, 0.0, 0);
        }
    }
    if waiting > 0 {
        join_to_the_band_before(&mut groups, BANDS - waiting);
    }
    groups
}

/// Joins the last bands, from `first` on, to the whole band before them. Without a band before, they are one group.
fn join_to_the_band_before(groups: &mut [usize; CELLS], first: usize) {
    let Some(before) = first.checked_sub(1) else { return };
    let group = groups[SEXES * before];
    for cell in &mut groups[SEXES * before..] {
        *cell = group;
    }
}

fn plus(a: Ratio, b: Ratio) -> Ratio {
    (a.0 + b.0, a.1 + b.1)
}

fn rate((n, d): (f64, f64)) -> f64 {
    if d > 0.0 { n / d } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rare_cells_join_the_other_sex_then_the_next_older_band() {
        let all = groups(&[20.0; CELLS]);
        assert_eq!(all.to_vec(), (0..CELLS).collect::<Vec<_>>());
        let mut events = [50.0; CELLS];
        // 0-4 has 12, and joins 5-14. Men of 30-44 have 19, and join the women. 85+ has 3, and joins 75-84.
        (events[0], events[1], events[7], events[14], events[15]) = (10.0, 2.0, 19.0, 2.0, 1.0);
        assert_eq!(groups(&events), [0, 0, 0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 8, 8, 8]);
        assert_eq!(groups(&[0.0; CELLS]), [0; CELLS]);
    }

    #[test]
    fn joined_cells_keep_the_total() {
        let unit = CellSums { cells: (0..16).map(|cell| (cell, 10 * cell)).collect(), unknown: (3, 40) };
        let joined = unit.joined(&groups(&[7.0; CELLS]));
        assert_eq!(joined.total(), unit.total());
        assert_eq!(joined.cells.len(), 4);
    }

    #[test]
    fn four_fifths_known_are_enough() {
        let of = |known, unknown| CellSums { cells: vec![(1, known)], unknown: (0, unknown) }.is_known();
        assert_eq!([of(80, 20), of(79, 21), of(0, 0)], [true, false, false]);
    }

    proptest! {
        #[test]
        fn each_group_has_twenty_events_if_all_together_do(events in proptest::array::uniform16(0i64..40)) {
            let groups = groups(&events.map(|events| events as f64));
            let mut totals = [0; CELLS];
            for (group, events) in groups.iter().zip(events) {
                totals[*group] += events;
            }
            let enough = events.iter().sum::<i64>() >= 20;
            prop_assert!(!enough || groups.iter().all(|group| totals[*group] >= 20));
            prop_assert!(groups.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
        }

        #[test]
        fn units_of_equal_rates_are_expected_to_have_their_own_events(sizes in proptest::collection::vec((1i64..50, 1i64..50), 3..20)) {
            // Cells at 1 in 10 and 3 in 10.
            let unit = |(a, b): &(i64, i64)| CellSums { cells: vec![(*a, 10 * a), (3 * b, 10 * b)], unknown: (0, 0) };
            let units: Vec<CellSums> = sizes.iter().map(unit).collect();
            let rates = CellRates::of(&units, EventCount::Numerator(1.0));
            for unit in &units {
                prop_assert!((rates.expected(unit) - unit.total().0 as f64).abs() < 1e-9);
            }
        }
    }
}
