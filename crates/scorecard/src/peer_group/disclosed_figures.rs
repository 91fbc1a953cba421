//! The figures of a group that others may see: on cards, on pages and in the public topic alike.
//!
//! A median needs 10 members, quartiles and deciles 20, twenty quantiles 40. Figures have two digits, and three from 100 members on.
//! Every figure is of the group with one's own value in it.

use crate::card::peer_snapshot::GroupFigures;
use crate::card::public_group::PeerGroup;
use crate::card::scorecard::Comparator;
use crate::measure::measure_set::{Kind, Measure};
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::size_limits::{
    LEAST_FOR_MEDIAN, LEAST_FOR_QUANTILES, LEAST_FOR_QUARTILES, LEAST_FOR_THREE_DIGITS, PUBLIC_STEP, QUANTILES,
};

/// The disclosed figures of a group, in the measure's unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DisclosedFigures {
    /// Value of the typical clinician.
    pub typical: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Lower and upper quartile.
    pub quartiles: Option<(f64, f64)>,
    /// p10 to p90, or nothing.
    pub deciles: Vec<f64>,
    /// 2.5 % to 97.5 % in steps of 5 %, or nothing.
    pub quantiles: Vec<f64>,
}

impl DisclosedFigures {
    /// The disclosed figures of this group.
    #[must_use]
    pub fn of(measure: &Measure, network: &PeerNetwork) -> DisclosedFigures {
        let members = network.size();
        let typical = typical_ratio(network).map(|ratio| rounded_ratio(measure, members, ratio));
        // The typical value of a reference network says nothing about the members here.
        let foreign = DisclosedFigures { typical: typical.filter(|_| network.figures.reference.is_some()), ..Default::default() };
        let at = |part: u64, whole: u64| Some(rounded_ratio(measure, members, network.quantile_ratio(part, whole)?));
        let Some(median) = at(1, 2).filter(|_| members >= LEAST_FOR_MEDIAN) else { return foreign };
        if members < LEAST_FOR_QUARTILES {
            return DisclosedFigures { median: Some(median), ..foreign };
        }
        let quantiles = if members < LEAST_FOR_QUANTILES { 0 } else { QUANTILES };
        DisclosedFigures {
            typical,
            median: Some(median),
            quartiles: at(1, 4).zip(at(3, 4)),
            deciles: (1..10).filter_map(|tenth| at(tenth, 10)).collect(),
            quantiles: (1..=quantiles).filter_map(|k| at(2 * k - 1, 2 * QUANTILES)).collect(),
        }
    }
}

/// The typical clinician's value as a ratio of integer units. `None` without a fit.
///
/// The centre of a standardised group is a ratio to expectations. The centre of a group that counts the others is their value.
#[must_use]
pub fn typical_ratio(network: &PeerNetwork) -> Option<f64> {
    let figures = &network.figures;
    let centre = figures.centre?;
    Some(match (figures.practice_centre, figures.flipped) {
        (None, false) => centre,
        (None, true) => 1.0 - centre,
        (Some(practices), false) => centre * practices,
        (Some(practices), true) => 1.0 - centre * (1.0 - practices),
    })
}

/// The typical clinician's value of the counted side, as a ratio of integer units: of the others in a group that counts them. `None`
/// without a fit.
///
/// It is the centre of a crude comparison with the group.
#[must_use]
pub fn counted_typical(figures: &GroupFigures) -> Option<f64> {
    let centre = figures.centre?;
    Some(figures.practice_centre.map_or(centre, |all| centre * if figures.flipped { 1.0 - all } else { all }))
}

/// The public record of a group.
#[must_use]
pub fn public_group(measure: &Measure, network: &PeerNetwork) -> PeerGroup {
    let public = network.size() >= LEAST_FOR_QUARTILES;
    let figures = if public { DisclosedFigures::of(measure, network) } else { DisclosedFigures::default() };
    let members = u32::try_from(network.size()).unwrap_or(u32::MAX);
    PeerGroup {
        key: network.key.clone(),
        snapshot_id: network.snapshot_id,
        as_of: network.as_of,
        frozen: network.frozen,
        members: if public { members / PUBLIC_STEP * PUBLIC_STEP } else { 0 },
        typical: figures.typical,
        median: figures.median,
        p25: figures.quartiles.map(|quartiles| quartiles.0),
        p75: figures.quartiles.map(|quartiles| quartiles.1),
        deciles: figures.deciles,
        quantiles: figures.quantiles,
    }
}

/// The comparator of the cards of a group. `None` below 10 members, unless a reference network is the comparator.
#[must_use]
pub fn comparator(measure: &Measure, network: &PeerNetwork) -> Option<Comparator> {
    let figures = DisclosedFigures::of(measure, network);
    let reference = network.figures.reference.is_some();
    (network.size() >= LEAST_FOR_MEDIAN || reference).then(|| Comparator {
        snapshot_id: network.snapshot_id,
        reference: network.figures.reference.clone(),
        typical: figures.typical,
        median: figures.median,
        p25: figures.quartiles.map(|quartiles| quartiles.0),
        p75: figures.quartiles.map(|quartiles| quartiles.1),
    })
}

/// A value of a group of this size. A part of the whole is at most the whole, also if it is a ratio to an expectation. Above a half it has
/// the decimals of the rest: 99.66 %, because 0.34 % are the others.
fn rounded_ratio(measure: &Measure, members: usize, ratio: f64) -> f64 {
    let is_part = matches!(measure.definition.kind, Kind::Proportion | Kind::Share);
    let value = measure.value_of_ratio(if is_part { ratio.clamp(0.0, 1.0) } else { ratio });
    if !is_part || ratio <= 0.5 {
        return rounded_for(members, value);
    }
    let whole = measure.value_of_ratio(1.0);
    let rest = rounded_for(members, whole - value).to_string();
    let decimals = rest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    format!("{value:.decimals$}").parse().expect("a formatted real parses")
}

/// A value with as many digits as a group of this size supports.
fn rounded_for(members: usize, value: f64) -> f64 {
    let text = if members < LEAST_FOR_THREE_DIGITS { format!("{value:.1e}") } else { format!("{value:.2e}") };
    let rounded: f64 = text.parse().expect("a formatted real parses");
    // A negative zero becomes zero.
    rounded + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::public_group::PeerKey;
    use crate::measure::measure_set::MeasureSet;
    use crate::peer_group::peer_network::no_figures;
    use crate::time::calendar::Timestamp;

    #[test]
    fn a_share_near_the_whole_has_the_digits_of_the_rest_and_never_exceeds_it() {
        let set = MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap();
        let of = |members, ratio| rounded_ratio(&set.measures()[0], members, ratio);
        // The rest is 0.338 %, 2.34 % and 41.4 %.
        assert_eq!([of(20, 0.996_62), of(20, 0.976_6), of(20, 0.586)], [99.66, 97.7, 59.0]);
        assert_eq!([of(100, 0.996_62), of(20, 1.0), of(20, 1.3), of(20, 0.003_38)], [99.662, 100.0, 100.0, 0.34]);
    }

    fn figures(size: i64) -> (PeerGroup, Option<Comparator>) {
        let set = MeasureSet::parse([("dna_rate.toml", include_str!("../../../../measures/dna_rate.toml"))]).unwrap();
        let key = PeerKey { measure: "dna_rate@1".into(), window: 12, role: "gp".into(), month: "2026-10".parse().unwrap() };
        let values = (1..=size).map(|n| (n, 1_000)).collect();
        let network =
            PeerNetwork::new(key, Timestamp(0), GroupFigures { centre: Some(0.012_345), ..no_figures() }, Vec::new(), values);
        let measure = &set.measures()[0];
        (public_group(measure, &network), comparator(measure, &network))
    }

    #[test]
    fn small_groups_show_nothing_then_a_median_then_quartiles_then_quantiles() {
        assert_eq!(figures(9).1, None);
        let (group, ten) = figures(10);
        let ten = ten.unwrap();
        // 0.1 % to 1.0 %: the median is 0.55 %.
        assert_eq!((ten.median, ten.typical, ten.p25), (Some(0.55), None, None));
        assert_eq!((group.members, group.median, group.deciles.len()), (0, None, 0));
        let (group, twenty) = figures(29);
        assert_eq!((group.members, group.deciles.len(), group.quantiles.len()), (20, 9, 0));
        // R type 7 of 0.1 % to 2.9 %: 0.8 % and 2.2 %; deciles 0.38 %, 0.66 %, 0.94 %, 1.22 %, 1.5 % and so on, with two digits.
        let twenty = twenty.unwrap();
        assert_eq!((twenty.p25, twenty.p75, twenty.typical), (Some(0.8), Some(2.2), Some(1.2)));
        assert_eq!(group.deciles, [0.38, 0.66, 0.94, 1.2, 1.5, 1.8, 2.1, 2.3, 2.6]);
        assert_eq!(figures(40).0.quantiles.len(), 20);
        assert_eq!(figures(100).1.unwrap().typical, Some(1.23));
    }
}
