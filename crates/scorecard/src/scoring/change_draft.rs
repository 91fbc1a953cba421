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
    /// The window that differs most.
    pub now: MonthsOfWork,
    /// The baseline.
    pub before: MonthsOfWork,
    /// Whether the baseline is the year before the last one, and not all that is before the last six months.
    pub is_year_before: bool,
}

/// Sums of some months, and the number of those with a denominator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MonthsOfWork {
    pub sums: UnitSums,
    pub held: usize,
}

impl MonthsOfWork {
    fn of(months: &[UnitSums]) -> MonthsOfWork {
        MonthsOfWork { sums: UnitSums::of_all(months), held: months.iter().filter(|month| month.d > 0).count() }
    }
}

/// The change of a unit with these 24 months, oldest first. `None` without enough history.
pub(crate) fn change_draft(measure: &Measure, basis: &NetworkBasis, season: &Season, months: &[UnitSums]) -> Option<ChangeDraft> {
    let monitored = ChangeMonitor { basis, season }.change(months)?;
    let years = (UnitSums::of_all(&months[MONTHS - YEAR..]), UnitSums::of_all(&months[..MONTHS - YEAR]));
    let scan = monitored.scan;
    let change = Change {
        p: short(scan.p),
        months: u8::try_from(scan.months).expect("at most 12 months"),
        direction: if scan.z >= 0.0 { Movement::Up } else { Movement::Down },
        signal: false,
        year: year_difference(measure, basis, &years),
        sentence: None,
    };
    Some(ChangeDraft {
        p: scan.p,
        is_large: monitored.is_large,
        change,
        now: MonthsOfWork::of(&months[MONTHS - scan.months..]),
        before: MonthsOfWork::of(&months[..monitored.baseline]),
        is_year_before: monitored.baseline == MONTHS - YEAR,
    })
}

/// The year against the year before. `None` unless both reach the measure's minimum and have ten events together.
fn year_difference(measure: &Measure, basis: &NetworkBasis, (now, before): &(UnitSums, UnitSums)) -> Option<YearDifference> {
    let least = i64::from(measure.definition.minimum);
    if now.facts_d < least || before.facts_d < least || !has_enough_events(now.facts_n, before.facts_n) {
        return None;
    }
    // A mean has no events.
    let counts = || {
        let size = basis.event_unit(&now.plus(before))?;
        Some([now, before].map(|own| WindowCount { n: own.n as f64 / size, d: own.d as f64 / size }))
    };
    match measure.definition.kind {
        Kind::Rate | Kind::Amount => counts().and_then(|[now, before]| ratio(rate_ratio(now, before, basis.phi)?)),
        Kind::Proportion | Kind::Share => {
            counts().and_then(|[now, before]| difference(measure, proportion_difference(now, before, basis.phi)?))
        }
        Kind::Mean => {
            let mean = |own: &UnitSums| (own.n as f64 / own.d as f64, basis.mean_variance(own));
            let (now, before) = (mean(now), mean(before));
            // Values that are all alike do not tell how a mean varies.
            difference(measure, mean_difference(now, before)).filter(|_| now.1 + before.1 > 0.0)
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
