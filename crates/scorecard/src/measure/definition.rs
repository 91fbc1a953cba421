//! The definition of a measure. Each measure is one reviewed TOML file; the field names here are those of the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Answer, Attendance, Category, Mode};
use crate::measure::absent::{AbsentField, AbsentRules};
use crate::measure::amount::Amount;
use crate::measure::kind::kinds::Kind;

/// The classification of drug codes of measures that name none.
pub const DEFAULT_CLASSIFICATION: &str = "bnf";

/// The part of the card that shows a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Domain {
    Clinical,
    Perception,
    Resource,
}

/// The problem that a measure addresses, after Wennberg's three giants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Giant {
    Waste,
    Variation,
    Inefficiency,
}

/// The values that are good: low, high, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the contract's and say it all")]
pub enum Direction {
    Low,
    High,
    None,
}

/// The contributions of facts that a side counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Attendance: one for each encounter, on the day of its slot.
    Attendance,
    /// Activity: one for each attended encounter.
    Activity,
    /// One for each prescription event.
    Prescription,
    /// One for each feedback event.
    Feedback,
    /// One for each order.
    Order,
}

/// A threshold for the quantity of one item of these codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Over {
    /// BNF filter elements.
    pub codes: Vec<String>,
    /// Only items with a larger quantity match.
    pub quantity: f64,
}

/// The definition of a numerator or a denominator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideDefinition {
    /// The contributions that it counts.
    pub event: Class,
    /// The amount that a fact adds.
    #[serde(default = "count")]
    pub amount: Amount,
    /// BNF filter. Without elements every code matches, unmapped drugs included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Only prescriptions whose quantity of one item is above the threshold of their code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Over>,
    /// Weight of one unit of quantity by full code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Only generic prescribing: characters 10 and 11 of the code are `AA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generic: Option<bool>,
    /// Only repeats, or only others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<bool>,
    /// Only these modes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<Mode>,
    /// Only these statuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Attendance>,
    /// Only facts with minutes in this range, both ends included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<[u16; 2]>,
    /// Only facts with days from booking to slot in this range, both ends included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_days: Option<[i32; 2]>,
    /// Only these answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Only feedback with an answer to this question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Only feedback with this answer to `question`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_answer: Option<String>,
    /// Counts all answers to these questions; needs the amount `answers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Counts only this answer to each question, the most positive one; needs the amount `answers`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub top_answers: BTreeMap<String, String>,
    /// Only these categories of order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// The treatment of events that lack a field which the side needs.
    #[serde(default, skip_serializing_if = "AbsentRules::is_default")]
    pub absent: AbsentRules,
}

fn count() -> Amount {
    Amount::Count
}

/// Points of the personal QOF.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Maximum points.
    pub available: f64,
    /// Value at which points begin, in the measure's unit. If it is above `upper`, low values are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Value that earns all points. Without both thresholds, those of the network's previous quarter apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
}

/// The method that estimates a saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// Splits the own quantity at the peers' target ratio, at own prices of a unit.
    Ratio,
    /// Cost above the peers' target cost per exposure.
    PerExposure,
    /// Cost above the peers' target price of a unit.
    PricePerUnit,
}

/// One measure as defined in its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Its id, equal to the file's name.
    pub id: String,
    /// Increases when its meaning changes.
    pub version: u32,
    /// Its title: a plain question.
    pub title: String,
    /// Its short name, at most 36 characters. Without one, cards show the id in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
    /// Its kind, which decides the statistics.
    pub kind: Kind,
    /// The classification of the drug codes of its filters, such as `atc`; without one the BNF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// The part of the card that shows it.
    pub domain: Domain,
    /// The problem that it addresses, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giant: Option<Giant>,
    /// The unit of its value, such as `%`.
    pub unit: String,
    /// Value = numerator / denominator x scale.
    pub scale: f64,
    /// The values that are good.
    pub direction: Direction,
    /// Months of the headline window: 3 or 12.
    #[serde(default = "twelve")]
    pub window: u8,
    /// Minimum number of facts in the denominator.
    #[serde(default = "ten")]
    pub minimum: u32,
    /// Share in percent of unmapped items, of facts without a needed field, and of the denominator in months that are not sent, above
    /// which the measure is suppressed; 10 if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_limit_percent: Option<u8>,
    /// The same limit for encounters with an unknown status; `unknown_limit_percent` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_status_limit_percent: Option<u8>,
    /// The numerator.
    pub numerator: SideDefinition,
    /// The denominator.
    pub denominator: SideDefinition,
    /// Points of the personal QOF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// The method that estimates its saving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// The properties of patients for which the expected value is adjusted: `age` and `sex`, or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjust: Vec<String>,
    /// A standard from outside, in the measure's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<f64>,
    /// Whether the clinician alone decides most of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub controllable: bool,
    /// Actions of a clinician, each an imperative; the first is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Id of the measure to watch with it, because an action may harm it. Pages link to it; no number depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balancing: Option<String>,
    /// Whether it is on trial: for the clinician's own eyes, without points.
    #[serde(default, skip_serializing_if = "is_false")]
    pub trial: bool,
    /// The reason why it matters, for a clinician.
    pub rationale: String,
    /// Its source.
    pub source: String,
    /// The change in each version, newest first.
    pub changes: Vec<String>,
    /// Example events with their expected contributions, for `plumbline measures test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// One event with its expected contribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The point that it shows.
    pub says: String,
    /// A native event as a table. Feed, id, time, clinician, practice and the system of a BNF code are optional.
    pub event: serde_json::Value,
    /// Expected amount in the numerator, in the side's integer unit, such as pence or thousandths; 0 if it is not part of it.
    #[serde(default)]
    pub numerator: i64,
    /// Expected amount in the denominator.
    #[serde(default)]
    pub denominator: i64,
    /// 1 if the patient's adjustment leaves it out.
    #[serde(default)]
    pub pca: i64,
    /// 1 if it is left out as an administrative entry or a test patient.
    #[serde(default)]
    pub excluded: i64,
    /// 1 if it lacks a field that a side counts.
    #[serde(default)]
    pub unknown: i64,
}

impl SideDefinition {
    /// A side that counts every fact of this class, with no filter.
    #[must_use]
    pub fn new(event: Class, amount: Amount) -> SideDefinition {
        SideDefinition {
            event,
            amount,
            codes: Vec::new(),
            over: Vec::new(),
            weights: BTreeMap::new(),
            generic: None,
            repeat: None,
            modes: Vec::new(),
            statuses: Vec::new(),
            minutes: None,
            lag_days: None,
            answers: Vec::new(),
            question: None,
            top_answer: None,
            questions: Vec::new(),
            top_answers: BTreeMap::new(),
            categories: Vec::new(),
            absent: AbsentRules::default(),
        }
    }

    /// Whether the side needs this field, for its amount or for a filter.
    #[must_use]
    pub fn needs(&self, field: AbsentField) -> bool {
        match field {
            AbsentField::Code => {
                !self.codes.is_empty() || !self.over.is_empty() || !self.weights.is_empty() || self.generic.is_some()
            }
            AbsentField::Cost => self.amount == Amount::Cost,
            AbsentField::Adq => self.amount == Amount::Adq,
            AbsentField::Quantity => matches!(self.amount, Amount::Quantity | Amount::Weight) || !self.over.is_empty(),
            AbsentField::Minutes => self.amount == Amount::Minutes || self.minutes.is_some(),
            AbsentField::LagDays => self.lag_days.is_some(),
        }
    }
}

impl Definition {
    /// The short name on cards: that of the file, else the id in words.
    #[must_use]
    pub fn short_name(&self) -> String {
        self.short.clone().unwrap_or_else(|| {
            let words = self.id.replace('_', " ");
            let mut letters = words.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        })
    }

    /// Whether the expected value is adjusted for age and sex of the patients.
    #[must_use]
    pub fn is_adjusted(&self) -> bool {
        !self.adjust.is_empty()
    }

    /// The classification of its drug codes.
    #[must_use]
    pub fn drug_classification(&self) -> &str {
        self.classification.as_deref().unwrap_or(DEFAULT_CLASSIFICATION)
    }

    /// The classification that its filters need; `None` if no filter reads a drug code.
    #[must_use]
    pub fn needed_classification(&self) -> Option<&str> {
        let needs = [&self.numerator, &self.denominator].iter().any(|side| side.needs(AbsentField::Code));
        needs.then(|| self.drug_classification())
    }

    /// A clinical measure with the defaults of a measure file: version 1, scale 1, low is good, 12 months, at least 10 facts.
    #[must_use]
    pub fn new(id: &str, kind: Kind, numerator: SideDefinition, denominator: SideDefinition) -> Definition {
        Definition {
            id: id.to_owned(),
            version: 1,
            title: "?".to_owned(),
            short: None,
            kind,
            classification: None,
            domain: Domain::Clinical,
            giant: None,
            unit: String::new(),
            scale: 1.0,
            direction: Direction::Low,
            window: twelve(),
            minimum: ten(),
            unknown_limit_percent: None,
            unknown_status_limit_percent: None,
            numerator,
            denominator,
            points: None,
            saving: None,
            adjust: Vec::new(),
            standard: None,
            controllable: false,
            actions: Vec::new(),
            balancing: None,
            trial: false,
            rationale: String::new(),
            source: String::new(),
            changes: Vec::new(),
            examples: Vec::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

fn twelve() -> u8 {
    12
}

fn ten() -> u32 {
    10
}
