//! The answer of a service to one chunk, as far as a sender reads it. A later version may add fields.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The answer to a request with events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct SentAnswer {
    pub(crate) received: u64,
    #[serde(default)]
    pub(crate) logged: u64,
    #[serde(default)]
    pub(crate) registered: u64,
    #[serde(default)]
    pub(crate) skipped: u64,
    #[serde(default)]
    pub(crate) rejected: u64,
    #[serde(default)]
    pub(crate) events: Vec<AnsweredElement>,
    /// Only in the answer of a dry run.
    pub(crate) dry_run: Option<AnsweredGaps>,
}

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct AnsweredElement {
    #[serde(default)]
    pub(crate) index: u64,
    pub(crate) line: Option<u64>,
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) gaps: Vec<AnsweredGap>,
}

/// A gap behind an element.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct AnsweredGap {
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) detail: String,
}

/// The counts that only a dry run answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct AnsweredGaps {
    pub(crate) dropped_details: BTreeMap<String, u64>,
    pub(crate) rounded_details: BTreeMap<String, u64>,
    pub(crate) impossible_numbers: BTreeMap<String, u64>,
    pub(crate) unknown_fields: u64,
}

/// A refusal, RFC 9457.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct AnsweredProblem {
    pub(crate) detail: String,
}
