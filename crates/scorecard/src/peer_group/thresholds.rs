//! Thresholds of points for measures whose file has none. They hold for one quarter, come from the network's last month of the
//! quarter before, and are frozen with the quarter's first cards, so that the target does not move during the quarter.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_group::{Level, PeerGroup};
use crate::card::round::published;
use crate::measure::measure_set::{Direction, Measure, MeasureSet};
use crate::peer_group::peer_table::{PeerTable, Peers};
use crate::statistics::funnel::LEAST_NETWORK;
use crate::statistics::percentile::quantile;
use crate::time::calendar::Month;

/// Code of groups that hold a quarter's thresholds. Their month is the quarter's first; all other fields are those of the network
/// that the thresholds come from.
pub const THRESHOLDS: &str = "thresholds";

/// The thresholds of one quarter, by measure (`id@version`) and compared role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thresholds {
    groups: BTreeMap<(Arc<str>, Arc<str>), PeerGroup>,
}

/// The first month of this month's quarter.
#[must_use]
pub fn quarter_of(month: Month) -> Month {
    month.plus(-month.0.rem_euclid(3))
}

impl Thresholds {
    /// Thresholds for the quarter that begins with this month: p25 and p75 of the network's headline values in the month before. The
    /// better one earns all points. A network of fewer than 20 units, or with equal quartiles, has no thresholds.
    #[must_use]
    pub fn of_quarter(quarter: Month, measures: &MeasureSet, before: &PeerTable) -> Thresholds {
        let open = measures.measures().iter().filter(|m| m.definition.points.is_some_and(|p| p.lower.is_none()));
        let mut thresholds = Thresholds::default();
        for measure in open {
            let name = measure.name();
            let networks = before.networks(&name, measure.definition.window);
            thresholds.keep_all(networks.filter_map(|network| drawn(quarter, measure, network)));
        }
        thresholds
    }

    /// The thresholds in these groups. Other groups are skipped.
    #[must_use]
    pub fn of_groups(groups: impl IntoIterator<Item = PeerGroup>) -> Thresholds {
        let mut thresholds = Thresholds::default();
        thresholds.keep_all(groups.into_iter().filter(holds_thresholds));
        thresholds
    }

    /// These thresholds, and those of `other` for further measures: a new measure set adds its own.
    #[must_use]
    pub fn completed_by(mut self, other: Thresholds) -> Thresholds {
        let known: Vec<Arc<str>> = self.groups.keys().map(|(measure, _)| measure.clone()).collect();
        self.keep_all(other.groups.into_values().filter(|group| !known.contains(&group.key.measure)));
        self
    }

    /// The values at which points begin and at which all are earned, in the measure's unit.
    #[must_use]
    pub fn find(&self, measure: &str, role: &str) -> Option<(f64, f64)> {
        let group = self.groups.get(&(measure.into(), role.into()))?;
        group.lower.zip(group.upper)
    }

    /// The published groups, in order of measure and role.
    pub fn groups(&self) -> impl Iterator<Item = &PeerGroup> {
        self.groups.values()
    }

    fn keep_all(&mut self, groups: impl Iterator<Item = PeerGroup>) {
        self.groups.extend(groups.map(|group| ((group.key.measure.clone(), group.key.role.clone()), group)));
    }
}

/// Whether a published group holds a quarter's thresholds.
#[must_use]
pub fn holds_thresholds(group: &PeerGroup) -> bool {
    &*group.key.group == THRESHOLDS
}

fn drawn(quarter: Month, measure: &Measure, network: &Peers) -> Option<PeerGroup> {
    if network.values.len() < LEAST_NETWORK {
        return None;
    }
    let at = |percent| published(measure.value_of_ratio(quantile(&network.values, percent)?));
    let (p25, p75) = (at(25)?, at(75)?);
    let (lower, upper) = match measure.definition.direction {
        Direction::Low => (p75, p25),
        Direction::High | Direction::None => (p25, p75),
    };
    let mut group = network.group.clone();
    group.key.level = Level::Network;
    group.key.group = THRESHOLDS.into();
    group.key.month = quarter;
    group.frozen = true;
    (group.lower, group.upper) = (Some(lower), Some(upper));
    (lower != upper).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::fingerprint::snapshot_id;
    use crate::card::peer_group::PeerKey;
    use crate::peer_group::peer_table::NETWORK;
    use crate::sums::ratio::Ratio;

    fn measures() -> MeasureSet {
        MeasureSet::parse([("same_day_access.toml", include_str!("../../../../measures/same_day_access.toml"))]).unwrap()
    }

    fn table(direction: &str, values: Vec<Ratio>) -> (MeasureSet, PeerTable) {
        let text = include_str!("../../../../measures/same_day_access.toml")
            .replace("direction = \"high\"", &format!("direction = \"{direction}\""));
        let set = MeasureSet::parse([("same_day_access.toml", text.as_str())]).unwrap();
        let key = PeerKey {
            measure: "same_day_access@1".into(),
            window: 12,
            role: "gp".into(),
            level: Level::Network,
            group: NETWORK.into(),
            month: "2026-09".parse().unwrap(),
        };
        let group = PeerGroup {
            key,
            snapshot_id: snapshot_id(&values),
            frozen: false,
            size: u32::try_from(values.len()).unwrap(),
            numerator: 0,
            denominator: 0,
            mean: None,
            deciles: Vec::new(),
            numerator_price_pence: None,
            other_price_pence: None,
            lower: None,
            upper: None,
            phi: None,
            tau2: None,
            variation: None,
            event_size: None,
        };
        (set, PeerTable::new(vec![Peers { group, values }]))
    }

    fn found(direction: &str, values: Vec<Ratio>) -> Option<(f64, f64)> {
        let (set, table) = table(direction, values);
        let quarter = "2026-10".parse().unwrap();
        let thresholds = Thresholds::of_quarter(quarter, &set, &table);
        assert!(thresholds.groups().all(|group| group.key.month == quarter && holds_thresholds(group)));
        let read = Thresholds::of_groups(table.groups().chain(thresholds.groups()).cloned());
        assert_eq!(read, thresholds, "read from the published groups");
        thresholds.find("same_day_access@1", "gp")
    }

    #[test]
    fn points_begin_at_the_worse_quartile_and_the_better_one_earns_all() {
        // 1 % to 21 %: R type 7 gives p25 = 6 and p75 = 16.
        let values: Vec<Ratio> = (1..=21).map(|n| (n, 100)).collect();
        assert_eq!(found("high", values.clone()), Some((6.0, 16.0)));
        assert_eq!(found("low", values), Some((16.0, 6.0)));
    }

    #[test]
    fn nineteen_units_and_quartiles_that_are_equal_give_no_thresholds() {
        assert_eq!(found("high", (1..=19).map(|n| (n, 100)).collect()), None);
        assert_eq!(found("high", vec![(7, 100); 20]), None);
        assert!(found("high", (1..=20).map(|n| (n, 100)).collect()).is_some());
    }

    #[test]
    fn quarters_begin_in_january_april_july_and_october() {
        let first = |text: &str| quarter_of(text.parse().unwrap()).to_string();
        let found = ["2026-01", "2026-03", "2026-04", "2026-09", "2026-10", "2026-12"].map(first);
        assert_eq!(found, ["2026-01", "2026-01", "2026-04", "2026-07", "2026-10", "2026-10"]);
    }

    #[test]
    fn frozen_thresholds_stay_and_a_new_measure_adds_its_own() {
        let quarter = "2026-10".parse().unwrap();
        let of = |values: Vec<Ratio>| Thresholds::of_quarter(quarter, &measures(), &table("high", values).1);
        let (old, new) = (of((1..=21).map(|n| (n, 100)).collect()), of((21..=41).map(|n| (n, 100)).collect()));
        assert_eq!(old.clone().completed_by(new.clone()), old);
        assert_eq!(Thresholds::default().completed_by(new.clone()), new);
    }
}
