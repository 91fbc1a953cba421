//! Measures of cards for tests.

use crate::card::scorecard::CardMeasure;
use crate::measure::measure_set::{Direction, Domain, Kind};

/// A proportion in percent of 12 months with these counts, without value and comparison.
pub(crate) fn card_measure(id: &str, domain: Domain, direction: Direction, n: i64, d: i64) -> CardMeasure {
    CardMeasure {
        id: id.into(),
        version: 1,
        name: id.into(),
        kind: Kind::Proportion,
        domain,
        direction,
        trial: false,
        unit: "%".into(),
        n_unit: "count".into(),
        d_unit: "count".into(),
        window: 12,
        held: 12,
        n,
        d,
        facts_n: n,
        facts_d: d,
        unknown: 0,
        pca: 0,
        months_n: Vec::new(),
        months_d: Vec::new(),
        suppressed: None,
        value: None,
        ci95: None,
        comparator: None,
        verdict: None,
        z: None,
        z_raw: None,
        phi: None,
        reliability: None,
        grade: None,
        place: None,
        change: None,
        points: None,
        saving: None,
        case_mix: None,
        standard: None,
        sentence: String::new(),
    }
}
