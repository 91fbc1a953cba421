//! The colleagues of one month at one cut: the units of each role in the network, each with the list of its numbers.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::oracle::case_mix::{MixRates, PatientSums};
use crate::oracle::measure_file::{Measure, Side, real};
use crate::oracle::registry::{SubjectRole, Unit};
use crate::oracle::sums::{
    D, D_COST, D_QUANTITY, D_SQUARES, FACTS_D, FACTS_N, ITEMS, N, N_COST, N_QUANTITY, N_SQUARES, UNKNOWN, UNKNOWN_FACTS, UNMAPPED,
};
use crate::oracle::unit_months::{UnitMonth, WINDOWS};

/// Members of a group below which no card shows anything of it.
pub(crate) const LEAST: usize = 10;

/// Members of a group below which a card shows its median alone, and no saving.
pub(crate) const LEAST_NETWORK: usize = 20;

/// One member of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member {
    pub n: i128,
    pub d: i128,
    /// The sum of squares of an amount, where the measure's kind needs it.
    pub spread: i128,
    /// Quantity and cost of the numerator's set and of the denominator's set, where the measure has a saving.
    pub money: [i128; 4],
    /// Numerator and denominator of each of its 24 months.
    pub months: Vec<(i128, i128)>,
    /// The expected numerator for patients of its age and sex in millionths, where the network is adjusted.
    pub expected: Option<i128>,
}

/// The units of one role. Two groups are equal when their members are, as multisets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// Members in ascending order of value.
    pub members: Vec<Member>,
    /// Members of now. A group that is kept while members leave has more values.
    pub size: usize,
    /// The rates of cells of age and sex, where it is adjusted.
    pub rates: Option<MixRates>,
}

/// Key of a group: measure, whether of roll-ups, role.
type GroupKey = (usize, bool, String);

/// All groups of a month at a cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(BTreeMap<GroupKey, Rc<Group>>);

/// The reason why a window is suppressed, if it is.
pub(crate) fn suppressed(measure: &Measure, index: usize, unit: &UnitMonth) -> Option<&'static str> {
    let sums = &unit.windows[headline(measure)].sums;
    let left_out = unit.left_out.get(&index).copied().unwrap_or_default();
    let minimum = i128::from(measure.minimum);
    let (numerator, denominator) = (&measure.numerator, &measure.denominator);
    let (facts_n, facts, lacking) = (sums.of(index, FACTS_N), sums.of(index, FACTS_D), sums.of(index, UNKNOWN_FACTS));
    let possible = facts + left_out.facts + if denominator.knows_no() { lacking } else { 0 };
    if possible < minimum {
        return Some("denominator_below_minimum");
    }
    let limit = i128::from(measure.unknown_limit_percent.unwrap_or(10));
    let above = |unknown: i128, known: i128, limit: i128| 100 * unknown > limit * (unknown + known);
    let visits = |side: &Side| side.event == "attendance" || side.event == "activity";
    let of_visits = if visits(denominator) { facts } else { facts_n };
    let statuses = measure.unknown_status_limit_percent.map_or(limit, i128::from);
    let codes = numerator.filters_codes() || denominator.filters_codes();
    let unknown = [
        (visits(numerator) || visits(denominator)) && above(sums.base(UNKNOWN), of_visits, statuses),
        codes && above(sums.base(UNMAPPED), sums.base(ITEMS) - sums.base(UNMAPPED), limit),
        above(lacking, if denominator.knows_no() { facts } else { facts_n }, limit),
    ];
    if unknown.contains(&true) {
        return Some("unknown_above_limit");
    }
    if above(left_out.d, sums.of(index, D), limit) {
        return Some("not_sent");
    }
    (facts < minimum).then_some("denominator_below_minimum")
}

/// The index of a measure's headline window.
pub(crate) fn headline(measure: &Measure) -> usize {
    WINDOWS.iter().position(|window| *window == measure.window).expect("a measure file says 3 or 12")
}

/// The member that the headline window of a measure makes; `None` when it is suppressed or its denominator is zero.
pub(crate) fn member(measure: &Measure, index: usize, unit: &UnitMonth) -> Option<Member> {
    let sums = &unit.windows[headline(measure)].sums;
    let of = |place| sums.of(index, place);
    let spread = match measure.kind.as_str() {
        "mean" | "amount" => of(N_SQUARES),
        "share" => of(D_SQUARES),
        _ => 0,
    };
    let money = if measure.saving.is_some() { [N_QUANTITY, N_COST, D_QUANTITY, D_COST].map(of) } else { [0; 4] };
    let months = unit.months.iter().map(|row| (row.sums.of(index, N), row.sums.of(index, D))).collect();
    let member = Member { n: of(N), d: of(D), spread, money, months, expected: None };
    (suppressed(measure, index, unit).is_none() && member.d > 0).then_some(member)
}

/// The same with its expectation at these rates.
pub(crate) fn adjusted_member(measure: &Measure, index: usize, unit: &UnitMonth, rates: Option<&MixRates>) -> Option<Member> {
    let own = member(measure, index, unit)?;
    let expected = rates.map(|rates| unit.windows[headline(measure)].sums.by_patient(index).expected(rates));
    Some(Member { expected, ..own })
}

impl Member {
    /// The denominator of its rank.
    fn base(&self) -> i128 {
        self.expected.unwrap_or(self.d)
    }
}

/// Compares by value, exactly.
fn by_value(a: &Member, b: &Member) -> Ordering {
    (a.n * b.base()).cmp(&(b.n * a.base()))
}

impl Groups {
    /// The groups of these units. Only units in scope are members.
    pub(crate) fn form(measures: &[Measure], units: &[UnitMonth]) -> Groups {
        let mut found: BTreeMap<GroupKey, Group> = BTreeMap::new();
        let rates = Groups::rates(measures, units);
        for unit in units.iter().filter(|unit| unit.in_scope) {
            for (index, measure) in measures.iter().enumerate() {
                // Roll-ups are adjusted by the rates of single practices.
                let rates = rates.get(&(index, unit.standing.role.clone())).and_then(Option::as_ref);
                let Some(member) = adjusted_member(measure, index, unit, rates) else { continue };
                let key = key(index, &unit.unit, &unit.standing);
                let group = found.entry(key).or_insert_with(|| Group { members: Vec::new(), size: 0, rates: rates.cloned() });
                group.members.push(member);
            }
        }
        let sorted = found.into_iter().map(|(key, mut group)| {
            group.members.sort_by(|a, b| by_value(a, b).then(a.cmp(b)));
            group.size = group.members.len();
            (key, Rc::new(group))
        });
        Groups(sorted.collect())
    }

    /// These groups as they are published after `last`: a group stays until ten members, and a third of them, differ. Values differ by
    /// more than a twentieth of the larger one. Groups of roll-ups stay with those of the single practices.
    pub(crate) fn after(self, last: &Groups) -> Groups {
        let stays = |(index, _, role): &GroupKey| {
            let practices = (*index, false, role.clone());
            let both = last.0.get(&practices).zip(self.0.get(&practices));
            both.is_some_and(|(before, now)| {
                before.may_stay(now) && before.strangers(now) < 10.max(before.members.len().max(now.members.len()).div_ceil(3))
            })
        };
        let published = self.0.iter().map(|(key, now)| {
            let kept = last.0.get(key).filter(|before| before.may_stay(now) && stays(key));
            let group = kept.map_or_else(|| now.clone(), |before| before.shown_by(now.members.len()));
            (key.clone(), group)
        });
        Groups(published.collect())
    }

    /// The rates of the single practices of each role, for measures that adjust.
    fn rates(measures: &[Measure], units: &[UnitMonth]) -> BTreeMap<(usize, String), Option<MixRates>> {
        let mut members: BTreeMap<(usize, String), Vec<(PatientSums, i128)>> = BTreeMap::new();
        for unit in units.iter().filter(|unit| unit.in_scope && !unit.unit.is_roll_up()) {
            for (index, measure) in measures.iter().enumerate().filter(|(_, measure)| measure.adjusts()) {
                let Some(member) = member(measure, index, unit) else { continue };
                let sums = unit.windows[headline(measure)].sums.by_patient(index);
                members.entry((index, unit.standing.role.clone())).or_default().push((sums, member.spread));
            }
        }
        members.into_iter().map(|(key, members)| (key.clone(), MixRates::of(&measures[key.0], &members))).collect()
    }

    /// The network that a unit is compared with: that of its role, for a unit in scope.
    pub(crate) fn network(&self, index: usize, unit: &UnitMonth) -> Option<Rc<Group>> {
        self.0.get(&key(index, &unit.unit, &unit.standing)).filter(|_| unit.in_scope).cloned()
    }
}

fn key(index: usize, unit: &Unit, standing: &SubjectRole) -> GroupKey {
    (index, unit.is_roll_up(), standing.role.clone())
}

impl Group {
    /// Whether this group can stay in place of a new one: the new one shows something, nothing more than this one may, and both or none
    /// are adjusted.
    fn may_stay(&self, now: &Group) -> bool {
        let level = |group: &Group| [LEAST, LEAST_NETWORK].iter().filter(|least| group.members.len() >= **least).count();
        level(now) > 0 && level(now) <= level(self) && self.rates.is_some() == now.rates.is_some()
    }

    /// Members of the larger group without a partner of their own in the other.
    fn strangers(&self, now: &Group) -> usize {
        let mut free: Vec<&Member> = now.members.iter().collect();
        let mut pairs = 0;
        for one in &self.members {
            let alike = |other: &&Member| {
                let (a, b) = (one.n * other.base(), other.n * one.base());
                (a - b).abs() * 20 <= a.abs().max(b.abs())
            };
            if let Some(place) = free.iter().position(alike) {
                free.remove(place);
                pairs += 1;
            }
        }
        self.members.len().max(now.members.len()) - pairs
    }

    /// This group, with the figures that this number of members supports.
    fn shown_by(self: &Rc<Group>, members: usize) -> Rc<Group> {
        let size = if self.members.len() >= LEAST_NETWORK && members < LEAST_NETWORK { members } else { self.members.len() };
        if size == self.size {
            self.clone()
        } else {
            Rc::new(Group { members: self.members.clone(), size, rates: self.rates.clone() })
        }
    }

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

    /// A quantile of the members' ratios: linear interpolation at (size - 1) x percent / 100.
    pub(crate) fn quantile(&self, percent: usize) -> Option<f64> {
        let scale = self.rates.as_ref().map_or(1.0, |rates| 1e6 * rates.all);
        let ratio = |member: &Member| scale * real(member.n) / real(member.base());
        let place = self.members.len().checked_sub(1)? * percent;
        let below = ratio(&self.members[place / 100]);
        let above = self.members.get(place / 100 + 1).map_or(below, ratio);
        Some(below + real((place % 100) as i128) / 100.0 * (above - below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(n: i128, d: i128) -> Member {
        Member { n, d, spread: 0, money: [0; 4], months: Vec::new(), expected: None }
    }

    fn group(ratios: &[(i128, i128)]) -> Group {
        Group { size: ratios.len(), members: ratios.iter().map(|&(n, d)| member(n, d)).collect(), rates: None }
    }

    #[test]
    fn ties_share_the_lowest_rank() {
        let g = group(&[(0, 10), (1, 10), (2, 20), (3, 10), (4, 10)]);
        let percentiles: Vec<Option<f64>> = g.members.iter().map(|m| g.percentile(m)).collect();
        assert_eq!(percentiles, [Some(0.0), Some(25.0), Some(25.0), Some(75.0), Some(100.0)]);
        assert_eq!(g.percentile(&member(9, 10)), Some(100.0));
        assert_eq!(group(&[(1, 2)]).percentile(&g.members[0]), None);
    }

    #[test]
    fn a_group_stays_until_ten_members_and_a_third_differ() {
        let groups = |values: &[i128]| {
            let ratios: Vec<(i128, i128)> = values.iter().map(|n| (*n, 1_000)).collect();
            Groups(BTreeMap::from([((0, false, "gp".to_owned()), Rc::new(group(&ratios)))]))
        };
        let apart = |count: usize| -> Vec<i128> {
            (0..count).map(|n| 1_000_000 * 3_i128.pow(u32::try_from(n).expect("small"))).collect()
        };
        let after = |before: usize, now: usize| {
            let found = groups(&apart(now)).after(&groups(&apart(before)));
            found.0.into_values().map(|group| (group.members.len(), group.size)).next().expect("one group")
        };
        assert_eq!([after(20, 21), after(20, 29), after(20, 30)], [(20, 20), (20, 20), (30, 30)]);
        assert_eq!([after(20, 19), after(19, 20), after(12, 9), after(9, 12)], [(20, 19), (20, 20), (9, 9), (12, 12)]);
        assert_eq!([after(36, 25), after(36, 24)], [(36, 36), (24, 24)], "11 and 12 of 36 left");
    }

    #[test]
    fn quantiles_are_interpolated_between_the_members_next_to_them() {
        // Type 7 of 0, 10, 20, 40: h = 3 x 0.5 = 1.5, half way from 10 to 20; h = 0.3; h = 2.7.
        let g = group(&[(0, 1), (10, 1), (20, 1), (40, 1)]);
        let close = |percent, expected: f64| (g.quantile(percent).expect("members") - expected).abs() < 1e-12;
        assert!(close(50, 15.0) && close(10, 3.0) && close(90, 34.0));
        assert_eq!(group(&[]).quantile(50), None);
    }
}
