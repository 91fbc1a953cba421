//! A network with its basis and its fit: all that its verdicts need, frozen together.

use crate::measure::kind::kinds::Kind;
use crate::verdict::constants::{LEAST_NETWORK, MOST_FITTED};
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::network_fit::NetworkFit;
use crate::verdict::placed_unit::PlacedUnit;
use crate::verdict::unit_sums::UnitSums;
use crate::verdict::z_score::ZScore;

/// A unit of a network: its sums, and the standardised expectation of its numerator if there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkUnit {
    /// Sums of its window.
    pub sums: UnitSums,
    /// Events expected of it at the network's rates, from [`crate::verdict::roll_up`] or [`crate::verdict::case_mix`].
    pub expected: Option<f64>,
}

/// A network whose units have verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedNetwork {
    /// How its units become events of a base.
    pub basis: NetworkBasis,
    /// Centre and spread. Indexes of units left out are those of the slice that was fitted.
    pub fit: NetworkFit,
}

impl FittedNetwork {
    /// The network of these units, in the order of the peer table, with the design effect `phi`.
    ///
    /// Units without a denominator, or whose sums do not determine chance, are outside the fit. `None` for fewer than 20 units inside it,
    /// and if none of them has an event of the rarer side.
    #[must_use]
    pub fn of(kind: Kind, phi: f64, units: &[NetworkUnit]) -> Option<FittedNetwork> {
        let chosen: Vec<usize> = (0..units.len()).filter(|index| units[*index].sums.d > 0).collect();
        let chosen: Vec<usize> = thinned(chosen.len()).map(|place| chosen[place]).collect();
        let sums: Vec<UnitSums> = chosen.iter().map(|index| units[*index].sums).collect();
        let basis = NetworkBasis::of(kind, phi, &sums);
        let place = |index: &usize| Some((*index, basis.place(&units[*index].sums, units[*index].expected)?));
        let (indexes, placed): (Vec<usize>, Vec<PlacedUnit>) = chosen.iter().filter_map(place).unzip();
        if placed.len() < LEAST_NETWORK {
            return None;
        }
        let mut fit = NetworkFit::of(&placed)?;
        fit.left_out = fit.left_out.into_iter().map(|place| indexes[place]).collect();
        Some(FittedNetwork { basis, fit })
    }

    /// The z of a unit of this network. `None` where the network is mixed or the unit has no place.
    #[must_use]
    pub fn z_score(&self, unit: &NetworkUnit) -> Option<ZScore> {
        if self.fit.mixed {
            return None;
        }
        let placed = self.basis.place(&unit.sums, unit.expected)?;
        Some(ZScore::of(&placed, self.fit.centre(), self.fit.verdict_gamma(), self.basis.flipped))
    }

    /// Part of a unit's variance that belongs to the clinician. `None` where too few units tell the spread, or the unit has no place.
    #[must_use]
    pub fn reliability(&self, unit: &NetworkUnit) -> Option<f64> {
        let placed = self.basis.place(&unit.sums, unit.expected)?;
        self.fit.tells_spread().then(|| placed.reliability(self.fit.centre(), self.fit.gamma))
    }
}

/// Places, in the order of the peer table, of the units that a fit reads: all of up to 2,000, else 2,000 evenly spaced ones.
pub fn thinned(units: usize) -> impl Iterator<Item = usize> {
    let fitted = units.min(MOST_FITTED);
    (0..fitted).map(move |k| if units == fitted { k } else { (2 * k + 1) * units / (2 * MOST_FITTED) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::constants::Z998;

    fn unit(n: i64, d: i64) -> NetworkUnit {
        NetworkUnit { sums: UnitSums::counted(n, d), expected: None }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(1.0)
    }

    #[test]
    fn thinning_keeps_all_of_two_thousand_and_evenly_spaced_ones_of_more() {
        assert_eq!(thinned(7).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        let many: Vec<usize> = thinned(10_000).collect();
        assert_eq!((many.len(), many[0], many[1], many[1_999]), (2_000, 2, 7, 9_997));
    }

    #[test]
    fn one_at_seven_times_among_alike_colleagues_is_found() {
        let mut units = vec![unit(100, 1_000); 199];
        units.push(unit(675, 1_000));
        let network = FittedNetwork::of(Kind::Rate, 1.0, &units).unwrap();
        assert_eq!(network.fit.left_out, [199]);
        // The root of exactly 100 events is that of 100.25 expected ones on average.
        assert!((network.fit.centre() - 0.100_25).abs() < 1e-5);
        assert!(network.z_score(&units[199]).unwrap().adjusted > Z998);
        assert!(network.z_score(&units[0]).unwrap().adjusted.abs() < 0.1);
    }

    #[test]
    fn a_giant_of_any_size_moves_the_centre_by_less_than_a_fiftieth() {
        let usual = |index: i64| unit(24 + index % 5 - 2, 300);
        let centre = |encounters: i64| {
            let mut units: Vec<NetworkUnit> = (0..29).map(usual).collect();
            units.push(unit(encounters * 24 / 100, encounters));
            let network = FittedNetwork::of(Kind::Rate, 1.0, &units).unwrap();
            assert!(network.z_score(&units[29]).unwrap().adjusted > Z998);
            network.fit.centre()
        };
        for encounters in [3_000, 100_000, 100_000_000] {
            assert!((centre(encounters) / 0.08 - 1.0).abs() < 0.02);
        }
    }

    #[test]
    fn two_kinds_of_colleagues_have_no_verdict() {
        let mut units = vec![unit(0, 1_000); 12];
        units.extend(vec![unit(100, 1_000); 10]);
        let network = FittedNetwork::of(Kind::Rate, 1.0, &units).unwrap();
        assert!(network.fit.mixed);
        assert_eq!(network.z_score(&units[0]), None);
    }

    #[test]
    fn fewer_than_twenty_units_or_none_with_an_event_are_no_network() {
        assert_eq!(FittedNetwork::of(Kind::Rate, 1.0, &[unit(3, 50); 19]), None);
        assert_eq!(FittedNetwork::of(Kind::Rate, 1.0, &[unit(0, 50); 30]), None);
        assert_eq!(FittedNetwork::of(Kind::Proportion, 1.0, &[unit(50, 50); 30]), None);
        let mut units = vec![unit(3, 50); 20];
        units.push(unit(0, 0));
        assert!(FittedNetwork::of(Kind::Rate, 1.0, &units).is_some());
    }

    #[test]
    fn reliability_is_unknown_where_too_few_units_tell_the_spread() {
        let units = vec![unit(1, 500); 20];
        let network = FittedNetwork::of(Kind::Rate, 1.0, &units).unwrap();
        assert_eq!((network.fit.estimating, network.fit.gamma_cautious), (0, 0.35));
        assert_eq!(network.reliability(&units[0]), None);
    }

    /// Units of a network: numerator and what is left of the denominator.
    fn networks() -> impl Strategy<Value = Vec<(i64, i64)>> {
        proptest::collection::vec((0i64..60, 60i64..600), 20..40)
    }

    proptest! {
        // A fit is a few milliseconds in a test's profile.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn units_in_another_order_give_the_same_network(units in networks(), turn in 0usize..40) {
            let units: Vec<NetworkUnit> = units.iter().map(|(n, more)| unit(*n, n + more)).collect();
            let mut turned = units.clone();
            turned.rotate_left(turn % units.len());
            let (one, other) = (FittedNetwork::of(Kind::Rate, 1.3, &units), FittedNetwork::of(Kind::Rate, 1.3, &turned));
            let (one, other) = (one.expect("a network").fit, other.expect("a network").fit);
            prop_assert!(near(one.ln_centre, other.ln_centre) && near(one.gamma, other.gamma));
            prop_assert!(near(one.gamma_cautious, other.gamma_cautious) && one.gamma <= one.gamma_cautious + 1e-12);
            prop_assert_eq!(one.left_out.len(), other.left_out.len());
        }

        #[test]
        fn counting_the_others_turns_every_sign_and_nothing_else(units in networks()) {
            let of = |pick: &dyn Fn(&(i64, i64)) -> i64| {
                let units: Vec<NetworkUnit> = units.iter().map(|both| unit(pick(both), both.0 + both.1)).collect();
                let network = FittedNetwork::of(Kind::Proportion, 1.0, &units)?;
                let z: Vec<Option<ZScore>> = units.iter().map(|unit| network.z_score(unit)).collect();
                Some((network, z))
            };
            let (one, others) = (of(&|both| both.0).expect("a network"), of(&|both| both.1).expect("a network"));
            // Exactly half is not flipped on either side.
            prop_assume!(one.0.basis.flipped != others.0.basis.flipped);
            prop_assert_eq!(&one.0.fit, &others.0.fit);
            for (z, turned) in one.1.iter().zip(&others.1) {
                prop_assert_eq!(z.map(|z| z.adjusted), turned.map(|z| -z.adjusted));
            }
        }

        #[test]
        fn the_unit_of_an_amount_changes_nothing(units in networks(), size in 2i64..500) {
            let of = |kind: Kind, size: i64| {
                let sums = |(n, more): &(i64, i64)| UnitSums {
                    facts_n: *n,
                    facts_d: n + more,
                    n: size * n,
                    d: if kind == Kind::Share { size * (n + more) } else { n + more },
                    n_squares: i128::from(size * size * n),
                    d_squares: i128::from(size * size * (n + more)),
                };
                let units: Vec<NetworkUnit> = units.iter().map(|unit| NetworkUnit { sums: sums(unit), expected: None }).collect();
                let network = FittedNetwork::of(kind, 1.0, &units).expect("a network");
                units.iter().map(|unit| network.z_score(unit).map(|z| z.adjusted)).collect::<Vec<_>>()
            };
            for kind in [Kind::Share, Kind::Amount, Kind::Mean] {
                let near = |(a, b): (&Option<f64>, &Option<f64>)| a.zip(*b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-6);
                prop_assert!(of(kind, 1).iter().zip(&of(kind, size)).all(near), "{kind:?}");
            }
        }

        #[test]
        fn expectations_of_the_crude_rate_give_the_crude_verdicts(units in networks()) {
            let crude: Vec<NetworkUnit> = units.iter().map(|(n, more)| unit(*n, n + more)).collect();
            let expecting = |unit: &NetworkUnit| NetworkUnit { expected: Some(0.1 * unit.sums.d as f64), ..*unit };
            let standardised: Vec<NetworkUnit> = crude.iter().map(expecting).collect();
            for kind in [Kind::Rate, Kind::Proportion] {
                let of = |units: &[NetworkUnit]| FittedNetwork::of(kind, 1.0, units).expect("a network");
                let (one, other) = (of(&crude), of(&standardised));
                prop_assume!(!one.basis.flipped);
                prop_assert!(near(one.fit.centre(), 0.1 * other.fit.centre()));
                for (unit, standard) in crude.iter().zip(&standardised) {
                    let (z, standard) = (one.z_score(unit), other.z_score(standard));
                    prop_assert!(z.zip(standard).is_none_or(|(z, standard)| (z.adjusted - standard.adjusted).abs() < 1e-7));
                }
            }
        }
    }
}
