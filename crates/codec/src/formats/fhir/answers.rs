//! QuestionnaireResponses: feedback. Every coded answer is kept with its linkId, and the fold decides which questions matter.
//! Free text never enters the log.

use std::borrow::Cow;

use scorecard::event::{Action, Detail, Event, Feedback};
use scorecard::measure::vocabulary::friends_and_family_word;

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::coded;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Coding, Head, QuestionAnswer, QuestionItem, QuestionnaireResponseResource};
use crate::formats::fhir::versions::check_response;
use crate::formats::native_kinds::last_of_each;
use crate::json::native_event::ANSWERS;
use crate::json::object::{List, Node, Pair, Raw, Scalar};
use crate::json::text::{LIST_ITEMS, TEXT_BYTES, text};

/// FHIR's QuestionnaireResponse status.
const STATUSES: [(&str, Action); 5] = [
    ("completed", Action::Record),
    ("amended", Action::Record),
    ("in-progress", Action::Hold),
    ("stopped", Action::Retract),
    ("entered-in-error", Action::Retract),
];

const ITEM: Field = "QuestionnaireResponse.item";
const ANSWER: Field = "QuestionnaireResponse.item.answer";

/// A QuestionnaireResponse as an event; `None` when it has no coded answer.
pub(crate) fn response(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &QuestionnaireResponseResource<'_>,
) -> Result<Option<Event<'static>>, Fault> {
    check_response(sent)?;
    let header = header(scope, "QuestionnaireResponse", &head_fields!("QuestionnaireResponse"), head, entry_meta)?;
    let asked = action("QuestionnaireResponse.status", &sent.status, &STATUSES)?;
    let when = occurred(scope, "QuestionnaireResponse.authored", &sent.authored, asked)?;
    let mut event = header.event(asked, when, Detail::Feedback(None));
    scope.put_patient(&mut event, "QuestionnaireResponse.subject", &sent.subject, &sent.contained);
    scope.put_link(&mut event, "QuestionnaireResponse.encounter", &sent.encounter, &sent.contained);
    if event.action == Action::Record {
        let mut answers = AnswerReader { scope, items: Vec::new() };
        answers.read(sent.item.items(ITEM)?);
        if answers.items.is_empty() {
            return Ok(None);
        }
        event.detail = Detail::Feedback(Some(Feedback { answer: None, items: last_of_each(answers.items) }));
    }
    Ok(Some(event))
}

/// Collects the coded answers of a response.
struct AnswerReader<'r, 's, 'b> {
    scope: &'r Scope<'s, 'b>,
    items: Vec<Pair<'static>>,
}

impl AnswerReader<'_, '_, '_> {
    /// Reads items and their descendants. The parser has bounded the depth.
    fn read(&mut self, items: &[Node<QuestionItem<'_>>]) {
        for node in items {
            let Some(item) = self.scope.warnings.optional(node.object(ITEM)) else { continue };
            let answers = self.nodes(ANSWER, &item.answer);
            if let Some(Node::Object(first)) = answers.first() {
                self.take(&item.link_id, first);
            }
            for answer in answers {
                if let Some(answer) = self.scope.warnings.optional(answer.object(ANSWER)) {
                    self.read(self.nodes(ITEM, &answer.item));
                }
            }
            self.read(self.nodes(ITEM, &item.item));
        }
    }

    fn nodes<'n, T>(&self, field: Field, list: &'n List<T>) -> &'n [T] {
        self.scope.warnings.optional(list.items(field).map(Some)).unwrap_or_default()
    }

    fn take(&mut self, link_id: &Scalar<'_>, answer: &QuestionAnswer<'_>) {
        let scope = self.scope;
        let link_id = text("QuestionnaireResponse.item.linkId", link_id, TEXT_BYTES, &scope.rules.pseudonyms);
        let Some(question) = scope.warnings.optional(link_id) else { return };
        let Some(answer) = answer_code(scope, answer) else { return };
        if self.items.len() < LIST_ITEMS {
            self.items.push((Cow::Owned(question.into_owned()), answer));
        } else {
            scope.warnings.count_dropped(ITEM);
        }
    }
}

/// The code of an answer. A text has none, because it is free text, unless it is one of the Friends and Family answers.
fn answer_code(scope: &Scope<'_, '_>, answer: &QuestionAnswer<'_>) -> Option<Cow<'static, str>> {
    let word = |value: &Scalar<'_>| {
        let word = scope.warnings.optional(scope.rules.coded_word(ANSWER, value))?;
        Some(Cow::Owned(word.into_owned()))
    };
    // A number or a truth value as written; a text in quotes is free text.
    let written = |raw: &Raw<'_>| {
        let text = raw.written().filter(|text| text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))?;
        Some(Scalar::Text(Cow::Owned(text.to_owned())))
    };
    match scope.warnings.optional(answer.coding.object(ANSWER)) {
        Some(coding @ Coding { system: Scalar::Text(_), code: Scalar::Text(_), .. }) => coded(scope, ANSWER, coding),
        Some(coding) => named(&coding.display).map(Cow::Borrowed).or_else(|| word(&coding.code)),
        None => match written(&answer.boolean).or_else(|| written(&answer.integer)) {
            Some(value) => word(&value),
            None => named(&answer.text).map(Cow::Borrowed),
        },
    }
}

/// `Very good` and `Don't know` as the words of the native form.
fn named(text: &Scalar<'_>) -> Option<&'static str> {
    let Scalar::Text(text) = text else { return None };
    let answer = friends_and_family_word(text)?;
    ANSWERS.iter().find(|(_, known)| *known == answer).map(|(name, _)| *name)
}
