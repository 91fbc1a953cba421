//! A request to explain one number of a card, from the command line or HTTP, and its answer from log and index.

use std::sync::PoisonError;

use scorecard::card::scorecard::Scorecard;
use scorecard::fold::explanation::{self, Explanation, MeasureSide};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::time::calendar::Month;
use stream::deployment::Deployment;
use stream::evidence::{EvidenceError, evidence};
use stream::log::{Log, LogError};

use crate::config::did_you_mean::{nearest, shown, unknown};
use crate::published_cards::card_index::{CardIndex, card_at};
use crate::published_cards::card_key::CardKey;
use crate::published_cards::card_store::CardStore;

/// The name of the card over all practices, in place of a practice.
pub const ALL_PRACTICES: &str = "all";

/// The word of a side.
#[must_use]
pub fn side_word(side: MeasureSide) -> &'static str {
    match side {
        MeasureSide::Numerator => "numerator",
        MeasureSide::Denominator => "denominator",
    }
}

/// The number of a card to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainRequest {
    /// Id of the person, or `system|value` without a registry.
    pub clinician: String,
    /// The card's month.
    pub month: Month,
    /// `id` or `id@version`.
    pub measure: String,
    /// Lists only events of this side.
    pub side: Option<MeasureSide>,
    /// Months of the window; `None` for the measure's headline window.
    pub window: Option<u8>,
    /// Revision of the card; `None` for the newest.
    pub revision: Option<u32>,
    /// Practice, or [`ALL_PRACTICES`]; may be `None` if the clinician has one card for the month.
    pub practice: Option<String>,
}

/// A request that cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no such number. The text lists what exists.
    #[error("{0}")]
    NotFound(String),
    /// The request fits several cards. The text names them.
    #[error("{0}")]
    Ambiguous(String),
    /// The events are no longer in the log, or do not add up.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The number cannot be explained.
    #[error(transparent)]
    Unexplained(#[from] explanation::ExplanationError),
    /// The card cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ExplainRequest {
    /// Answers from the log. `wanted` returns whether the client still waits; it is called from time to time.
    ///
    /// # Errors
    /// [`ExplainError`], also if the events do not add up to the card's numbers.
    pub fn answer(
        &self,
        deployment: &Deployment,
        shelf: &CardStore,
        log: &mut impl Log,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Explanation, ExplainError> {
        let measure = self.measure(&deployment.measures)?;
        let place = self.find(&shelf.index.read().unwrap_or_else(PoisonError::into_inner))?;
        let card = card_at(&mut shelf.cards.clone(), place)?;
        let window = self.window.unwrap_or(deployment.measures.measures()[measure].definition.window);
        self.explain(deployment, log, &card, (measure, window), wanted)
    }

    fn explain(
        &self,
        deployment: &Deployment,
        log: &mut impl Log,
        card: &Scorecard,
        (measure, window): (usize, u8),
        wanted: &dyn Fn() -> bool,
    ) -> Result<Explanation, ExplainError> {
        let known = evidence(deployment, log, card, window, wanted)?;
        let mut explanation = explanation::explain(card, &deployment.measures, measure, window, &known)?;
        if let Some(side) = self.side {
            explanation.keep(side);
        }
        Ok(explanation)
    }

    /// The measure's index in its set.
    fn measure(&self, set: &MeasureSet) -> Result<usize, ExplainError> {
        let id = self.measure.split_once('@').map_or(self.measure.as_str(), |(id, _)| id);
        let Some(index) = set.index_of(id) else {
            let known: Vec<&str> = set.measures().iter().map(|measure| measure.definition.id.as_str()).collect();
            return Err(ExplainError::NotFound(unknown("measure", id, &known)));
        };
        let name = set.measures()[index].name();
        match id == self.measure || name == self.measure {
            true => Ok(index),
            false => Err(ExplainError::NotFound(format!(
                "the measures here hold {name}, not {}; ask for {name}, or use the measure files of the other version",
                shown(&self.measure)
            ))),
        }
    }

    fn find(&self, index: &CardIndex) -> Result<crate::published_cards::card_index::RevisionPlace, ExplainError> {
        let cards = index.cards_of(&self.clinician);
        if cards.is_empty() {
            return Err(ExplainError::NotFound(self.no_clinician(index)));
        }
        let of_month: Vec<&CardKey> = cards.iter().copied().filter(|key| key.month == self.month).collect();
        if of_month.is_empty() {
            let mut months: Vec<String> = cards.iter().map(|key| key.month.to_string()).collect();
            months.dedup();
            let (clinician, month) = (shown(&self.clinician), self.month);
            let text = format!("{clinician} has no card for {month}; there are cards for {}", months.join(", "));
            return Err(ExplainError::NotFound(text));
        }
        let key = self.choose(&of_month)?;
        index.place(key, self.revision).ok_or_else(|| {
            let last = index.revisions_of(key);
            let asked = self.revision.unwrap_or(0);
            ExplainError::NotFound(format!("there is no revision {asked} of this card; its revisions are 1 to {last}"))
        })
    }

    /// The selected card of the month.
    fn choose<'k>(&self, of_month: &[&'k CardKey]) -> Result<&'k CardKey, ExplainError> {
        let name = |key: &CardKey| if key.practice.is_empty() { ALL_PRACTICES.to_owned() } else { key.practice.clone() };
        let named: Vec<String> = of_month.iter().map(|key| name(key)).collect();
        let Some(practice) = &self.practice else {
            return match of_month {
                [one] => Ok(one),
                _ => Err(ExplainError::Ambiguous(format!(
                    "{} has several cards for {}; name the practice of one: {}",
                    shown(&self.clinician),
                    self.month,
                    named.join(", ")
                ))),
            };
        };
        let found = of_month.iter().find(|key| name(key) == *practice);
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = named.iter().map(String::as_str).collect();
            ExplainError::NotFound(unknown("card of that month for practice", practice, &known))
        })
    }

    fn no_clinician(&self, index: &CardIndex) -> String {
        let near = nearest(&self.clinician, index.clinicians());
        let hint = near.map_or_else(
            || "write the person's id in the registry, or system|value such as gmc|7012345".to_owned(),
            |near| format!("did you mean {near:?}?"),
        );
        format!("there is no card of {:?}; {hint}", shown(&self.clinician))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(practice: &str) -> CardKey {
        let month = "2026-10".parse().expect("a month");
        CardKey { clinician: "p1".to_owned(), month, practice: practice.to_owned() }
    }

    fn chosen(practice: Option<&str>, keys: &[CardKey]) -> Result<String, String> {
        let request = ExplainRequest {
            clinician: "p1".to_owned(),
            month: keys[0].month,
            measure: "dna_rate".to_owned(),
            side: None,
            window: None,
            revision: None,
            practice: practice.map(str::to_owned),
        };
        let keys: Vec<&CardKey> = keys.iter().collect();
        request.choose(&keys).map(|key| key.practice.clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_practice_selects_one_of_several_cards_and_all_selects_the_roll_up() {
        let several = [key(""), key("A81001"), key("B82002")];
        assert_eq!(chosen(Some("B82002"), &several), Ok("B82002".to_owned()));
        assert_eq!(chosen(Some(ALL_PRACTICES), &several), Ok(String::new()));
        let ambiguous = chosen(None, &several).unwrap_err();
        assert!(ambiguous.ends_with("all, A81001, B82002"), "{ambiguous}");
        assert_eq!(chosen(None, &several[1..2]), Ok("A81001".to_owned()));
        assert!(chosen(Some("A81002"), &several).unwrap_err().contains("did you mean \"A81001\"?"));
    }
}
