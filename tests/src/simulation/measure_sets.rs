//! The measures of the simulation, in two sets between which a deployment changes, and an independent statement of their sums.
//!
//! The measures are few, so that a history is quick. Together they use every kind of event, amounts, savings, adjustment and
//! repeats.

use std::sync::Arc;

use scorecard::measure::code_book::CodeBook;
use scorecard::measure::measure_set::MeasureSet;

use sim::oracle::sendings::Needs;

use crate::simulation::counted_fact::{CountedFact, DrugCode, Numbers};

const ABX: &str = r#"
id = "abx"
version = 1
title = "How often do I start an antibiotic?"
kind = "rate"
domain = "clinical"
giant = "variation"
unit = "per 100 attended encounters"
scale = 100.0
direction = "low"
minimum = 1
adjust = ["age", "sex"]
points = { available = 10.0, lower = 90.0, upper = 10.0 }
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "prescription"
amount = "items"
codes = ["0501", "~050109"]
repeat = false
[denominator]
event = "activity"
"#;

const DNA: &str = r#"
id = "dna"
version = 1
title = "How many do not come?"
kind = "proportion"
domain = "resource"
giant = "inefficiency"
unit = "%"
scale = 100.0
direction = "low"
minimum = 2
adjust = ["sex", "age"]
unknown_status_limit_percent = 40
points = { available = 5.0 }
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "attendance"
statuses = ["noshow"]
[denominator]
event = "attendance"
statuses = ["attended", "noshow"]
"#;

const FFT: &str = r#"
id = "fft"
version = 1
title = "How many are content?"
kind = "proportion"
domain = "perception"
unit = "%"
scale = 100.0
direction = "high"
window = 3
minimum = 1
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "feedback"
answers = ["very_good", "good"]
[denominator]
event = "feedback"
"#;

const BRAND: &str = r#"
id = "brand"
version = 1
title = "How much by brand?"
kind = "share"
domain = "resource"
giant = "waste"
unit = "%"
scale = 100.0
direction = "low"
minimum = 1
saving = "ratio"
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0B"]
[denominator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0"]
"#;

const LENGTH: &str = r#"
id = "length"
version = 1
title = "How long are my consultations?"
kind = "mean"
domain = "resource"
unit = "minutes"
scale = 1.0
direction = "none"
minimum = 2
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "activity"
amount = "minutes"
[denominator]
event = "activity"
"#;

const SPEND: &str = r#"
id = "spend"
version = 1
title = "What do I spend?"
kind = "amount"
domain = "resource"
unit = "pence"
scale = 1.0
direction = "low"
minimum = 1
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "prescription"
amount = "cost"
[denominator]
event = "activity"
"#;

const DOSES: &str = r#"
id = "doses"
version = 1
title = "How many doses are in an item?"
kind = "mean"
domain = "clinical"
unit = "doses"
scale = 1.0
direction = "low"
minimum = 1
rationale = "simulation"
source = "simulation"
changes = ["1: first version"]
[numerator]
event = "prescription"
amount = "adq"
codes = ["0501"]
[denominator]
event = "prescription"
amount = "items"
codes = ["0501"]
"#;

/// The kinds of data that a measure needs.
pub(crate) fn needs(name: &str) -> Needs {
    let (numerator, denominator): (&[&'static str], &[&'static str]) = match name.split('@').next().unwrap_or_default() {
        "abx" => (&["prescriptions"], &["attendance"]),
        "brand" => (&["prescriptions", "quantities"], &["prescriptions", "quantities"]),
        "dna" => (&["attendance"], &["attendance"]),
        "doses" => (&["prescriptions"], &["prescriptions"]),
        "fft" => (&["feedback"], &["feedback"]),
        "length" => (&["attendance", "minutes"], &["attendance"]),
        "spend" => (&["costs", "prescriptions"], &["attendance"]),
        other => unreachable!("{other} is no measure of the simulation"),
    };
    let each = numerator.iter().chain(denominator).copied().collect();
    Needs { each, numerator: numerator.iter().copied().collect(), ..Needs::default() }
}

/// One of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetName {
    /// The set with which every deployment begins.
    First,
    /// The set to which it may change: `abx` redefined, `doses` and `fft` removed, `length` new, more codes known.
    Second,
}

/// A set for the tasks, with its names for the verifier.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// The compiled measures for the tasks.
    pub measures: Arc<MeasureSet>,
    /// The measures as `id@version`, in order.
    pub names: Vec<&'static str>,
}

impl Set {
    /// Reads one of the two.
    pub(crate) fn named(name: SetName) -> Set {
        let again = ABX.replace("version = 1\n", "version = 2\n").replace("repeat = false\n", "");
        let (files, names) = match name {
            SetName::First => {
                let files = [("abx", ABX), ("brand", BRAND), ("dna", DNA), ("doses", DOSES), ("fft", FFT), ("spend", SPEND)];
                (files.to_vec(), vec!["abx@1", "brand@1", "dna@1", "doses@1", "fft@1", "spend@1"])
            }
            SetName::Second => {
                let files = [("abx", again.as_str()), ("brand", BRAND), ("dna", DNA), ("length", LENGTH), ("spend", SPEND)];
                (files.to_vec(), vec!["abx@2", "brand@1", "dna@1", "length@1", "spend@1"])
            }
        };
        let files: Vec<(String, &str)> = files.iter().map(|(id, text)| (format!("{id}.toml"), *text)).collect();
        let measures = MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), *text)));
        let mut measures = measures.expect("the simulation's measures are valid");
        if name == SetName::Second {
            measures = measures.with_codes(later_codes());
        }
        Set { measures: Arc::new(measures), names }
    }
}

/// The code of an antibiotic that only the second set's code files know.
pub(crate) const LATER_DRUG: (&str, &str) = ("dmd|39113611000001102", "0501013B0AAABAB");
/// The code of a dressing. The second set's code files say that it is no drug.
pub(crate) const LATER_DRESSING: &str = "dmd|3378311000001103";

fn later_codes() -> CodeBook {
    let mut book = CodeBook::default();
    let system = |coding: &'static str| coding.split_once('|').expect("system|code");
    let ((drug, code), (dressing, other)) = (system(LATER_DRUG.0), system(LATER_DRESSING));
    book.insert_drug(drug, code, LATER_DRUG.1).expect("a valid row");
    book.insert_drug(dressing, other, "none").expect("a valid row");
    book
}

/// Whether a set is the second one.
pub(crate) fn is_second(set: &[&str]) -> bool {
    set.contains(&"length@1")
}

/// Every measure of both sets.
pub(crate) const ALL_NAMES: [&str; 8] = ["abx@1", "abx@2", "brand@1", "dna@1", "doses@1", "fft@1", "length@1", "spend@1"];

/// Words for the distinct sides of a measure: numerator and denominator. Measures share a side under one word.
fn side_words(name: &str) -> [&'static str; 2] {
    match name {
        "abx@1" => ["started antibiotics", "activity"],
        "abx@2" => ["antibiotics", "activity"],
        "brand@1" => ["brand", "substance"],
        "dna@1" => ["noshow", "slots"],
        "doses@1" => ["doses", "items with doses"],
        "fft@1" => ["content", "feedback"],
        "length@1" => ["minutes", "activity with minutes"],
        "spend@1" => ["cost", "activity"],
        _ => unreachable!("the simulation has no other measure"),
    }
}

/// The number of each measure's sides in a set: the place of the side among all, at its first use.
pub(crate) fn side_numbers(set: &[&str]) -> Vec<[u32; 2]> {
    let mut words: Vec<&str> = Vec::new();
    let mut number = |word: &'static str| {
        let at = words.iter().position(|known| *known == word).unwrap_or_else(|| {
            words.push(word);
            words.len() - 1
        });
        u32::try_from(at).expect("few sides")
    };
    set.iter().map(|name| side_words(name).map(&mut number)).collect()
}

/// Whether a low value is good.
fn low_is_good(name: &str) -> bool {
    !matches!(name, "fft@1" | "length@1")
}

/// The part of an event in a measure.
enum MeasurePart {
    /// Numerator and denominator; `None` when the event is not in it.
    Counts(Option<i64>, Option<i64>),
    /// The event lacks what a side counts.
    Unknown,
}

/// Numerator and denominator of an event under a measure.
fn sides(name: &str, event: &CountedFact) -> MeasurePart {
    let activity = (event.activity && event.attended).then_some(1);
    // Only the second set knows the later codes, and `abx@2` is the only measure of that set which counts them.
    let drug = |prefix: &str| match &event.code {
        DrugCode::Bnf(code) => code.starts_with(prefix),
        DrugCode::BnfLater(code) => name == "abx@2" && code.starts_with(prefix),
        DrugCode::Unmapped | DrugCode::NoDrugLater => false,
    };
    let antibiotic = drug("0501") && !drug("050109");
    let (n, d) = match name {
        "abx@1" => ((antibiotic && !event.repeat).then_some(event.items), activity),
        "abx@2" => (antibiotic.then_some(event.items), activity),
        "brand@1" => match event.quantity {
            None if drug("0703021Q0") => return MeasurePart::Unknown,
            quantity => (quantity.filter(|_| drug("0703021Q0B")), quantity.filter(|_| drug("0703021Q0"))),
        },
        "doses@1" => match event.adq {
            None if drug("0501") => return MeasurePart::Unknown,
            adq => (adq.filter(|_| drug("0501")), drug("0501").then_some(event.items)),
        },
        "spend@1" => match event.cost {
            None if event.is_prescription => return MeasurePart::Unknown,
            cost => (cost.filter(|_| event.is_prescription), activity),
        },
        "dna@1" => {
            ((event.attendance && event.noshow).then_some(1), (event.attendance && (event.attended || event.noshow)).then_some(1))
        }
        "fft@1" => (event.content.then_some(1), event.is_feedback.then_some(1)),
        // An encounter without minutes is out of both sides.
        "length@1" => (activity.and(event.minutes), activity.filter(|_| event.minutes.is_some())),
        _ => unreachable!("the simulation has no other measure"),
    };
    MeasurePart::Counts(n, d)
}

/// Whether a measure adjusts for its patients.
pub(crate) fn adjusts(name: &str) -> bool {
    name.starts_with("abx") || name.starts_with("dna")
}

/// Whether a measure has a saving.
fn has_saving(name: &str) -> bool {
    name == "brand@1"
}

/// Adds an event to the sums of a measure.
pub(crate) fn contribute(name: &str, event: &CountedFact, to: &mut Numbers) {
    let (n, d) = match sides(name, event) {
        MeasurePart::Counts(None, None) => return,
        _ if event.excluded => {
            to.excluded += 1;
            return;
        }
        MeasurePart::Unknown => {
            to.unknown += 1;
            return;
        }
        MeasurePart::Counts(n, d) => (n, d),
    };
    let id = name.split('@').next().unwrap_or_default();
    let success = if low_is_good(name) { n.is_none() } else { n.is_some() };
    if event.adjusted.iter().any(|measure| measure == id) && !success {
        to.pca += 1;
        return;
    }
    let money = event.quantity.zip(event.cost).filter(|_| has_saving(name));
    for (signed, amount) in to.signed.iter_mut().zip([n, d]) {
        signed.iter_mut().zip(event.signs).for_each(|(sum, sign)| *sum += sign * amount.unwrap_or(0));
    }
    for (by_cell, amount) in to.by_cell.iter_mut().zip([n, d]) {
        if let Some(cell) = event.cell.filter(|_| adjusts(name)) {
            by_cell[cell] += amount.unwrap_or(0);
        }
    }
    if let Some(x) = n {
        to.facts_n += 1;
        to.n += x;
        to.n_squares += i128::from(x) * i128::from(x);
        if let Some((quantity, cost)) = money {
            to.n_quantity += quantity;
            to.n_cost += cost;
        }
    }
    if let Some(x) = d {
        to.facts_d += 1;
        to.d += x;
        to.d_squares += i128::from(x) * i128::from(x);
        if let Some((quantity, cost)) = money {
            to.d_quantity += quantity;
            to.d_cost += cost;
        }
    }
}
