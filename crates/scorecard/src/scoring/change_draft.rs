//! The change of one measure before the card-wide decision: which changes are signals depends on all measures of the card.

use crate::card::round::{published, short};
use crate::card::scorecard::{Change, Movement, YearDifference};
use crate::measure::measure_set::{Kind, Measure};
use crate::peer_group::unit::MONTHS;
use crate::verdict::change::change_monitor::ChangeMonitor;
use crate::verdict::change::change_z::WindowCount;
use crate::verdict::change::season::Season;
use crate::verdict::change::year_change::{
    ChangeInterval, has_enough_events, mean_difference, proportion_difference, rate_ratio,
};
use crate::verdict::fitted_network::FittedNetwork;
use crate::verdict::network_basis::NetworkBasis;
use crate::verdict::unit_sums::UnitSums;

/// Months of a year.
const YEAR: usize = 12;

/// A monitored change.
#[derive(Clone, Debug)]
pub(crate) struct ChangeDraft {
    /// Probability of such a change by chance.
    pub p: f64,
    /// Whether it is large enough for a signal.
    pub is_large: bool,
    /// The change without signal and sentence.
    pub change: Change,
    /// Sums of the window that differs most.
    pub window: UnitSums,
    /// Sums of the last 12 months and of the 12 before.
    pub years: (UnitSums, UnitSums),
}

/// The change of a unit with these 24 months, oldest first. `None` without enough history.
pub(crate) fn change_draft(
    measure: &Measure,
    fitted: &FittedNetwork,
    season: &Season,
    months: &[UnitSums],
) -> Option<ChangeDraft> {
    let monitored = ChangeMonitor { basis: &fitted.basis, season }.change(months)?;
    let years = (UnitSums::of_all(&months[MONTHS - YEAR..]), UnitSums::of_all(&months[..MONTHS - YEAR]));
    let scan = monitored.scan;
    let change = Change {
        p: short(scan.p),
        months: u8::try_from(scan.months).expect("at most 12 months"),
        direction: if scan.z >= 0.0 { Movement::Up } else { Movement::Down },
        signal: false,
        year: year_difference(measure, &fitted.basis, &years),
        sentence: None,
    };
    let window = UnitSums::of_all(&months[months.len() - scan.months..]);
    Some(ChangeDraft { p: scan.p, is_large: monitored.is_large, change, window, years })
}

/// The year against the year before. `None` unless both reach the measure's minimum and have ten events together.
fn year_difference(measure: &Measure, basis: &NetworkBasis, (now, before): &(UnitSums, UnitSums)) -> Option<YearDifference> {
    let least = i64::from(measure.definition.minimum);
    if now.facts_d < least || before.facts_d < least || !has_enough_events(now.facts_n, before.facts_n) {
        return None;
    }
    let size = basis.event_unit(&now.plus(before))?;
    let count = |own: &UnitSums| WindowCount { n: own.n as f64 / size, d: own.d as f64 / size };
    match measure.definition.kind {
        Kind::Rate | Kind::Amount => ratio(rate_ratio(count(now), count(before), basis.phi)?),
        Kind::Proportion | Kind::Share => difference(measure, proportion_difference(count(now), count(before), basis.phi)?),
        Kind::Mean => {
            let mean = |own: &UnitSums| (own.n as f64 / own.d as f64, basis.mean_variance(own));
            difference(measure, mean_difference(mean(now), mean(before)))
        }
    }
}

fn ratio(interval: ChangeInterval) -> Option<YearDifference> {
    let (ratio, lower, upper) = (published(interval.change)?, published(interval.lower)?, published(interval.upper)?);
    Some(YearDifference { ratio: Some(short(ratio)), difference: None, lower: short(lower), upper: short(upper) })
}

fn difference(measure: &Measure, interval: ChangeInterval) -> Option<YearDifference> {
    let value = |ratio: f64| published(measure.value_of_ratio(ratio)).map(short);
    let (change, lower, upper) = (value(interval.change)?, value(interval.lower)?, value(interval.upper)?);
    Some(YearDifference { ratio: None, difference: Some(change), lower, upper })
}
