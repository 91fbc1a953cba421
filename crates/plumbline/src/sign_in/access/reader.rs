//! A reader of pages: one person in one role.

use std::collections::BTreeSet;

/// The role in which somebody reads. A person with several roles reads each page in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReaderRole {
    /// The clinician, who reads their own card.
    Own,
    /// The clinical lead of practices.
    Lead,
    /// The lead of a locality, who sees no names.
    LocalityLead,
    /// An analyst of aggregates.
    Analyst,
    /// The administrator of the service.
    Administrator,
    /// The auditor of the access log.
    Auditor,
}

impl ReaderRole {
    /// All of them.
    pub const ALL: [ReaderRole; 6] = [
        ReaderRole::Own,
        ReaderRole::Lead,
        ReaderRole::LocalityLead,
        ReaderRole::Analyst,
        ReaderRole::Administrator,
        ReaderRole::Auditor,
    ];

    /// Its word, as commands, the configuration and the access log have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ReaderRole::Own => "self",
            ReaderRole::Lead => "lead",
            ReaderRole::LocalityLead => "locality",
            ReaderRole::Analyst => "analyst",
            ReaderRole::Administrator => "administrator",
            ReaderRole::Auditor => "auditor",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<ReaderRole> {
        ReaderRole::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// A person in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Id of the person. A demonstration has readers who are nobody in particular.
    pub person: Option<String>,
    /// Their role.
    pub role: ReaderRole,
    /// The practices of the role on the day of the request: those of the clinician's cards, those that a lead leads on this day, or
    /// those of the locality.
    pub practices: BTreeSet<String>,
}
