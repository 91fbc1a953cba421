//! A measure as its file says it. One TOML file a measure, reviewed; the field names here are those of the file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Answer, Attendance, Category, Mode};
use crate::measure::amount::Amount;
use crate::measure::kind::kinds::Kind;

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
    /// Answers to these questions are counted, whatever they are; amount `answers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Of each question the answer that is counted, the most positive one; amount `answers`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub top_answers: BTreeMap<String, String>,
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
    /// Events with what they must add, for `plumbline measures test`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// One event and what it must add to the measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub says: String,
    /// A native event as a table. Feed, id, time, clinician, practice and the system of a BNF code may be left out.
    pub event: serde_json::Value,
    /// What it adds to the numerator, in the side's integer unit (pence, thousandths); 0 when it is not in it.
    #[serde(default)]
    pub numerator: i64,
    /// What it adds to the denominator.
    #[serde(default)]
    pub denominator: i64,
    /// 1 where the patient's adjustment leaves it out.
    #[serde(default)]
    pub pca: i64,
    /// 1 where it is left out as administrative or of a test patient.
    #[serde(default)]
    pub excluded: i64,
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
        }
    }
}

impl Definition {
    /// A clinical measure with the defaults of a measure file: version 1, scale 1, low is good, 12 months, at least 10 facts.
    #[must_use]
    pub fn new(id: &str, kind: Kind, numerator: SideDefinition, denominator: SideDefinition) -> Definition {
        Definition {
            id: id.to_owned(),
            version: 1,
            title: "?".to_owned(),
            kind,
            domain: Domain::Clinical,
            giant: None,
            unit: String::new(),
            scale: 1.0,
            direction: Direction::Low,
            window: twelve(),
            minimum: ten(),
            unknown_status_limit_percent: None,
            numerator,
            denominator,
            points: None,
            saving: None,
            rationale: String::new(),
            source: String::new(),
            changes: Vec::new(),
            examples: Vec::new(),
        }
    }
}

fn twelve() -> u8 {
    12
}

fn ten() -> u32 {
    10
}
