//! The peer groups of one month at one cut, each with the list of its members.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::oracle::measure_file::{Measure, real};
use crate::oracle::registry::{SubjectRole, Unit};
use crate::oracle::round::nine_digits;
use crate::oracle::sums::{D, D_COST, D_QUANTITY, D_SQUARES, FACTS_D, N, N_COST, N_QUANTITY, N_SQUARES, Sums, UNKNOWN};
use crate::oracle::unit_months::{UnitMonth, WINDOWS};

/// Units of a network below which it has no control limits and gives no thresholds.
pub(crate) const LEAST_NETWORK: usize = 20;

/// Members of a group below which no card shows it: the unit and five others.
const LEAST: usize = 6;

/// One member of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub n: i128,
    pub d: i128,
    /// The sum of squares of an amount, where the measure's kind needs it.
    pub spread: i128,
    /// Quantity and cost of the numerator's set and of the denominator's set, where the measure has a saving.
    pub money: [i128; 4],
}

/// A peer group. Two groups are equal when their members are, as multisets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    pub level: &'static str,
    pub code: String,
    /// Members in ascending order of value.
    pub members: Vec<Member>,
}

/// Key of a group: measure, window, whether of roll-ups, role, level, code.
type GroupKey = (usize, usize, bool, String, &'static str, String);

/// Lower and upper threshold of points, by measure, whether of roll-ups, and role.
pub(crate) type Thresholds = BTreeMap<(usize, bool, String), (f64, f64)>;

/// All groups of a month at a cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(BTreeMap<GroupKey, Rc<Group>>);

/// The reason why a window is suppressed, if it is.
pub(crate) fn suppressed(measure: &Measure, index: usize, sums: &Sums) -> Option<&'static str> {
    let facts = sums.of(index, FACTS_D);
    let unknown = sums.base(UNKNOWN);
    if facts < i128::from(measure.minimum) {
        return Some("denominator_below_minimum");
    }
    let limit = i128::from(measure.unknown_status_limit_percent?);
    (100 * unknown > limit * (unknown + facts)).then_some("unknown_status_above_limit")
}

/// The member that a window of a measure makes; `None` when the window is suppressed or its denominator is zero.
pub(crate) fn member(measure: &Measure, index: usize, sums: &Sums) -> Option<Member> {
    let member = measured(measure, index, sums);
    (suppressed(measure, index, sums).is_none() && member.d > 0).then_some(member)
}

/// The member that a window makes, suppressed or not.
pub(crate) fn measured(measure: &Measure, index: usize, sums: &Sums) -> Member {
    let of = |place| sums.of(index, place);
    let spread = match measure.kind.as_str() {
        "mean" | "amount" => of(N_SQUARES),
        "share" => of(D_SQUARES),
        _ => 0,
    };
    let money = if measure.saving.is_some() { [N_QUANTITY, N_COST, D_QUANTITY, D_COST].map(of) } else { [0; 4] };
    Member { n: of(N), d: of(D), spread, money }
}

/// Level and code of the groups of a unit, the narrowest first. A roll-up has the network alone.
fn levels<'a>(unit: &'a Unit, standing: &'a SubjectRole) -> Vec<(&'static str, &'a str)> {
    let mut levels = Vec::new();
    if !unit.is_roll_up() {
        levels.push(("practice", unit.practice.as_str()));
        levels.extend(standing.pcn.iter().map(|code| ("pcn", code.as_str())));
        levels.extend(standing.locality.iter().map(|code| ("locality", code.as_str())));
    }
    levels.push(("network", "network"));
    levels
}

/// Compares by value, exactly.
fn by_value(a: &Member, b: &Member) -> Ordering {
    (a.n * b.d).cmp(&(b.n * a.d))
}

impl Groups {
    /// The groups of these units. Only units in scope are members.
    pub(crate) fn form(measures: &[Measure], units: &[UnitMonth]) -> Groups {
        let mut found: BTreeMap<GroupKey, Group> = BTreeMap::new();
        for unit in units.iter().filter(|unit| unit.in_scope) {
            for (index, measure) in measures.iter().enumerate() {
                for (window, row) in unit.windows.iter().enumerate() {
                    let Some(member) = member(measure, index, &row.sums) else { continue };
                    for (level, code) in levels(&unit.unit, &unit.standing) {
                        let key = key(index, window, &unit.unit, &unit.standing, (level, code));
                        let empty = || Group { level, code: code.to_owned(), members: Vec::new() };
                        found.entry(key).or_insert_with(empty).members.push(member);
                    }
                }
            }
        }
        let sorted = found.into_iter().map(|(key, mut group)| {
            group.members.sort_by(|a, b| by_value(a, b).then(a.cmp(b)));
            (key, Rc::new(group))
        });
        Groups(sorted.collect())
    }

    /// The group that a unit's card shows.
    pub(crate) fn shown(&self, index: usize, window: usize, unit: &Unit, standing: &SubjectRole) -> Option<Rc<Group>> {
        let groups = levels(unit, standing).into_iter().filter_map(|l| self.0.get(&key(index, window, unit, standing, l)));
        groups.into_iter().find(|group| group.members.len() >= LEAST).cloned()
    }

    /// Thresholds of points for the next quarter: quartiles of the networks of 20 or more, the better one as the upper threshold.
    /// Only measures without thresholds in their file have them.
    pub(crate) fn thresholds(&self, measures: &[Measure]) -> Thresholds {
        let mut found = Thresholds::new();
        for ((index, window, roll_ups, role, level, _), group) in &self.0 {
            let measure = &measures[*index];
            let open = measure.points.is_some_and(|points| points.lower.is_none());
            let headline = WINDOWS[*window] == measure.window;
            if !open || !headline || *level != "network" || group.members.len() < LEAST_NETWORK {
                continue;
            }
            let at = |percent| nine_digits(measure.value_of_ratio(group.quantile(percent).expect("twenty members")));
            let (p25, p75) = (at(25), at(75));
            let ends = if measure.direction == "low" { (p75, p25) } else { (p25, p75) };
            if p25 != p75 {
                found.insert((*index, *roll_ups, role.clone()), ends);
            }
        }
        found
    }

    /// The whole network of the role.
    pub(crate) fn network(&self, index: usize, window: usize, unit: &Unit, standing: &SubjectRole) -> Option<Rc<Group>> {
        self.0.get(&key(index, window, unit, standing, ("network", "network"))).cloned()
    }
}

fn key(index: usize, window: usize, unit: &Unit, standing: &SubjectRole, (level, code): (&'static str, &str)) -> GroupKey {
    (index, window, unit.is_roll_up(), standing.role.clone(), level, code.to_owned())
}

impl Group {
    /// Sum of a field over all members.
    pub(crate) fn total(&self, field: impl Fn(&Member) -> i128) -> i128 {
        self.members.iter().map(field).sum()
    }

    /// 100 x (members with a strictly lower value) / (size - 1), at most 100; `None` for fewer than two members.
    pub(crate) fn percentile(&self, own: &Member) -> Option<f64> {
        let lower = self.members.iter().filter(|other| by_value(other, own) == Ordering::Less).count();
        let others = self.members.len().checked_sub(1).filter(|n| *n > 0)?;
        Some((100.0 * real(lower as i128) / real(others as i128)).min(100.0))
    }

    /// A decile of the members' ratios, 1 to 9.
    pub(crate) fn decile(&self, decile: usize) -> Option<f64> {
        self.quantile(10 * decile)
    }

    /// A quantile of the members' ratios: linear interpolation at (size - 1) x percent / 100.
    fn quantile(&self, percent: usize) -> Option<f64> {
        let ratio = |member: &Member| real(member.n) / real(member.d);
        let place = self.members.len().checked_sub(1)? * percent;
        let below = ratio(&self.members[place / 100]);
        let above = self.members.get(place / 100 + 1).map_or(below, ratio);
        Some(below + real((place % 100) as i128) / 100.0 * (above - below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(ratios: &[(i128, i128)]) -> Group {
        let members = ratios.iter().map(|&(n, d)| Member { n, d, spread: 0, money: [0; 4] }).collect();
        Group { level: "network", code: "network".to_owned(), members }
    }

    #[test]
    fn ties_share_the_lowest_rank() {
        let g = group(&[(0, 10), (1, 10), (2, 20), (3, 10), (4, 10)]);
        let percentiles: Vec<Option<f64>> = g.members.iter().map(|m| g.percentile(m)).collect();
        assert_eq!(percentiles, [Some(0.0), Some(25.0), Some(25.0), Some(75.0), Some(100.0)]);
        assert_eq!(g.percentile(&Member { n: 9, d: 10, spread: 0, money: [0; 4] }), Some(100.0));
        assert_eq!(group(&[(1, 2)]).percentile(&g.members[0]), None);
    }

    #[test]
    fn deciles_are_interpolated_between_the_members_next_to_them() {
        // Type 7 of 0, 10, 20, 40: h = 3 x 0.5 = 1.5, half way from 10 to 20; h = 0.3; h = 2.7.
        let g = group(&[(0, 1), (10, 1), (20, 1), (40, 1)]);
        let close = |decile, expected: f64| (g.decile(decile).expect("members") - expected).abs() < 1e-12;
        assert!(close(5, 15.0) && close(1, 3.0) && close(9, 34.0));
        assert_eq!(group(&[]).decile(5), None);
    }
}
