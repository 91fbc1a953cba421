//! Measures of cards for tests.

use crate::card::scorecard::{Band, CardMeasure, Funnel, Interval, WindowValue};
use crate::measure::measure_set::{Direction, Domain, Kind};

/// A proportion in percent with these windows, whose headline is 12 months.
pub(crate) fn card_measure(id: &str, domain: Domain, direction: Direction, windows: Vec<WindowValue>) -> CardMeasure {
    CardMeasure {
        id: id.into(),
        version: 1,
        kind: Kind::Proportion,
        domain,
        giant: None,
        unit: "%".into(),
        n_unit: "count".into(),
        d_unit: "count".into(),
        direction,
        headline: 12,
        windows,
    }
}

/// A funnel with this target and band and limits from 0 to 1.
pub(crate) fn funnel(target: f64, band: Band) -> Funnel {
    let limits = Interval { lower: 0.0, upper: 1.0 };
    Funnel {
        target,
        limits_95: limits,
        limits_998: limits,
        over_dispersed_95: None,
        over_dispersed_998: None,
        z_raw: None,
        z_adjusted: None,
        phi: None,
        tau2: None,
        band,
    }
}
