//! Names, logins and contacts of persons: the records of `people`. They never change a card, and the log of entries never holds them.

use serde::{Deserialize, Serialize};

/// How a person is notified of a new card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notification {
    /// By mail, where `email` is set.
    #[default]
    Email,
    /// Not at all.
    None,
}

/// The details of one person. The newest record of a person counts; an erasure leaves a tombstone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonDetails {
    /// Id of the person: the subject of their cards, and the key of the record.
    pub person: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Subject of their sign-in at the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Address for mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The choice of notification; `None` without a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notification>,
}

impl PersonDetails {
    /// Whether it states nothing about the person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let PersonDetails { person: _, name, login, email, notify } = self;
        name.is_none() && login.is_none() && email.is_none() && notify.is_none()
    }
}
