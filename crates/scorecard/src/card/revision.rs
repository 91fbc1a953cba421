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

/// The reasons of a revision: at least one. A revision without a reason cannot be expressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Reason>", into = "Vec<Reason>")]
pub struct Reasons {
    first: Reason,
    others: Vec<Reason>,
}

/// A list without a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a revision without a reason")]
pub struct NoReasonError;

impl Reasons {
    /// One reason.
    #[must_use]
    pub fn one(cause: Cause, events: i64) -> Reasons {
        Reasons { first: Reason { cause, events }, others: Vec::new() }
    }

    /// The reasons in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Reason> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl TryFrom<Vec<Reason>> for Reasons {
    type Error = NoReasonError;

    fn try_from(list: Vec<Reason>) -> Result<Reasons, NoReasonError> {
        let mut list = list.into_iter();
        let first = list.next().ok_or(NoReasonError)?;
        Ok(Reasons { first, others: list.collect() })
    }
}

impl From<Reasons> for Vec<Reason> {
    fn from(reasons: Reasons) -> Vec<Reason> {
        reasons.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_a_reason_is_refused_and_another_keeps_its_order() {
        assert_eq!(Reasons::try_from(Vec::new()), Err(NoReasonError));
        assert!(serde_json::from_str::<Reasons>("[]").is_err());
        let text = r#"[{"cause":"final","events":0},{"cause":"late","events":3}]"#;
        let reasons: Reasons = serde_json::from_str(text).expect("two reasons");
        assert_eq!(reasons.iter().map(|reason| reason.events).collect::<Vec<_>>(), [0, 3]);
        assert_eq!(serde_json::to_string(&reasons).expect("it is small"), text);
    }
}
