//! The measures of the simulation, in two sets between which a deployment changes, and an independent statement of their sums.
//!
//! The measures are few, so that a history is quick. Together they use every kind of event, amounts, savings, adjustment and
//! repeats.

use std::sync::Arc;

use scorecard::measure::measure_set::MeasureSet;

use crate::simulation::counted_fact::{CountedFact, Numbers};

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

/// One of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetName {
    /// The set with which every deployment begins.
    First,
    /// The set to which it may change: `abx` redefined, `fft` removed, `length` new.
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
                ([("abx", ABX), ("brand", BRAND), ("dna", DNA), ("fft", FFT)], vec!["abx@1", "brand@1", "dna@1", "fft@1"])
            }
            SetName::Second => (
                [("abx", again.as_str()), ("brand", BRAND), ("dna", DNA), ("length", LENGTH)],
                vec!["abx@2", "brand@1", "dna@1", "length@1"],
            ),
        };
        let files: Vec<(String, &str)> = files.iter().map(|(id, text)| (format!("{id}.toml"), *text)).collect();
        let measures = MeasureSet::parse(files.iter().map(|(name, text)| (name.as_str(), *text)));
        Set { measures: Arc::new(measures.expect("the simulation's measures are valid")), names }
    }
}

/// Every measure of both sets.
pub(crate) const ALL_NAMES: [&str; 6] = ["abx@1", "abx@2", "brand@1", "dna@1", "fft@1", "length@1"];

/// Whether a low value is good.
fn low_is_good(name: &str) -> bool {
    !matches!(name, "fft@1" | "length@1")
}

/// Numerator and denominator of an event under a measure; `None` when the event is not in it.
fn sides(name: &str, event: &CountedFact) -> (Option<i64>, Option<i64>) {
    let activity = (event.activity && event.attended).then_some(1);
    let drug = |prefix: &str| event.code.as_deref().is_some_and(|code| code.starts_with(prefix));
    let antibiotic = drug("0501") && !drug("050109");
    match name {
        "abx@1" => ((antibiotic && !event.repeat).then_some(event.items), activity),
        "abx@2" => (antibiotic.then_some(event.items), activity),
        "brand@1" => (drug("0703021Q0B").then_some(event.quantity), drug("0703021Q0").then_some(event.quantity)),
        "dna@1" => {
            ((event.attendance && event.noshow).then_some(1), (event.attendance && (event.attended || event.noshow)).then_some(1))
        }
        "fft@1" => (event.content.then_some(1), event.is_feedback.then_some(1)),
        "length@1" => (activity.map(|_| event.minutes), activity),
        _ => unreachable!("the simulation has no other measure"),
    }
}

/// Whether a measure has a saving.
fn has_saving(name: &str) -> bool {
    name == "brand@1"
}

/// Adds an event to the sums of a measure.
pub(crate) fn contribute(name: &str, event: &CountedFact, to: &mut Numbers) {
    let (n, d) = sides(name, event);
    if n.is_none() && d.is_none() {
        return;
    }
    if event.excluded {
        to.excluded += 1;
        return;
    }
    let id = name.split('@').next().unwrap_or_default();
    let success = if low_is_good(name) { n.is_none() } else { n.is_some() };
    if event.adjusted.iter().any(|measure| measure == id) && !success {
        to.pca += 1;
        return;
    }
    let money = has_saving(name) && event.code.is_some();
    if let Some(x) = n {
        to.facts_n += 1;
        to.n += x;
        to.n_squares += i128::from(x) * i128::from(x);
        if money {
            to.n_quantity += event.quantity;
            to.n_cost += event.cost;
        }
    }
    if let Some(x) = d {
        to.facts_d += 1;
        to.d += x;
        to.d_squares += i128::from(x) * i128::from(x);
        if money {
            to.d_quantity += event.quantity;
            to.d_cost += event.cost;
        }
    }
}
