//! Money that could be saved: an estimate in pence, positive where it could be saved, negative where it already was.
//!
//! Source: ebmdatalab/openprescribing (MIT), `measure_calculation` and the price-per-unit pages.

use crate::card::SavingEstimate;
use crate::measure::{Amount, Direction, Measure, Saving};
use crate::peer_table::Peers;
use crate::percentile::quantile;
use crate::round::published;
use crate::sums::MeasureSums;

/// Quantity and cost of the two sets of a ratio measure, one unit's or all peers' together.
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

/// Pence for one unit of quantity, used where a unit has bought nothing of its own to take a price from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FallbackPrices {
    /// Of the numerator set.
    pub numerator: f64,
    /// Of the rest of the denominator set.
    pub other: f64,
}

/// What a unit would save if the numerator set made up the share `target` (0 to 1) of the same total quantity, at its own unit
/// prices. Nothing bought saves nothing.
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

/// What a unit would save if it spent `target` pence for each unit of exposure.
#[must_use]
pub fn exposure_saving(cost: f64, exposure: f64, target: f64) -> f64 {
    cost - target * exposure
}

/// What a unit would save if it paid at most `target` pence for a unit of quantity. Paying less is no loss.
#[must_use]
pub fn price_saving(cost: f64, quantity: f64, target: f64) -> f64 {
    (cost - quantity * target).max(0.0)
}

/// The saving of one unit at the median and at the best decile of its network; `None` for a measure without savings.
#[must_use]
pub fn saving_estimate(measure: &Measure, own: &MeasureSums, network: &Peers) -> Option<SavingEstimate> {
    let best = if measure.definition.direction == Direction::High { 90 } else { 10 };
    let at = |percent| {
        let target = quantile(&network.values, percent)?;
        published(saving_at(measure, own, network, target)?)
    };
    Some(SavingEstimate { p50_pence: at(50)?, p10_pence: at(best)? })
}

/// The saving at a target ratio of integer units.
fn saving_at(measure: &Measure, own: &MeasureSums, network: &Peers, target: f64) -> Option<f64> {
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

/// Where nobody bought any, the target's share of it is nothing, and so is what it would cost.
fn fallback(network: &Peers) -> FallbackPrices {
    FallbackPrices {
        numerator: network.group.numerator_price_pence.unwrap_or_default(),
        other: network.group.other_price_pence.unwrap_or_default(),
    }
}
