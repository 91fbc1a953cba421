//! Who is who: persons with their aliases, their roles, organisations and what they belong to. Append-only, effective-dated.

use serde::{Deserialize, Serialize};

/// A person who practises, and every `system|value` under which they appear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Id of the person, the subject of their cards: a `system|value` of their own or any other stable text.
    pub id: String,
    /// `system|value` each; the id itself is always one.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// What a person is at a practice from one day to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Id of the person.
    pub person: String,
    /// Code of the practice.
    pub practice: String,
    /// `gp`, `nurse`, `pharmacist`, `paramedic`, `trainee` or another word.
    pub role: String,
    /// Whether they stand in for somebody.
    #[serde(default)]
    pub locum: bool,
    /// First civil day, `2026-10-05`; none for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last civil day; none for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What an organisation is.
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
    /// What it is.
    pub kind: OrganisationKind,
    /// Code of what it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Setting; `gp` or none is in scope of peer comparison, anything else is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// First civil day on which it was open; none for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<String>,
    /// Last civil day on which it was open; none for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<String>,
}

/// One entry of the registry. A later entry of the same person, (person, practice) or organisation is added, not written over:
/// the newest that is in force on a day decides.
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
    /// What was found, what was expected and the cure.
    pub text: String,
}
