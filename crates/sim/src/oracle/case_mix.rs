//! The oracle's own adjustment for age and sex: cells of patients, the network's rates by cell, and the expectation of a unit.

use crate::oracle::measure_file::{Measure, real};

/// Cells: eight age bands, women before men in each.
pub(crate) const CELLS: usize = 16;

/// Least members of a network with rates.
const LEAST_MEMBERS: usize = 20;

/// Numerator and denominator by cell, then those of unknown cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PatientSums {
    pub by_cell: Vec<(i128, i128)>,
    pub unknown: (i128, i128),
}

/// The rates of a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MixRates {
    by_cell: Vec<f64>,
    pub all: f64,
}

/// The cell of a patient, from a band of five years and a word. `None` if one of them is unknown, or the sex is another.
pub(crate) fn cell(five_years: Option<i64>, sex: Option<&str>) -> Option<usize> {
    let age = 5 * five_years?;
    let older = [5, 15, 30, 45, 60, 75, 85].into_iter().filter(|from| age >= *from).count();
    match sex? {
        "female" => Some(2 * older),
        "male" => Some(2 * older + 1),
        _ => None,
    }
}

impl PatientSums {
    fn total(&self) -> (i128, i128) {
        self.by_cell.iter().fold(self.unknown, |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// Whether four fifths of the denominator are of known cells.
    pub(crate) fn is_known(&self) -> bool {
        let all = self.total().1;
        all > 0 && 5 * self.unknown.1 <= all
    }

    /// The numerator that the network's rates expect, in millionths; by the rate of all where too little is known.
    pub(crate) fn expected(&self, rates: &MixRates) -> i128 {
        let known: f64 = self.by_cell.iter().zip(&rates.by_cell).map(|((_, d), rate)| real(*d) * rate).sum();
        let expected = if self.is_known() { known + real(self.unknown.1) * rates.all } else { real(self.total().1) * rates.all };
        #[expect(clippy::cast_possible_truncation, reason = "an expectation is of the size of a numerator")]
        let millionths = (expected * 1e6).round() as i128;
        millionths
    }
}

impl MixRates {
    /// The rates of these members of a network, each with the sum of the squares of its amounts. `None` for fewer than 20,
    /// where less than four fifths of the network are known, or without an event.
    pub(crate) fn of(measure: &Measure, members: &[(PatientSums, i128)]) -> Option<MixRates> {
        if members.len() < LEAST_MEMBERS {
            return None;
        }
        let is_part = measure.kind == "proportion" || measure.kind == "share";
        let values = members.iter().map(|(sums, _)| real(sums.total().0) / real(sums.total().1)).collect();
        let others = is_part && median(values) > 0.5;
        let size = size_of_events(measure, members);
        let counted = |(n, d): (i128, i128)| (if others { d - n } else { n }, d);
        let mut network = vec![(0, 0); CELLS + 1];
        for (sums, _) in members {
            for (sum, one) in network.iter_mut().zip(sums.by_cell.iter().chain([&sums.unknown])) {
                let (n, d) = counted(*one);
                *sum = (sum.0 + n, sum.1 + d);
            }
        }
        let all = network.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        if all.0 <= 0 || 5 * network[CELLS].1 > all.1 {
            return None;
        }
        let events = |(n, d): (i128, i128)| size.map_or(real(d), |size| real(n) / size);
        let plain = real(all.0) / real(all.1);
        let weight = |(sums, _): &(PatientSums, i128)| {
            let d = real(sums.total().1);
            1.0 / (1.0 + 0.35 * 0.35 * size.map_or(d, |size| plain * d / size))
        };
        let weights: Vec<f64> = members.iter().map(weight).collect();
        let weighted = |cells: &[usize]| {
            let mut rate = (0.0, 0.0);
            for ((sums, _), weight) in members.iter().zip(&weights) {
                for place in cells {
                    let (n, d) = counted(*sums.by_cell.get(*place).unwrap_or(&sums.unknown));
                    rate = (rate.0 + weight * real(n), rate.1 + weight * real(d));
                }
            }
            let rate = if rate.1 > 0.0 { rate.0 / rate.1 } else { 0.0 };
            nine_digits(if others { 1.0 - rate } else { rate })
        };
        let mut by_cell = vec![0.0; CELLS];
        for group in joined(&network.iter().map(|one| events(*one)).collect::<Vec<_>>()) {
            let rate = weighted(&group);
            group.into_iter().for_each(|place| by_cell[place] = rate);
        }
        Some(MixRates { by_cell, all: weighted(&(0..=CELLS).collect::<Vec<_>>()) })
    }
}

/// Groups of cells with 20 events each: both sexes together, then the next older band too, the last with the band before.
fn joined(events: &[f64]) -> Vec<Vec<usize>> {
    let enough = |cells: &[usize]| cells.iter().map(|cell| events[*cell]).sum::<f64>() >= 20.0;
    let (mut groups, mut waiting): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), Vec::new());
    for woman in (0..CELLS).step_by(2) {
        let man = woman + 1;
        if waiting.is_empty() && enough(&[woman]) && enough(&[man]) {
            groups.extend([vec![woman], vec![man]]);
            continue;
        }
        waiting.extend([woman, man]);
        if enough(&waiting) {
            groups.push(std::mem::take(&mut waiting));
        }
    }
    if let Some(first) = waiting.first().copied() {
        let before = |group: &Vec<usize>| group.contains(&first.wrapping_sub(1)) || group.contains(&first.wrapping_sub(2));
        let (last, mut rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(before);
        rest.push(last.into_iter().flatten().chain(waiting).collect());
        groups = rest;
    }
    groups
}

/// Units of the numerator in one event; `None` for a mean, of which each unit of the denominator is one.
fn size_of_events(measure: &Measure, members: &[(PatientSums, i128)]) -> Option<f64> {
    let sizes = |side: fn((i128, i128)) -> i128| {
        let of = |(sums, squares): &(PatientSums, i128)| {
            let amount = side(sums.total());
            (amount > 0).then(|| real(*squares) / real(amount))
        };
        median(members.iter().filter_map(of).collect())
    };
    match measure.kind.as_str() {
        "mean" => None,
        "share" => Some(sizes(|sums| sums.1)),
        "amount" => Some(sizes(|sums| sums.0)),
        _ => Some(1.0),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// Rounded to nine significant digits.
fn nine_digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().expect("a formatted real parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_eight_bands_of_two_sexes() {
        let of = |years: i64, sex| cell(Some(years / 5), Some(sex));
        assert_eq!([of(4, "female"), of(5, "male"), of(44, "female"), of(45, "male")], [Some(0), Some(3), Some(6), Some(9)]);
        assert_eq!(
            [of(84, "female"), of(85, "male"), of(30, "other"), cell(None, Some("male"))],
            [Some(12), Some(15), None, None]
        );
    }

    #[test]
    fn a_rare_cell_joins_the_other_sex_then_the_next_band_and_the_last_the_one_before() {
        let mut events = vec![50.0; CELLS];
        (events[0], events[1], events[7], events[14], events[15]) = (10.0, 2.0, 19.0, 2.0, 1.0);
        let groups = joined(&events);
        let of = |cell: usize| groups.iter().position(|group| group.contains(&cell)).expect("in a group");
        assert!(of(0) == of(3) && of(6) == of(7) && of(12) == of(15) && of(12) == of(13), "{groups:?}");
        assert!(of(4) != of(5) && of(10) != of(11) && groups.len() == 9, "{groups:?}");
        assert_eq!(joined(&[0.0; CELLS]), [(0..CELLS).collect::<Vec<_>>()]);
    }
}
