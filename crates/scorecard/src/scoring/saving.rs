//! Savings: an estimate in pence. It is positive for a possible saving, and negative if the unit already spends less than the target.
//!
//! Source: ebmdatalab/openprescribing (MIT), `measure_calculation` and the price-per-unit pages.

use crate::card::round::published;
use crate::card::scorecard::SavingEstimate;
use crate::measure::measure_set::{Amount, Measure, Saving};
use crate::peer_group::peer_network::PeerNetwork;
use crate::scoring::network::Network;
use crate::sums::measure_sums::MeasureSums;

/// Quantity and cost of the two sets of a ratio measure, of one unit or of all peers together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spending {
    /// Quantity of the numerator set.
    pub n_quantity: f64,
    /// Its cost in pence.
    pub n_cost: f64,
    /// Quantity of the denominator set.
    pub d_quantity: f64,
    /// Its cost in pence.
    pub d_cost: f64,
}

/// Prices of one unit of quantity in pence, for units without purchases of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FallbackPrices {
    /// Price in the numerator set.
    pub numerator: f64,
    /// Price in the rest of the denominator set.
    pub other: f64,
}

/// Saving if the numerator set had the share `target` (0 to 1) of the same total quantity, at the unit's own prices. 0 without any
/// quantity.
#[must_use]
pub fn ratio_saving(own: Spending, fallback: FallbackPrices, target: f64) -> f64 {
    if own.d_quantity == 0.0 {
        return 0.0;
    }
    let rest = own.d_quantity - own.n_quantity;
    let numerator_price = if own.n_quantity > 0.0 { own.n_cost / own.n_quantity } else { fallback.numerator };
    let other_price = if rest == 0.0 { fallback.other } else { (own.d_cost - own.n_cost) / rest };
    let numerator = target * own.d_quantity;
    own.d_cost - (numerator * numerator_price + (own.d_quantity - numerator) * other_price)
}

/// Saving if the unit spent `target` pence for each unit of exposure.
#[must_use]
pub fn exposure_saving(cost: f64, exposure: f64, target: f64) -> f64 {
    cost - target * exposure
}

/// Saving if the unit paid at most `target` pence for a unit of quantity. 0 for a lower price.
#[must_use]
pub fn price_saving(cost: f64, quantity: f64, target: f64) -> f64 {
    (cost - quantity * target).max(0.0)
}

/// The saving of one unit at the median and at the best decile of its network. `None` for a measure without savings.
#[must_use]
pub fn saving_estimate(measure: &Measure, own: &MeasureSums, network: &Network<'_>) -> Option<SavingEstimate> {
    let (median, best) = network.saving_targets()?;
    let at = |target| published(saving_at(measure, own, network.peers, target)?);
    Some(SavingEstimate { p50_pence: at(median)?, p10_pence: at(best)? })
}

/// The saving at a target ratio of integer units.
fn saving_at(measure: &Measure, own: &MeasureSums, network: &PeerNetwork, target: f64) -> Option<f64> {
    let costs = measure.numerator.definition.amount == Amount::Cost;
    match measure.definition.saving? {
        Saving::Ratio => Some(ratio_saving(spending(own), fallback(network), target)),
        Saving::PerExposure if costs => Some(exposure_saving(own.n as f64, own.d as f64, target)),
        Saving::PricePerUnit if costs => Some(price_saving(own.n as f64, own.d as f64, target)),
        Saving::PerExposure | Saving::PricePerUnit => None,
    }
}

fn spending(own: &MeasureSums) -> Spending {
    let quantity = |milli: i64| milli as f64 / 1000.0;
    Spending {
        n_quantity: quantity(own.n_quantity_milli),
        n_cost: own.n_cost_pence as f64,
        d_quantity: quantity(own.d_quantity_milli),
        d_cost: own.d_cost_pence as f64,
    }
}

/// Prices of the network; 0 if no member has any quantity, because then the target share is 0 too.
fn fallback(network: &PeerNetwork) -> FallbackPrices {
    FallbackPrices {
        numerator: network.figures.numerator_price_pence.unwrap_or_default(),
        other: network.figures.other_price_pence.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One month of OpenPrescribing's own test data (ebmdatalab/openprescribing, MIT, (c) Ben Goldacre): branded desogestrel over
    /// all desogestrel. Quantity and cost of the branded, quantity and cost of all, and the published savings at p10, p50, p90.
    const PRACTICES: [(&str, [f64; 4], [f64; 3]); 8] = [
        ("C84001", [1e3, 1e3, 11e3, 2e3], [485.581_395_348_837_1, -264.705_882_352_941, -7_218.0]),
        ("A85017", [1e3, 1e3, 1e3, 1e3], [862.325_581_395_328_7, 794.117_647_058_823_5, 161.999_999_999_999_9]),
        ("A86030", [0.0, 0.0, 1e3, 100.0], [-37.674_418_604_651_18, -105.882_352_941_176_46, -738.000_000_000_000_1]),
        ("B82010", [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ("C84024", [10e3, 10e3, 30e3, 12e3], [7_869.767_441_860_465, 5_823.529_411_764_705, -13_140.000_000_000_004]),
        ("C83051", [1.5e3, 1.5e3, 21.5e3, 3.5e3], [540.0, -926.470_588_235_294_6, -14_517.0]),
        ("C83019", [2e3, 2e3, 17e3, 3.5e3], [1_159.534_883_720_930_3, 0.0, -10_746.000_000_000_002]),
        ("B82005", [70e3, 70e3, 100e3, 73e3], [59_232.558_139_534_885, 52_411.764_705_882_35, -10_800.0]),
    ];
    /// p10, p50 and p90 as published, and the published totals of what could be saved at each.
    const TARGETS: [(f64, f64); 3] = [
        (0.041_860_465_116_279_076, 70_149.767_441_860_46),
        (0.117_647_058_823_529_41, 59_029.411_764_705_88),
        (0.820_000_000_000_000_1, 161.999_999_999_999_9),
    ];

    fn of([n_quantity, n_cost, d_quantity, d_cost]: [f64; 4]) -> Spending {
        Spending { n_quantity, n_cost, d_quantity, d_cost }
    }

    /// Prices over all practices.
    fn prices() -> FallbackPrices {
        let sum = |field: fn(&Spending) -> f64| PRACTICES.iter().map(|(_, s, _)| field(&of(*s))).sum::<f64>();
        let (n_quantity, n_cost) = (sum(|s| s.n_quantity), sum(|s| s.n_cost));
        FallbackPrices {
            numerator: n_cost / n_quantity,
            other: (sum(|s| s.d_cost) - n_cost) / (sum(|s| s.d_quantity) - n_quantity),
        }
    }

    #[test]
    fn savings_of_a_ratio_are_openprescribings() {
        for (place, (target, total)) in TARGETS.into_iter().enumerate() {
            let mut could = 0.0;
            for (practice, spending, expected) in PRACTICES {
                let saving = ratio_saving(of(spending), prices(), target);
                assert!((saving - expected[place]).abs() < 1e-7, "{practice} at {target}: {saving} is not {}", expected[place]);
                could += saving.max(0.0);
            }
            assert!((could - total).abs() < 1e-6, "{could} is not {total}");
        }
    }

    #[test]
    fn spending_the_target_for_each_exposure_saves_nothing() {
        assert_eq!(exposure_saving(1_200.0, 400.0, 3.0), 0.0);
        assert_eq!(exposure_saving(1_500.0, 400.0, 3.0), 300.0);
        assert_eq!(exposure_saving(900.0, 400.0, 3.0), -300.0);
    }

    #[test]
    fn a_price_below_the_target_saves_nothing() {
        assert_eq!(price_saving(500.0, 100.0, 4.0), 100.0);
        assert_eq!(price_saving(300.0, 100.0, 4.0), 0.0);
    }

    proptest! {
        #[test]
        fn a_dearer_brand_saves_less_the_more_of_it_the_target_allows(
            n in 1.0f64..1e6, other in 1.0f64..1e6, price in 0.01f64..10.0, dearer in 1.0f64..5.0, t in 0.0f64..1.0, u in 0.0f64..1.0,
        ) {
            let own = of([n, n * price * dearer, n + other, n * price * dearer + other * price]);
            let saving = |target| ratio_saving(own, FallbackPrices::default(), target);
            let slack = 1e-9 * own.d_cost;
            prop_assert!(t > u || saving(t) >= saving(u) - slack);
            prop_assert!(saving(n / (n + other)).abs() <= slack);
        }
    }
}
