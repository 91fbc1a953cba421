//! QuestionnaireResponses: feedback. The configuration names the questions to read; no other answer and no free text enters the log.

use std::borrow::Cow;

use scorecard::event::{Action, Answer, Detail, Event, Feedback};

use crate::fault::{Fault, Field};
use crate::formats::decoder_config::QuestionnaireMap;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Head, QuestionAnswer, QuestionItem, QuestionnaireResponseResource};
use crate::formats::native::last_of_each;
use crate::json::native_event::ANSWERS;
use crate::json::object::{List, Node, Pair, Raw, Scalar};
use crate::json::text::{LIST_ITEMS, TEXT_BYTES, unprotected};

/// FHIR's QuestionnaireResponse status.
const STATUSES: [(&str, Action); 5] = [
    ("completed", Action::Record),
    ("amended", Action::Record),
    ("in-progress", Action::Hold),
    ("stopped", Action::Retract),
    ("entered-in-error", Action::Retract),
];

const FIELD: Field = "QuestionnaireResponse.item";

/// A QuestionnaireResponse as an event; `None` when it answers none of the configured questions, so is another questionnaire.
pub(crate) fn response(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &QuestionnaireResponseResource<'_>,
) -> Result<Option<Event<'static>>, Fault> {
    let header = header(scope, "QuestionnaireResponse", &head_fields!("QuestionnaireResponse"), head, entry_meta)?;
    let asked = action("QuestionnaireResponse.status", &sent.status, &STATUSES)?;
    let when = occurred("QuestionnaireResponse.authored", &sent.authored, scope.feed, scope.context, asked)?;
    let mut event = header.event(asked, when, Detail::Feedback(None));
    event.patient = scope.patient("QuestionnaireResponse.subject", &sent.subject, &sent.contained)?;
    let link = scope.link("QuestionnaireResponse.encounter", &sent.encounter, &sent.contained, "Encounter")?;
    event.link = link.map(Into::into);
    if event.action == Action::Record {
        let mut given = AnswerSet::default();
        given.read(scope, &sent.item)?;
        if given.answer.is_none() && given.items.is_empty() {
            return Ok(None);
        }
        event.detail = Detail::Feedback(Some(Feedback { answer: given.answer, items: last_of_each(given.items) }));
    }
    Ok(Some(event))
}

/// The answers to configured questions.
#[derive(Default)]
struct AnswerSet {
    answer: Option<Answer>,
    items: Vec<Pair<'static>>,
}

impl AnswerSet {
    /// Reads items and their descendants. The parser has bounded the depth.
    fn read(&mut self, scope: &Scope<'_, '_>, items: &List<Node<QuestionItem<'_>>>) -> Result<(), Fault> {
        for item in items.objects(FIELD)? {
            let link_id = unprotected("QuestionnaireResponse.item.linkId", &item.link_id, TEXT_BYTES)?;
            let answers = item.answer.objects("QuestionnaireResponse.item.answer")?;
            if let (Some(link_id), Some(first)) = (link_id, answers.first()) {
                self.take(scope, &link_id, first)?;
            }
            for answer in answers {
                self.read(scope, &answer.item)?;
            }
            self.read(scope, &item.item)?;
        }
        if self.items.len() > LIST_ITEMS {
            return Err(Fault::too_long(FIELD, self.items.len(), "answers", LIST_ITEMS));
        }
        Ok(())
    }

    fn take(&mut self, scope: &Scope<'_, '_>, link_id: &str, answer: &QuestionAnswer<'_>) -> Result<(), Fault> {
        let map = &scope.rules.questionnaires;
        if map.friends_and_family.iter().any(|known| known == link_id) {
            self.answer = Some(friends_and_family(map, answer)?);
        } else if let Some(question) = map.questions.get(link_id) {
            let word = scope.rules.coded_word("QuestionnaireResponse.item.answer", &coded(answer)?)?;
            self.items.extend(word.map(|word| (Cow::Owned(question.clone()), Cow::Owned(word.into_owned()))));
        }
        Ok(())
    }
}

/// The Friends and Family answer that a coding or a text names.
fn friends_and_family(map: &QuestionnaireMap, answer: &QuestionAnswer<'_>) -> Result<Answer, Fault> {
    const FIELD: Field = "QuestionnaireResponse.item.answer";
    let coding = answer.coding.object(FIELD)?;
    let written = coding.into_iter().flat_map(|coding| [&coding.code, &coding.display]).chain([&answer.text]);
    let mut seen = String::new();
    for value in written {
        let Some(text) = unprotected(FIELD, value, TEXT_BYTES)? else { continue };
        if let Some(known) = map.answers.get(&*text).copied().or_else(|| named(&text)) {
            return Ok(known);
        }
        seen = text.into_owned();
    }
    if let Some(known) = answer.integer.written().and_then(|number| map.answers.get(number)) {
        return Ok(*known);
    }
    let names = ANSWERS.map(|(name, _)| name).join(", ");
    Err(if seen.is_empty() {
        Fault::missing(FIELD, "send the answer as a coding or a text")
    } else {
        Fault::unknown_value(FIELD, &seen, names)
    })
}

/// `Very good` and `Don't know` as the words of the native form.
fn named(text: &str) -> Option<Answer> {
    let word: String = text.to_lowercase().chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).collect();
    let word = word.replace([' ', '-'], "_");
    let word = if word == "neither_good_nor_poor" { "neither" } else { &word };
    ANSWERS.iter().find(|(name, _)| *name == word).map(|(_, answer)| *answer)
}

/// The code of an answer; a truth value or a number as written. A text has no code, because it is free text.
fn coded<'a>(answer: &QuestionAnswer<'a>) -> Result<Scalar<'a>, Fault> {
    if let Some(coding) = answer.coding.object("QuestionnaireResponse.item.answer")? {
        return Ok(coding.code.clone());
    }
    let written = |raw: &Raw<'a>| raw.written().map(|text| Scalar::Text(Cow::Owned(text.to_owned())));
    Ok(written(&answer.boolean).or_else(|| written(&answer.integer)).unwrap_or_default())
}
