//! A map as its file writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::map::native_shape::RecordKind;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MapText {
    /// The version of the form: 1.
    pub(crate) map: u32,
    pub(crate) name: String,
    /// The zone of dates and times without an offset.
    pub(crate) zone: Option<String>,
    /// The decimal mark of numbers.
    pub(crate) decimal: Option<char>,
    #[serde(default)]
    pub(crate) files: FormText,
    #[serde(default)]
    pub(crate) lookups: BTreeMap<String, LookupText>,
    #[serde(default)]
    pub(crate) tables: Vec<TableText>,
    #[serde(default)]
    pub(crate) examples: Vec<ExampleText>,
}

/// The form of files. A look-up or a table may differ from the map's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormText {
    pub(crate) separator: Option<String>,
    pub(crate) quote: Option<bool>,
    pub(crate) encoding: Option<String>,
    pub(crate) header: Option<Vec<String>>,
}

/// A file that is held in memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupText {
    pub(crate) file: String,
    pub(crate) key: OneOrMore,
    pub(crate) columns: Vec<String>,
    #[serde(default)]
    pub(crate) skip: Vec<ConditionText>,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) form: FormText,
}

/// A file whose rows become records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableText {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) gives: RecordKind,
    #[serde(default)]
    pub(crate) skip: Vec<ConditionText>,
    #[serde(default)]
    pub(crate) retract: Vec<ConditionText>,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) form: FormText,
    pub(crate) fields: toml::Table,
}

/// A condition on a row.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionText {
    pub(crate) from: Option<String>,
    /// The value is one of these.
    pub(crate) is: Option<Vec<String>>,
    /// The value is none of these. An empty one is none of them.
    pub(crate) not: Option<Vec<String>>,
    /// The value is empty, or a key on the way is not found.
    pub(crate) empty: Option<bool>,
    /// All of these hold.
    #[serde(default)]
    pub(crate) all: Vec<ConditionText>,
}

/// An example: a row and the record that it gives.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleText {
    pub(crate) table: String,
    pub(crate) row: BTreeMap<String, String>,
    /// Rows of look-ups.
    #[serde(default)]
    pub(crate) lookups: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// The record as JSON, `skipped` or `faulty`.
    pub(crate) gives: String,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    pub(crate) fn list(&self) -> &[String] {
        match self {
            OneOrMore::One(text) => std::slice::from_ref(text),
            OneOrMore::More(texts) => texts,
        }
    }
}

/// A field that is more than a chain.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldText {
    /// Chains; the first with a value counts.
    pub(crate) from: Option<OneOrMore>,
    /// A column whose name holds `>`, `+` or blanks at its ends.
    pub(crate) column: Option<String>,
    /// A constant.
    pub(crate) value: Option<toml::Value>,
    /// The meaning of each value of the chain.
    pub(crate) values: Option<toml::Table>,
    /// The meaning of an absent value, and of one that `values` does not list.
    #[serde(rename = "else")]
    pub(crate) otherwise: Option<toml::Value>,
    /// The meaning of any value of the chain.
    pub(crate) present: Option<toml::Value>,
    /// A factor.
    pub(crate) times: Option<toml::Value>,
    /// The decimal mark.
    pub(crate) decimal: Option<char>,
    /// Text before the value.
    pub(crate) prefix: Option<String>,
    /// The chain of a date, or of a date with time.
    pub(crate) date: Option<String>,
    /// The chain of a time.
    pub(crate) time: Option<String>,
    /// The form of `date`.
    pub(crate) form: Option<String>,
    /// The form of `time`.
    pub(crate) time_form: Option<String>,
    pub(crate) zone: Option<String>,
}
