//! The entries of the registry: persons with their aliases, roles, leads, organisations, rules of feeds, and withdrawals. The log of
//! entries is append-only and effective-dated.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::{IdScope, Versioning};

/// The first part of the text of a feed as a source.
const FEED_SOURCE: &str = "feed|";
/// The first part of the text of a trusted feed as a source.
const TRUSTED_SOURCE: &str = "trusted|";
/// The text of the operator as a source.
const OPERATOR_SOURCE: &str = "operator";

/// The author of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntrySource {
    /// The operator, with a registry file.
    Operator,
    /// A feed of this name.
    Feed(String),
    /// A feed of this name, through a source with `registry = "trusted"`.
    Trusted(String),
}

impl EntrySource {
    /// The text of records: `operator`, `feed|NAME` or `trusted|NAME`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            EntrySource::Operator => OPERATOR_SOURCE.to_owned(),
            EntrySource::Feed(name) => format!("{FEED_SOURCE}{name}"),
            EntrySource::Trusted(name) => format!("{TRUSTED_SOURCE}{name}"),
        }
    }

    /// The feed; `None` for the operator.
    #[must_use]
    pub fn feed(&self) -> Option<&str> {
        match self {
            EntrySource::Operator => None,
            EntrySource::Feed(name) | EntrySource::Trusted(name) => Some(name),
        }
    }

    /// The source of a text. A text of a later version is a feed's, so that it never counts as the operator's.
    #[must_use]
    pub fn of_text(text: &str) -> EntrySource {
        match (text.strip_prefix(FEED_SOURCE), text.strip_prefix(TRUSTED_SOURCE)) {
            (None, None) if text == OPERATOR_SOURCE => EntrySource::Operator,
            (None, Some(name)) => EntrySource::Trusted(name.to_owned()),
            (name, _) => EntrySource::Feed(name.unwrap_or(text).to_owned()),
        }
    }
}

impl Serialize for EntrySource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for EntrySource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EntrySource, D::Error> {
        Ok(EntrySource::of_text(&String::deserialize(deserializer)?))
    }
}

/// A practising person and every `system|value` under which they appear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Id of the person, the subject of their cards: one of their `system|value` pairs or any other stable text.
    pub id: String,
    /// Their aliases, each as `system|value`. The id itself is always an alias.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The author; `None` in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// The role of a person at a practice over a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Id of the person.
    pub person: String,
    /// Code of the practice.
    pub practice: String,
    /// `gp`, `nurse`, `pharmacist`, `paramedic`, `trainee` or another word. It decides the peer group.
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
    /// The author; `None` in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
    /// References under which events name the role, such as `a81001-emis|PractitionerRole/1`. They lead to the person and to the practice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// The clinical lead of a practice over a period. Only the operator names one; the role still decides the peer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lead {
    /// Id of the person.
    pub person: String,
    /// Code of the practice.
    pub practice: String,
    /// First civil day, such as `2026-10-05`; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last civil day; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The author. A lead of another author than the operator has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// The kind of an organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum OrganisationKind {
    #[default]
    Practice,
    Pcn,
    Locality,
}

/// A practice, a primary care network or a locality.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Setting, a word or a code of [`crate::registry::setting::SETTINGS`]. Only practices with the setting `gp`, or without one, are
    /// compared with peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// First civil day on which it was open; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<String>,
    /// Last civil day on which it was open; unbounded if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<String>,
    /// References under which events name it, such as `a81001-emis|Organization/1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The author; `None` in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

impl Organisation {
    /// Whether the entry states more than its code, its kind and its aliases.
    #[must_use]
    pub fn has_details(&self) -> bool {
        let Organisation { name, parent, setting, open_from, open_until, aliases, .. } = self;
        let texts = [parent, setting, open_from, open_until];
        aliases.is_empty() || !name.is_empty() || texts.into_iter().any(Option::is_some)
    }
}

/// The rules of a feed, fixed at its first event. The first entry of a feed counts, and later ones have no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedRule {
    /// Name of the feed.
    pub feed: String,
    /// The scope of its ids.
    pub ids: IdScope,
    /// The origin of its version numbers.
    pub versioning: Versioning,
    /// The author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// The kinds of data that a feed sends. Only the operator declares them; the last entry of a feed counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSends {
    /// Name of the feed.
    pub feed: String,
    /// Words of [`crate::data_kind::DataKind`]. A kind outside this list is not sent.
    pub sends: Vec<String>,
    /// The author. A declaration of another author than the operator has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// Voids every version of an event that its partition of `events` holds before the fence. The next version counts as if it were the
/// first, whatever its number. Only the operator states one, and its record is in `registry` and in that partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFence {
    /// Name of the feed.
    pub feed: String,
    /// Id of the event, as the log holds it. Where ids are unique for each kind, the events of every kind.
    pub id: String,
    /// The author. A fence of another author than the operator has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// The kind of statement that a withdrawal removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WithdrawnKind {
    /// `alias` of `person`, or of every person without one; with `code`, `alias` of that organisation.
    #[default]
    Alias,
    /// The roles of `person` at `practice`, or only those of the word `role`.
    Role,
    /// The organisation `code`.
    Organisation,
    /// The lead `person` of `practice`.
    Lead,
}

/// Withdraws a statement from a day on, or wholly. Only the operator does so.
///
/// It has effect on the operator's earlier entries, and on entries of other authors before and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The kind of the statement.
    pub withdraws: WithdrawnKind,
    /// Id of the person of an alias, a role or a lead, as the entry names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Code of the practice of a role or a lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<String>,
    /// Word of a role; every role of the person at the practice if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Code of the organisation, also that of an organisation's alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The first civil day without the statement; withdrawn on every day if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The author. A withdrawal of another author than the operator has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<EntrySource>,
}

/// One entry of the registry. A later entry of the same subject is added and replaces nothing: on each day the last entry in force
/// decides, and the operator's entries come before those of feeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each variant is its payload's documentation")]
pub enum Entry {
    Person(Person),
    Role(Role),
    Organisation(Organisation),
    Lead(Lead),
    Feed(FeedRule),
    Withdrawal(Withdrawal),
    Sends(FeedSends),
    Fence(EventFence),
}

impl Entry {
    /// The author; `None` in entries of older versions.
    #[must_use]
    pub fn source(&self) -> Option<&EntrySource> {
        match self {
            Entry::Person(Person { source, .. })
            | Entry::Role(Role { source, .. })
            | Entry::Organisation(Organisation { source, .. })
            | Entry::Lead(Lead { source, .. })
            | Entry::Feed(FeedRule { source, .. })
            | Entry::Withdrawal(Withdrawal { source, .. })
            | Entry::Sends(FeedSends { source, .. })
            | Entry::Fence(EventFence { source, .. }) => source.as_ref(),
        }
    }

    /// The same entry with this author.
    #[must_use]
    pub fn stated_by(mut self, author: EntrySource) -> Entry {
        match &mut self {
            Entry::Person(Person { source, .. })
            | Entry::Role(Role { source, .. })
            | Entry::Organisation(Organisation { source, .. })
            | Entry::Lead(Lead { source, .. })
            | Entry::Feed(FeedRule { source, .. })
            | Entry::Withdrawal(Withdrawal { source, .. })
            | Entry::Sends(FeedSends { source, .. })
            | Entry::Fence(EventFence { source, .. }) => *source = Some(author),
        }
        self
    }

    /// The same entry of a feed, through a source with `registry = "trusted"`.
    #[must_use]
    pub fn trusted(self) -> Entry {
        match self.source() {
            Some(EntrySource::Feed(feed)) => {
                let author = EntrySource::Trusted(feed.clone());
                self.stated_by(author)
            }
            _ => self,
        }
    }

    /// Whether the operator is its author.
    #[must_use]
    pub fn is_operators(&self) -> bool {
        self.source() == Some(&EntrySource::Operator)
    }

    /// Whether the entry can change a card through the registry. The rule of a feed and a lead cannot. A fence changes rows.
    #[must_use]
    pub fn affects_cards(&self) -> bool {
        !matches!(self, Entry::Feed(_) | Entry::Lead(_) | Entry::Fence(_))
    }

    /// The key of its record in the log.
    #[must_use]
    pub fn log_key(&self) -> String {
        match self {
            Entry::Person(person) => format!("person|{}", person.id),
            Entry::Role(role) => format!("role|{}|{}", role.person, role.practice),
            Entry::Organisation(organisation) => format!("organisation|{}", organisation.code),
            Entry::Lead(lead) => format!("lead|{}|{}", lead.person, lead.practice),
            Entry::Feed(rule) => format!("feed|{}", rule.feed),
            Entry::Sends(one) => format!("sends|{}", one.feed),
            Entry::Fence(fence) => format!("fence|{}", fence.feed),
            Entry::Withdrawal(withdrawal) => {
                let Withdrawal { person, code, .. } = withdrawal;
                format!("withdrawal|{}", person.as_deref().or(code.as_deref()).unwrap_or_default())
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_reads_back_and_an_unknown_text_is_never_the_operators() {
        let feeds = ["operator", "a|b", "trusted|a"].map(|name| EntrySource::Feed(name.to_owned()));
        let trusted = ["operator", "a|b", "feed|a"].map(|name| EntrySource::Trusted(name.to_owned()));
        for source in feeds.into_iter().chain(trusted).chain([EntrySource::Operator]) {
            assert_eq!(EntrySource::of_text(&source.text()), source);
        }
        assert_eq!(EntrySource::of_text("admin"), EntrySource::Feed("admin".to_owned()));
    }

    #[test]
    fn an_organisation_with_aliases_alone_has_no_details() {
        let bare = Organisation { code: "A81001".into(), aliases: vec!["f|Organization/1".into()], ..Organisation::default() };
        assert!(!bare.has_details());
        assert!(Organisation { parent: Some("U1".into()), ..bare.clone() }.has_details());
        assert!(Organisation { aliases: Vec::new(), ..bare }.has_details());
    }
}
