//! Measures as reviewed files: what is counted over what, for whom it is good, and how it is compared. One TOML file a measure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::bnf::{BadFilter, BnfFilter};
use crate::event::{Answer, Attendance, Category, Mode};

/// Decides the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Part of a whole, binomial.
    Proportion,
    /// Events per exposure, Poisson.
    Rate,
    /// Mean of an amount.
    Mean,
    /// Share of an amount.
    Share,
    /// Amount per exposure, compound Poisson.
    Amount,
}

/// The part of the card it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Domain {
    Clinical,
    Perception,
    Resource,
}

/// The giant it fights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Giant {
    Waste,
    Variation,
    Inefficiency,
}

/// Which values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Direction {
    Low,
    High,
    None,
}

/// Which contribution of a fact a side looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Whether the patient came: one an encounter, on its slot's day.
    Attendance,
    /// What was done: one an attended encounter.
    Activity,
    /// One a prescription event.
    Prescription,
    /// One a feedback event.
    Feedback,
    /// One an order.
    Order,
}

/// What a matching fact adds to its side. Sums are integers in the unit named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amount {
    /// 1.
    Count,
    /// Items.
    Items,
    /// Quantity in thousandths.
    Quantity,
    /// Cost in pence.
    Cost,
    /// Average daily quantities in thousandths.
    Adq,
    /// Minutes.
    Minutes,
    /// Quantity times the code's weight, in millionths.
    Weight,
}

impl Amount {
    /// How many of its integer units make one: 1000 for a quantity.
    #[must_use]
    pub fn units(self) -> i64 {
        match self {
            Amount::Count | Amount::Items | Amount::Cost | Amount::Minutes => 1,
            Amount::Quantity | Amount::Adq => 1_000,
            Amount::Weight => 1_000_000,
        }
    }

    /// The name of its integer unit in outputs.
    #[must_use]
    pub fn unit_name(self) -> &'static str {
        match self {
            Amount::Count => "count",
            Amount::Items => "items",
            Amount::Quantity => "quantity_milli",
            Amount::Cost => "pence",
            Amount::Adq => "adq_milli",
            Amount::Minutes => "minutes",
            Amount::Weight => "weight_micro",
        }
    }
}

/// A threshold on the quantity of one item, by code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Over {
    /// BNF filter elements.
    pub codes: Vec<String>,
    /// More than this many an item.
    pub quantity: f64,
}

/// What a numerator or a denominator counts, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideDefinition {
    /// Which contribution of a fact it looks at.
    pub event: Class,
    /// What a fact adds.
    #[serde(default = "count")]
    pub amount: Amount,
    /// BNF filter; none takes every code, unmapped ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Only items whose quantity an item is above the threshold of their code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Over>,
    /// Weight of one unit of quantity, by exact code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Only generic prescribing: characters 10 and 11 of the code are `AA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generic: Option<bool>,
    /// Only repeats, or only what is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<bool>,
    /// Only these modes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<Mode>,
    /// Only these statuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Attendance>,
    /// Only minutes from and to, both included; a fact without minutes does not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<[u16; 2]>,
    /// Only this many days between booking and slot, both included; a fact without booking does not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_days: Option<[i32; 2]>,
    /// Only these answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Only feedback that answers this question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Only feedback whose answer to `question` is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_answer: Option<String>,
    /// Only these categories of order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
}

fn count() -> Amount {
    Amount::Count
}

/// Points of the personal QOF.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// How many can be had.
    pub available: f64,
    /// Value at which points begin, in the measure's unit. Lower above upper means that low is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Value from which all points are had. Without thresholds those of the network's previous quarter are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// How money that could be saved is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// Own unit prices, the quantity split anew at the peers' target ratio.
    Ratio,
    /// Cost above the peers' target cost per exposure.
    PerExposure,
    /// Cost above the peers' target price of a unit.
    PricePerUnit,
}

/// One measure, as its file says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its id, the file's name.
    pub id: String,
    /// Grows when its meaning changes.
    pub version: u32,
    /// A plain question.
    pub title: String,
    /// Decides the statistics.
    pub kind: Kind,
    /// The part of the card it stands in.
    pub domain: Domain,
    /// The giant it fights, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giant: Option<Giant>,
    /// The unit of its value, such as `%`.
    pub unit: String,
    /// Value = numerator / denominator x scale.
    pub scale: f64,
    /// Which values are good.
    pub direction: Direction,
    /// Months of the headline window: 3 or 12.
    #[serde(default = "twelve")]
    pub window: u8,
    /// Least number of facts in the denominator.
    #[serde(default = "ten")]
    pub minimum: u32,
    /// Suppressed when more than this share of encounters, in percent, has an unknown status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_status_limit_percent: Option<u8>,
    /// What is counted.
    pub numerator: SideDefinition,
    /// Over what.
    pub denominator: SideDefinition,
    /// Points of the personal QOF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// How money that could be saved is estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// Why it matters, for a clinician.
    pub rationale: String,
    /// Where it comes from.
    pub source: String,
    /// What changed with each version, newest first.
    pub changes: Vec<String>,
}

fn twelve() -> u8 {
    12
}

fn ten() -> u32 {
    10
}

/// What a side counts, ready to be matched.
#[derive(Clone, Debug)]
pub struct Side {
    /// As written.
    pub definition: SideDefinition,
    codes: Option<BnfFilter>,
    over: Vec<(BnfFilter, u64)>,
    weights: BTreeMap<String, u32>,
}

/// What a code means for a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeMatch {
    /// Only when the quantity of one item, in thousandths, is above this.
    pub over_milli: Option<u64>,
    /// Weight of one unit of quantity, in thousandths.
    pub weight_milli: u32,
}

impl Side {
    fn new(definition: &SideDefinition) -> Result<Side, Fault> {
        let filter = |codes: &[String]| BnfFilter::parse(codes.iter().map(String::as_str)).map_err(Fault::Filter);
        let codes = if definition.codes.is_empty() { None } else { Some(filter(&definition.codes)?) };
        let over = definition
            .over
            .iter()
            .map(|o| Ok((filter(&o.codes)?, u64::from(thousandths(o.quantity)?))))
            .collect::<Result<_, Fault>>()?;
        let weights = definition
            .weights
            .iter()
            .map(|(code, weight)| Ok((code.clone(), thousandths(*weight)?)))
            .collect::<Result<_, Fault>>()?;
        Ok(Side { definition: definition.clone(), codes, over, weights })
    }

    /// What this code means here, `None` when it does not belong to the side. `None` for the code is an unmapped drug.
    #[must_use]
    pub fn match_code(&self, code: Option<&str>) -> Option<CodeMatch> {
        let free = self.codes.is_none() && self.over.is_empty() && self.weights.is_empty() && self.definition.generic.is_none();
        let Some(code) = code else {
            return free.then_some(CodeMatch { over_milli: None, weight_milli: 0 });
        };
        if self.codes.as_ref().is_some_and(|codes| !codes.matches(code)) {
            return None;
        }
        if self.definition.generic.is_some_and(|generic| generic != is_generic(code)) {
            return None;
        }
        let over_milli = match self.over.iter().find(|(codes, _)| codes.matches(code)) {
            Some((_, quantity)) => Some(*quantity),
            None if self.over.is_empty() => None,
            None => return None,
        };
        let weight_milli = match self.weights.get(code) {
            Some(weight) => *weight,
            None if self.weights.is_empty() => 0,
            None => return None,
        };
        Some(CodeMatch { over_milli, weight_milli })
    }
}

/// Characters 10 and 11 of a generic presentation are `AA`.
fn is_generic(code: &str) -> bool {
    code.get(9..11) == Some("AA")
}

/// A decimal of a measure file in thousandths.
fn thousandths(value: f64) -> Result<u32, Fault> {
    let scaled = value * 1000.0;
    if !(0.0..=4_000_000_000.0).contains(&scaled) || (scaled - scaled.round()).abs() > 1e-6 {
        return Err(Fault::Decimal(value.to_string()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was just checked")]
    Ok(scaled.round() as u32)
}

/// One measure, ready for counting.
#[derive(Clone, Debug)]
pub struct Measure {
    /// As its file says it.
    pub definition: Definition,
    /// What is counted.
    pub numerator: Side,
    /// Over what.
    pub denominator: Side,
}

impl Measure {
    /// Value in the measure's unit of a numerator and a denominator in integer units; `None` when there is nothing to divide by.
    #[must_use]
    pub fn value(&self, n: i64, d: i64) -> Option<f64> {
        (d != 0).then(|| self.value_of_ratio(n as f64 / d as f64))
    }

    /// Value in the measure's unit of a ratio of integer units.
    #[must_use]
    pub fn value_of_ratio(&self, ratio: f64) -> f64 {
        let units = self.denominator.definition.amount.units() as f64 / self.numerator.definition.amount.units() as f64;
        ratio * units * self.definition.scale
    }

    /// `id@version`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.definition.id, self.definition.version)
    }
}

/// Fingerprint of a measure set: XXH3-128 over what its definitions count, not over their prose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetHash(pub u128);

impl std::fmt::Display for SetHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The measures of a deployment in order of their ids.
#[derive(Clone, Debug)]
pub struct MeasureSet {
    measures: Vec<Arc<Measure>>,
    hash: SetHash,
}

/// A measure file that cannot be taken. `file` is its name, the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct BadMeasure {
    /// The file's name.
    pub file: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a measure file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Not TOML, or a field that is missing, unknown or of the wrong type; the text carries line and column.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A filter element that cannot be read.
    #[error("{0}")]
    Filter(#[from] BadFilter),
    /// A decimal with more than three places, negative or too large.
    #[error("{0} cannot be held in thousandths; write a number from 0 to 4000000 with at most three decimals")]
    Decimal(String),
    /// Two files define one measure.
    #[error("measure {0:?} is defined twice; give one of them another id")]
    Twice(String),
    /// A combination that has no meaning.
    #[error("{0}")]
    Meaning(String),
}

impl MeasureSet {
    /// Reads measure files: (file name, text) each.
    ///
    /// # Errors
    /// [`BadMeasure`] for the first file that cannot be taken.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<MeasureSet, BadMeasure> {
        let mut by_id = BTreeMap::new();
        for (file, text) in files {
            let bad = |fault| BadMeasure { file: file.to_owned(), fault };
            let measure = parse_one(text).map_err(bad)?;
            let id = measure.definition.id.clone();
            if by_id.insert(id.clone(), Arc::new(measure)).is_some() {
                return Err(bad(Fault::Twice(id)));
            }
        }
        let measures: Vec<Arc<Measure>> = by_id.into_values().collect();
        let hash = fingerprint(&measures);
        Ok(MeasureSet { measures, hash })
    }

    /// The measures in order of their ids; the index is the measure's place in [`crate::sums::Sums`].
    #[must_use]
    pub fn measures(&self) -> &[Arc<Measure>] {
        &self.measures
    }

    /// The set's fingerprint.
    #[must_use]
    pub fn hash(&self) -> SetHash {
        self.hash
    }

    /// The index of the measure with this id.
    #[must_use]
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.measures.binary_search_by(|m| m.definition.id.as_str().cmp(id)).ok()
    }
}

fn parse_one(text: &str) -> Result<Measure, Fault> {
    let definition: Definition = toml::from_str(text)?;
    check(&definition)?;
    let numerator = Side::new(&definition.numerator)?;
    let denominator = Side::new(&definition.denominator)?;
    Ok(Measure { definition, numerator, denominator })
}

fn check(definition: &Definition) -> Result<(), Fault> {
    let wrong = |text: String| Err(Fault::Meaning(text));
    let named = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if definition.id.is_empty() || definition.id.len() > 40 || !definition.id.bytes().all(named) {
        return wrong(format!("id {:?} is not 1 to 40 of a-z, 0-9 and _", definition.id));
    }
    if ![3, 12].contains(&definition.window) {
        return wrong(format!("window {} is neither 3 nor 12 months", definition.window));
    }
    if !(definition.scale.is_finite() && definition.scale > 0.0) {
        return wrong(format!("scale {} is not a number above 0", definition.scale));
    }
    for (name, side) in [("numerator", &definition.numerator), ("denominator", &definition.denominator)] {
        check_side(name, side)?;
    }
    match definition.points {
        Some(Points { available, .. }) if !(available.is_finite() && available > 0.0) => {
            wrong(format!("points.available {available} is not a number above 0"))
        }
        Some(Points { lower: Some(lower), upper: Some(upper), .. }) if lower == upper => {
            wrong(format!("points.lower and points.upper are both {lower}; between them points are earned"))
        }
        Some(Points { lower: Some(_), upper: None, .. } | Points { lower: None, upper: Some(_), .. }) => {
            wrong("points need both lower and upper, or neither".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_side(name: &str, side: &SideDefinition) -> Result<(), Fault> {
    let wrong = |text: &str| Err(Fault::Meaning(format!("{name}: {text}")));
    let drug = side.event == Class::Prescription;
    let encounter = matches!(side.event, Class::Activity | Class::Attendance);
    let uses_drug = !side.codes.is_empty()
        || !side.over.is_empty()
        || !side.weights.is_empty()
        || side.generic.is_some()
        || side.repeat.is_some()
        || matches!(side.amount, Amount::Items | Amount::Quantity | Amount::Cost | Amount::Adq | Amount::Weight);
    if uses_drug && !drug {
        return wrong("codes, over, weights, generic, repeat and amounts of drugs need event = \"prescription\"");
    }
    let uses_encounter = !side.modes.is_empty() || !side.statuses.is_empty() || side.lag_days.is_some();
    if (uses_encounter || side.minutes.is_some() || side.amount == Amount::Minutes) && !encounter {
        return wrong("modes, statuses, minutes and lag_days need event = \"attendance\" or \"activity\"");
    }
    if (!side.answers.is_empty() || side.question.is_some()) && side.event != Class::Feedback {
        return wrong("answers and question need event = \"feedback\"");
    }
    if side.top_answer.is_some() && side.question.is_none() {
        return wrong("top_answer needs a question");
    }
    if !side.categories.is_empty() && side.event != Class::Order {
        return wrong("categories need event = \"order\"");
    }
    if (side.amount == Amount::Weight) == side.weights.is_empty() {
        return wrong("amount = \"weight\" and a table of weights belong together");
    }
    Ok(())
}

fn fingerprint(measures: &[Arc<Measure>]) -> SetHash {
    let mut text = String::new();
    for measure in measures {
        let bare = Definition {
            title: String::new(),
            rationale: String::new(),
            source: String::new(),
            changes: Vec::new(),
            ..measure.definition.clone()
        };
        text.push_str(&toml::to_string(&bare).expect("a definition that was read can be written"));
        text.push('\0');
    }
    SetHash(xxh3_128(text.as_bytes()))
}
