//! The entries of the registry: persons with their aliases, their roles, and organisations. Append-only and effective-dated.

use serde::{Deserialize, Serialize};

/// A practising person and every `system|value` under which they appear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Id of the person, the subject of their cards: one of their `system|value` pairs or any other stable text.
    pub id: String,
    /// Their aliases, each as `system|value`. The id itself is always an alias.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// The role of a person at a practice over a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Id of the person.
    pub person: String,
    /// Code of the practice.
    pub practice: String,
    /// `gp`, `nurse`, `pharmacist`, `paramedic`, `trainee` or another word.
    pub role: String,
    /// Whether the person is a locum.
    #[serde(default)]
    pub locum: bool,
    /// First civil day, such as `2026-10-05`; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last civil day; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The kind of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum OrganisationKind {
    Practice,
    Pcn,
    Locality,
}

/// A practice, a primary care network or a locality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// ODS code.
    pub code: String,
    /// Name for people.
    #[serde(default)]
    pub name: String,
    /// Its kind.
    pub kind: OrganisationKind,
    /// Code of the organisation above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Setting. Only practices with the setting `gp`, or without one, are compared with peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// First civil day on which it was open; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<String>,
    /// Last civil day on which it was open; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<String>,
}

/// One entry of the registry. A later entry of the same person, role or organisation is added and replaces nothing: on each day
/// the last entry in force decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant is its payload's documentation")]
pub enum Entry {
    Person(Person),
    Role(Role),
    Organisation(Organisation),
}

/// One mistake of a registry file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct RegistryMistake {
    /// Line of the file, from 1.
    pub line: usize,
    /// The value found, the value expected and the cure.
    pub text: String,
}
