//! The filter of `GET /v1/scorecards`: practice, clinician, role, measure, status, and the fields of each card.

use scorecard::card::scorecard::{Scorecard, Status};
use scorecard::measure::measure_set::MeasureSet;

use crate::config::did_you_mean::unknown;
use crate::http::parameters::Parameters;
use crate::http::problem::{ProblemType, Refusal};
use crate::http::subscribe::card_fields::CardFields;
use crate::published_cards::card_key::CardKey;

/// The word for roll-ups in place of a practice, as in explanations.
pub(crate) const ROLL_UPS: &str = "all";

/// The words of states in the parameter `status`.
pub(crate) const STATUS_WORDS: [(&str, Status); 4] = [
    ("provisional", Status::Provisional),
    ("final", Status::Final),
    ("restated", Status::Restated),
    ("withdrawn", Status::Withdrawn),
];

/// A filter of cards.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardFilter {
    pub(crate) clinician: Option<String>,
    practice: Option<String>,
    role: Option<String>,
    statuses: Vec<Status>,
    measures: Vec<String>,
    fields: Option<CardFields>,
}

impl CardFilter {
    /// Reads the filter of a request. A measure or a status that does not exist is refused, because it can match nothing.
    pub(crate) fn read(parameters: &Parameters, measures: &MeasureSet) -> Result<CardFilter, Refusal> {
        let given = |name: &str| parameters.text(name).map(str::to_owned);
        Ok(CardFilter {
            clinician: given("clinician"),
            practice: given("practice").map(|practice| if practice == ROLL_UPS { String::new() } else { practice }),
            role: given("role"),
            statuses: parameters.text("status").map(statuses).transpose()?.unwrap_or_default(),
            measures: parameters.text("measure").map(|text| measure_ids(text, measures)).transpose()?.unwrap_or_default(),
            fields: parameters.text("fields").map(CardFields::parse).transpose()?,
        })
    }

    /// Whether the index alone lets a card through.
    pub(crate) fn admits_key(&self, key: &CardKey, status: Status) -> bool {
        self.practice.as_ref().is_none_or(|practice| *practice == key.practice)
            && self.clinician.as_ref().is_none_or(|clinician| *clinician == key.clinician)
            && (self.statuses.is_empty() || self.statuses.contains(&status))
    }

    /// The card without other measures than the chosen ones; `None` for another role, or without any chosen measure.
    pub(crate) fn admit(&self, mut card: Box<Scorecard>) -> Option<Box<Scorecard>> {
        if self.role.as_ref().is_some_and(|role| *role != card.content.subject.role) {
            return None;
        }
        if self.measures.is_empty() {
            return Some(card);
        }
        card.content.measures.retain(|measure| self.measures.iter().any(|id| **id == *measure.id));
        (!card.content.measures.is_empty()).then_some(card)
    }

    /// The JSON of an admitted card, with the chosen fields.
    pub(crate) fn line(&self, card: &Scorecard) -> String {
        let line = codec::json::record_lines::scorecard(card);
        match &self.fields {
            Some(fields) => fields.of(&line).expect("the JSON that this process wrote is read"),
            None => line,
        }
    }
}

/// States separated by commas.
fn statuses(text: &str) -> Result<Vec<Status>, Refusal> {
    let known = STATUS_WORDS.map(|(word, _)| word);
    let status = |word: &str| {
        let found = STATUS_WORDS.iter().find(|(known, _)| *known == word.trim()).map(|(_, status)| *status);
        found.ok_or_else(|| malformed("status", "status", word.trim(), &known))
    };
    text.split(',').map(status).collect()
}

/// Ids of measures separated by commas.
pub(crate) fn measure_ids(text: &str, measures: &MeasureSet) -> Result<Vec<String>, Refusal> {
    let known: Vec<&str> = measures.measures().iter().map(|measure| measure.definition.id.as_str()).collect();
    let id = |word: &str| match known.contains(&word.trim()) {
        true => Ok(word.trim().to_owned()),
        false => Err(malformed("measure", "measure", word.trim(), &known)),
    };
    text.split(',').map(id).collect()
}

fn malformed(parameter: &str, what: &str, word: &str, known: &[&str]) -> Refusal {
    Refusal::new(ProblemType::MalformedParameter, format!("{parameter} is not valid: {}", unknown(what, word, known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::time::calendar::Month;

    fn filter(query: &str) -> Result<CardFilter, Refusal> {
        let uri = format!("/v1/scorecards?{query}").parse().unwrap();
        let known = ["practice", "clinician", "role", "measure", "status", "fields"];
        CardFilter::read(&Parameters::read(&uri, &known).unwrap(), &crate::input_files::measure_files::built_in())
    }

    fn card() -> Box<Scorecard> {
        let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/scorecard.json"));
        serde_json::from_str(example).unwrap()
    }

    #[test]
    fn a_key_is_admitted_by_clinician_practice_and_status() {
        let key = |practice: &str| CardKey { clinician: "gmc|7".to_owned(), month: Month(24_000), practice: practice.to_owned() };
        let admits = |query: &str, practice: &str| filter(query).unwrap().admits_key(&key(practice), Status::Final);
        assert!(admits("", "A81001") && admits("practice=A81001&clinician=gmc%7C7&status=final,withdrawn", "A81001"));
        assert!(
            !admits("practice=A8100", "A81001") && !admits("clinician=gmc", "A81001") && !admits("status=restated", "A81001")
        );
        assert!(admits("practice=all", "") && !admits("practice=all", "A81001") && !admits("practice=", "A81001"));
    }

    #[test]
    fn a_card_keeps_the_chosen_measures_and_other_roles_are_left_out() {
        let role = card().content.subject.role.clone();
        let first = card().content.measures[0].id.to_string();
        let chosen = filter(&format!("role={role}&measure={first}")).unwrap().admit(card()).unwrap();
        assert_eq!(chosen.content.measures.iter().map(|measure| &*measure.id).collect::<Vec<_>>(), [first]);
        assert!(filter("role=astronaut").unwrap().admit(card()).is_none());
        let line = filter("fields=revision,subject.practice").unwrap().line(&card());
        let practice = card().content.subject.practice;
        assert_eq!(line, format!("{{\"revision\":{},\"subject\":{{\"practice\":\"{practice}\"}}}}", card().revision));
    }

    #[test]
    fn a_word_that_can_match_nothing_is_refused_with_its_cure() {
        for (query, cure) in [
            ("status=finale", "did you mean \"final\"?"),
            ("status=", "known: provisional"),
            ("measure=dna_rat", "did you mean \"dna_rate\"?"),
            ("measure=dna_rate,,", "known: "),
            ("fields=colour", "known: "),
        ] {
            let refused = filter(query).unwrap_err();
            assert!(refused.problem == ProblemType::MalformedParameter && refused.detail.contains(cure), "{query}: {refused:?}");
        }
    }
}
