//! The verdict's z: how far a unit is from the typical clinician, in standard deviations of chance and of the usual differences
//! between clinicians.
//!
//! Sources: Anscombe 1948, Biometrika 35:246 (the scale); Ohlssen, Sharples and Spiegelhalter 2007, J R Stat Soc A 170:865 (an outlier
//! among providers that differ).

use crate::statistics::count_tail::{binomial_at_least, binomial_at_most, poisson_at_least, poisson_at_most};
use crate::statistics::normal::{upper_tail, z_of_upper_tail};
use crate::verdict::constants::{EXACT_FROM, EXACT_UP_TO, FEW_Z, FLOOR};
use crate::verdict::placed_unit::{ChanceModel, PlacedUnit, hyperbolic};

/// The z of one unit. All signs are those of the measure's numerator: above 0 means more of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZScore {
    /// By chance alone, without design effect: 2 (a - b).
    pub raw: f64,
    /// The verdict's z.
    pub adjusted: f64,
}

impl ZScore {
    /// The z of a unit around this centre. `gamma` counts as at least 0.1. `flipped` says that the unit counts the others.
    ///
    /// The smallest claim wins: of the scale and the exact tail of chance, the z nearer to 0. z is at most 1.9 above the centre with fewer
    /// than 5 facts in the rarer numerator, and at most 1.9 on either side for a mean or an amount of fewer than 20 facts.
    ///
    /// The exact tail is asked for only where the scale is beyond 1.5, so that z has a step there. With a design effect the tail may be
    /// nearer to 0 by up to 1.2, and no event at all nearer than one event. No limit and no finding lies below 1.5.
    #[must_use]
    pub fn of(unit: &PlacedUnit, centre: f64, gamma: f64, flipped: bool) -> ZScore {
        let (expected_root, _) = unit.expectation(centre);
        let chance = 2.0 * (unit.root - expected_root) * unit.phi.sqrt();
        let scale = scale_z(unit, unit.root, expected_root, gamma);
        let z = with_few_facts(unit, no_surer_than_chance(unit, centre, scale));
        if flipped { ZScore { raw: -chance, adjusted: -z } } else { ZScore { raw: chance, adjusted: z } }
    }

    /// P of a z at least this high, for a unit like the typical clinician.
    #[must_use]
    pub fn p_high(&self) -> f64 {
        upper_tail(self.adjusted)
    }

    /// P of a z at least this low.
    #[must_use]
    pub fn p_low(&self) -> f64 {
        upper_tail(-self.adjusted)
    }
}

/// z of a unit at the root `a` where `b` is expected, without the exact tail. `gamma` counts as at least 0.1.
///
/// Below the centre it is the scale of roots, which is the one nearer to 0: on a log-normal scale, a low count would claim something
/// about zeros.
#[must_use]
pub fn scale_z(unit: &PlacedUnit, a: f64, b: f64, gamma: f64) -> f64 {
    let spread = unit.spread(gamma.max(FLOOR));
    if a >= b {
        return hyperbolic(a, b, spread);
    }
    2.0 * (a - b) / (1.0 + spread * spread * b * b).sqrt()
}

/// The z of the scale, or that of chance's exact tail if it is nearer to 0. No rare count is a finding that chance alone would not make
/// one.
fn no_surer_than_chance(unit: &PlacedUnit, centre: f64, scale: f64) -> f64 {
    if scale.abs() <= EXACT_FROM {
        return scale;
    }
    let upper = scale > 0.0;
    let Some(tail) = exact_tail(unit, centre, upper) else { return scale };
    let z = z_of_upper_tail(tail);
    nearer_to_0(scale, if upper { z } else { -z })
}

/// P by chance alone of a count at least as far out on the upper or the lower side. All counts are divided by the design effect.
///
/// `None` for a mean, and beyond 20,000 expected events, where the scale is always nearer to 0.
#[must_use]
pub fn exact_tail(unit: &PlacedUnit, centre: f64, upper: bool) -> Option<f64> {
    let (count, expected) = (unit.n / unit.phi, unit.expected_count(centre));
    tail_of_count(unit, count, expected, upper)
}

/// The same for any count, in units of chance.
pub(crate) fn tail_of_count(unit: &PlacedUnit, count: f64, expected: f64, upper: bool) -> Option<f64> {
    if expected > EXACT_UP_TO {
        return None;
    }
    let trials = unit.d / unit.phi;
    match (unit.model, upper) {
        (ChanceModel::Poisson, true) => Some(poisson_at_least(count, expected)),
        (ChanceModel::Poisson, false) => Some(poisson_at_most(count, expected)),
        (ChanceModel::Binomial, true) => Some(binomial_at_least(count, trials, expected / trials)),
        (ChanceModel::Binomial, false) => Some(binomial_at_most(count, trials, expected / trials)),
        (ChanceModel::Normal, _) => None,
    }
}

/// The one of two z that is nearer to 0; 0 if they disagree in sign.
pub(crate) fn nearer_to_0(a: f64, b: f64) -> f64 {
    if a > 0.0 {
        return b.clamp(0.0, a);
    }
    b.clamp(a, 0.0)
}

fn with_few_facts(unit: &PlacedUnit, z: f64) -> f64 {
    let lowest = if unit.few_facts { -FEW_Z } else { f64::NEG_INFINITY };
    let highest = if unit.few_facts || unit.few_events { FEW_Z } else { f64::INFINITY };
    z.clamp(lowest, highest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::kind::kinds::Kind;
    use crate::verdict::constants::{Z95, Z998};
    use crate::verdict::funnel_limits::FunnelLimits;
    use crate::verdict::network_basis::NetworkBasis;
    use crate::verdict::unit_sums::UnitSums;

    fn basis(kind: Kind, phi: f64) -> NetworkBasis {
        NetworkBasis { kind, phi, flipped: false, event_size: 30.0, relative_variance: 0.4, typical: 12.0 }
    }

    fn counted(kind: Kind, phi: f64, n: i64, d: i64) -> PlacedUnit {
        basis(kind, phi).place(&UnitSums::counted(n, d), None).expect("a denominator")
    }

    fn z(unit: &PlacedUnit, centre: f64, gamma: f64) -> f64 {
        ZScore::of(unit, centre, gamma, false).adjusted
    }

    #[test]
    fn five_facts_can_be_a_finding_and_four_cannot() {
        // 4 and 5 of 10 where 1 in 20 is usual: exact tails 0.00175 and 0.00017.
        assert_eq!(z(&counted(Kind::Rate, 1.0, 4, 10), 0.05, 0.0), 1.9);
        assert!(z(&counted(Kind::Rate, 1.0, 5, 10), 0.05, 0.0) > Z95);
        // Two facts of three events each are two facts.
        let facts = UnitSums { facts_n: 2, ..UnitSums::counted(6, 10) };
        assert_eq!(z(&basis(Kind::Rate, 1.0).place(&facts, None).unwrap(), 0.05, 0.0), 1.9);
    }

    #[test]
    fn a_mean_of_nineteen_facts_is_no_finding_on_either_side() {
        let of = |value: i64, d: i64| {
            let own = UnitSums {
                facts_n: d,
                facts_d: d,
                n: value * d,
                d,
                n_squares: i128::from(value * value * d),
                d_squares: d.into(),
            };
            z(&basis(Kind::Mean, 1.0).place(&own, None).unwrap(), 12.0, 0.1)
        };
        assert_eq!((of(40, 19), of(1, 19)), (1.9, -1.9));
        assert!(of(40, 20) > Z998 && of(1, 20) < -Z998);
    }

    #[test]
    fn no_exact_tail_is_asked_for_beyond_twenty_thousand_expected_events() {
        let unit = counted(Kind::Rate, 1.0, 30_000, 100_000);
        assert!(exact_tail(&unit, 0.2, true).is_some() && exact_tail(&unit, 0.2001, true).is_none());
    }

    proptest! {
        #[test]
        fn beyond_the_border_of_exact_tails_more_events_never_lower_z(
            n in 0i64..300, d in 1i64..2_000, centre in 0.001f64..0.5, gamma in 0.0f64..0.6, phi in 1.0f64..6.0,
        ) {
            for kind in [Kind::Rate, Kind::Proportion] {
                let n = if kind == Kind::Proportion { n.min(d - 1) } else { n };
                let of = |n| z(&counted(kind, phi, n, d), centre, gamma);
                let (one, next) = (of(n), of(n + 1));
                // With a design effect, the exact tail at the border may be nearer to 0 than the scale.
                let crosses = one.abs() <= EXACT_FROM || next.abs() <= EXACT_FROM;
                prop_assert!(crosses || one <= next + 1e-9, "{one} {next}");
                prop_assert!(one <= EXACT_FROM || next >= one - 1e-9);
                prop_assert!(next >= -EXACT_FROM || one <= next + 1e-9);
            }
        }

        #[test]
        fn z_is_never_further_out_than_the_scale_and_never_on_the_other_side(
            n in 0i64..300, d in 1i64..2_000, centre in 0.001f64..0.5, gamma in 0.0f64..0.6, phi in 1.0f64..6.0,
        ) {
            for kind in [Kind::Rate, Kind::Proportion] {
                let unit = counted(kind, phi, n.min(d), d);
                let (scale, z) = (scale_z(&unit, unit.root, unit.expectation(centre).0, gamma), z(&unit, centre, gamma));
                prop_assert!(z.abs() <= scale.abs() && z * scale >= 0.0);
                let flipped = ZScore::of(&unit, centre, gamma, true);
                prop_assert_eq!(flipped.adjusted, -z);
                prop_assert_eq!(flipped.p_high(), ZScore::of(&unit, centre, gamma, false).p_low());
            }
        }

        #[test]
        fn z_has_no_step_where_a_unit_crosses_the_centre(d in 20i64..2_000, centre in 0.01f64..0.5, gamma in 0.0f64..0.6) {
            for kind in [Kind::Rate, Kind::Proportion] {
                let unit = counted(kind, 1.0, 10.min(d), d);
                let b = unit.expectation(centre).0;
                prop_assert_eq!(scale_z(&unit, b, b, gamma), 0.0);
                // Either side has the same slope there.
                let (up, down) = (scale_z(&unit, b + 1e-6, b, gamma), scale_z(&unit, b - 1e-6, b, gamma));
                prop_assert!((up + down).abs() < 1e-4 * up && up > 0.0);
            }
        }

        #[test]
        fn a_value_is_outside_a_limit_exactly_if_z_is_beyond_it(
            n in 0i64..200, d in 1i64..400, centre in 0.001f64..0.5, gamma in 0.0f64..0.6, phi in 1.0f64..6.0,
        ) {
            for kind in [Kind::Rate, Kind::Proportion] {
                let n = if kind == Kind::Proportion { n.min(d) } else { n };
                let unit = counted(kind, phi, n, d);
                let (value, z) = (n as f64 / d as f64, z(&unit, centre, gamma));
                for limit in [Z95, Z998] {
                    let limits = FunnelLimits::of(&unit, centre, gamma, limit, false);
                    let (lower, upper) = (limits.lower.expect("counts"), limits.upper.expect("counts"));
                    prop_assert_eq!(value > upper, z > limit, "{} {} {}", value, upper, z);
                    prop_assert_eq!(value < lower, z < -limit, "{} {} {}", value, lower, z);
                    let others = FunnelLimits::of(&unit, centre, gamma, limit, true);
                    prop_assert_eq!((others.lower, others.upper), (Some(1.0 - upper), Some(1.0 - lower)));
                }
            }
        }

        #[test]
        fn limits_of_unequal_parts_and_of_means_agree_with_z_too(
            parts in proptest::collection::vec(1i64..60, 20..60), more in 20i64..2_000, centre in 0.02f64..0.5, phi in 1.0f64..3.0,
        ) {
            let n: i64 = parts.iter().sum();
            let squares: i128 = parts.iter().map(|part| i128::from(part * part)).sum();
            let facts = i64::try_from(parts.len()).expect("few");
            let own = |d, d_squares| UnitSums { facts_n: facts, facts_d: facts + more, n, d, n_squares: squares, d_squares };
            let cases = [
                (Kind::Share, own(n + 30 * more, squares + 900 * i128::from(more)), centre),
                (Kind::Amount, own(more, more.into()), 60.0 * centre),
                (Kind::Mean, own(facts, facts.into()), 60.0 * centre),
            ];
            for (kind, sums, centre) in cases {
                let unit = basis(kind, phi).place(&sums, None).expect("a place");
                let (value, z) = (n as f64 / sums.d as f64, z(&unit, centre, 0.2));
                let FunnelLimits { lower, upper } = FunnelLimits::of(&unit, centre, 0.2, Z95, false);
                let Some((lower, upper)) = lower.zip(upper) else { prop_assert!(z.abs() <= 1.9); continue };
                prop_assert!(value <= upper * (1.0 + 1e-9) || z > Z95 - 1e-6, "{kind:?} {value} {upper} {z}");
                prop_assert!(value > upper * (1.0 - 1e-9) || z <= Z95 + 1e-6, "{kind:?} {value} {upper} {z}");
                prop_assert!(value >= lower - 1e-9 * centre || z < -Z95 + 1e-6, "{kind:?} {value} {lower} {z}");
                prop_assert!(value < lower + 1e-9 * centre || z >= -Z95 - 1e-6, "{kind:?} {value} {lower} {z}");
            }
        }
    }
}
