//! An invented network: its organisations, and the sums of its clinicians in a month.

use scorecard::measure::measure_set::{Amount, Kind, Measure};
use scorecard::registry::entry::Entry;
use scorecard::sums::measure_sums::MeasureSums;

/// SplitMix64.
pub struct Draw(pub u64);

impl Draw {
    /// A number from 0 to below this one.
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) >> 33).expect("31 bits") % bound
    }
}

/// A month's sums of one measure, around the same rate for everybody, large enough for every measure to have a value.
pub fn month_of(measure: &Measure, draw: &mut Draw, size: i64) -> MeasureSums {
    let facts = 5 * size + draw.below(5 * size);
    let part = facts / 10 + draw.below(facts / 10 + 2);
    let per_fact = |amount: Amount| match amount {
        Amount::Quantity | Amount::Adq => 28_000,
        Amount::Cost => 400,
        Amount::Weight => 12_000_000,
        Amount::Minutes => 10,
        Amount::Count | Amount::Items | Amount::Answers => 1,
    };
    let (x, y) = (per_fact(measure.numerator.definition.amount), per_fact(measure.denominator.definition.amount));
    let n_facts = if measure.definition.kind == Kind::Mean { facts } else { part };
    MeasureSums {
        facts_n: n_facts,
        facts_d: facts,
        n: n_facts * x,
        d: facts * y,
        n_squares: i128::from(n_facts * x) * i128::from(x + 1 + draw.below(3)),
        d_squares: i128::from(facts * y) * i128::from(y),
        n_quantity_milli: part * 28_000,
        n_cost_pence: part * 400,
        d_quantity_milli: facts * 28_000,
        d_cost_pence: facts * 300,
        ..MeasureSums::default()
    }
}

/// This many practices, six in a network, 180 in a locality.
///
/// # Errors
/// When an entry cannot be read.
pub fn organisations(practices: u32) -> serde_json::Result<Vec<Entry>> {
    let of = |practice: u32| {
        let (pcn, locality) = (practice / 6, practice / 180);
        [
            format!(r#"{{"type":"organisation","code":"P{practice:05}","kind":"practice","setting":"gp","parent":"N{pcn:05}"}}"#),
            format!(r#"{{"type":"organisation","code":"N{pcn:05}","kind":"pcn","parent":"L{locality:05}"}}"#),
            format!(r#"{{"type":"organisation","code":"L{locality:05}","kind":"locality"}}"#),
        ]
    };
    (0..practices).flat_map(of).map(|told| serde_json::from_str(&told)).collect()
}
