//! Native events as practice systems send them: a month of clinicians, a hundred in each feed, with random ids. 5 % are amended. 50 % are
//! encounters (one in twenty a no-show), 40 % prescriptions of eight drugs, 5 % answers and 5 % orders.

use std::fmt::Write;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use scorecard::time::calendar::Timestamp;

/// Noon UTC on 1 January 2027: after the last event.
pub const NOW: Timestamp = Timestamp(1_798_804_800_000);
/// Events in one record, as in the service.
pub const BATCH_EVENTS: usize = 500;
/// Clinicians of a feed, which is one practice.
const CLINICIANS_A_FEED: u32 = 100;
/// Prescribed drugs, as BNF codes.
const DRUGS: [&str; 8] = [
    "0501013B0AAAAAA",
    "0501030I0AAABAB",
    "0501050B0AAAAAA",
    "0212000B0AAABAB",
    "0301011R0AAAPAP",
    "0402010ABAAACAC",
    "0601022B0AAASAS",
    "1001010AHAAAAAA",
];

/// The costs of prescriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// By drug and quantity, as in a tariff: the same for the same drug and quantity.
    Tariff,
    /// Random, up to 40 million pence: almost every event has another cost.
    Random,
}

/// Generates events. The same seed gives the same events.
pub struct Traffic {
    dice: Pcg64,
    cost: Cost,
    clinicians: u32,
    last: Option<(String, u32, u32, u32)>,
}

impl Traffic {
    /// Traffic of this seed and this many clinicians, at tariff costs.
    pub fn new(seed: u64, clinicians: u32) -> Traffic {
        Traffic { dice: Pcg64::seed_from_u64(seed), cost: Cost::Tariff, clinicians, last: None }
    }

    /// The same traffic at other costs.
    pub fn at(self, cost: Cost) -> Traffic {
        Traffic { cost, ..self }
    }

    /// Appends the next event to a line-by-line text.
    pub fn event(&mut self, text: &mut String) {
        match self.last.take() {
            Some(last) if self.dice.random_ratio(5, 95) => self.write(text, &last, 2),
            _ => {
                let id = format!("{:032x}", self.dice.random::<u128>());
                let fresh = (
                    id,
                    self.dice.random_range(0..self.clinicians),
                    self.dice.random_range(0..31),
                    self.dice.random_range(0..100),
                );
                self.write(text, &fresh, 1);
                self.last = Some(fresh);
            }
        }
    }

    fn write(&mut self, text: &mut String, event: &(String, u32, u32, u32), version: u32) {
        let (id, clinician, day, kind) = event;
        let feed = clinician % self.clinicians.div_ceil(CLINICIANS_A_FEED);
        let at = format!("2026-10-{:02}T{:02}:{:02}:00Z", 1 + day, 8 + day % 10, self.dice.random_range(0..60));
        let kind = match kind {
            0..50 => {
                let status = if self.dice.random_ratio(1, 20) { "noshow" } else { "attended" };
                let minutes = self.dice.random_range(4..25);
                format!(
                    r#""type":"encounter","encounter":{{"mode":"telephone","status":"{status}","minutes":{minutes},"planned_minutes":10}}"#
                )
            }
            50..90 => {
                let (code, quantity) = (DRUGS[self.dice.random_range(0..DRUGS.len())], self.dice.random_range(7..112));
                let cost = match self.cost {
                    Cost::Tariff => quantity * 3,
                    Cost::Random => self.dice.random_range(0..40_000_000),
                };
                format!(
                    r#""type":"prescription","prescription":{{"code":"{code}","code_system":"bnf","quantity":{quantity},"items":1,"cost_pence":{cost},"repeat":false}}"#
                )
            }
            90..95 => r#""type":"feedback","feedback":{"answer":"very_good"}"#.to_owned(),
            _ => r#""type":"order","order":{"category":"referral"}"#.to_owned(),
        };
        writeln!(
            text,
            r#"{{"feed":"feed-{feed}","id":"{id}","version":{version},"occurred_at":"{at}","recorded_at":"{at}","clinician":{{"system":"gmc","value":"{}"}},"practice":"A{feed:05}","patient":"9434765919",{kind}}}"#,
            7_000_000 + clinician
        )
        .expect("a text takes everything");
    }
}
