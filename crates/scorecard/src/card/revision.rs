//! The state of a card's month, and the reasons of a revision.

use serde::{Deserialize, Serialize};

/// The state of a card's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// More events are expected.
    Provisional,
    /// Recomputed once against the peers that were frozen.
    Final,
    /// Recomputed after that because of its own events, its attribution or its measures.
    Restated,
    /// No events are left in it.
    Withdrawn,
}

/// The cause of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The first revision.
    First,
    /// Events that arrived after the last revision.
    Late,
    /// Events that were amended.
    Amended,
    /// Events that were retracted.
    Retracted,
    /// The registry maps the clinician to another person.
    Attribution,
    /// The measures changed.
    DefinitionChange,
    /// The month became final.
    Final,
    /// A gap in the data appeared or was filled, a kind of event began to be sent, or a reference of an event was resolved later.
    Coverage,
}

impl Cause {
    /// The word for a cause in the data.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Cause::First => "first",
            Cause::Late => "late",
            Cause::Amended => "amended",
            Cause::Retracted => "retracted",
            Cause::Attribution => "attribution",
            Cause::DefinitionChange => "definition_change",
            Cause::Final => "final",
            Cause::Coverage => "coverage",
        }
    }
}

/// One reason of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The cause.
    pub cause: Cause,
    /// Number of events; 0 where the cause is not about events.
    pub events: i64,
}
