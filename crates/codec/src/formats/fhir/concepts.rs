//! Codes of concepts as they were sent, and the words in texts.

use std::borrow::Cow;

use scorecard::event::Codes;

use crate::fault::{Fault, Field};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Coding, Concept};
use crate::identity::systems::{code_system, is_bnf};
use crate::json::object::{Node, Scalar};
use crate::json::text::{LIST_ITEMS, TEXT_BYTES, unprotected};

/// All codings of these concepts as `system|code`, in order. A faulty coding and all behind the 64th are dropped.
pub(crate) fn codes<'c, 'b: 'c>(
    scope: &Scope<'_, '_>,
    field: Field,
    concepts: impl IntoIterator<Item = &'c Concept<'b>>,
) -> Codes<'static> {
    each_code(scope, field, concepts).collect()
}

/// The codings of [`codes`] one by one.
pub(crate) fn each_code<'c, 'b: 'c>(
    scope: &Scope<'_, '_>,
    field: Field,
    concepts: impl IntoIterator<Item = &'c Concept<'b>>,
) -> impl Iterator<Item = Cow<'static, str>> {
    let concepts = concepts.into_iter();
    let found = concepts.flat_map(move |concept| codings(scope, field, concept));
    let coded = found.filter_map(move |coding| coded(scope, field, coding));
    coded.enumerate().filter_map(move |(place, code)| {
        let fits = place < LIST_ITEMS;
        if !fits {
            scope.warnings.count_dropped(field);
        }
        fits.then_some(code)
    })
}

/// The codings of a concept that are objects.
fn codings<'c, 'b>(scope: &Scope<'_, '_>, field: Field, concept: &'c Concept<'b>) -> Vec<&'c Coding<'b>> {
    let nodes = scope.warnings.optional(concept.coding.items(field).map(Some)).unwrap_or_default();
    nodes.iter().filter_map(|node| scope.warnings.optional(node.object(field))).collect()
}

/// A coding as `system|code`; `None` without a code. A BNF code without the form of one is faulty, as in the native form.
pub(crate) fn coded(scope: &Scope<'_, '_>, field: Field, coding: &Coding<'_>) -> Option<Cow<'static, str>> {
    let read = || {
        let system = unprotected(field, &coding.system, TEXT_BYTES)?.unwrap_or_default();
        let code = unprotected(field, &coding.code, TEXT_BYTES)?;
        if let Some(code) = &code
            && code_system(&system) == "bnf"
            && !is_bnf(code)
        {
            return Err(Fault::malformed(field, code, "a BNF code: two digits, then up to 13 digits and capital letters"));
        }
        Ok(code.map(|code| Cow::Owned(scope.rules.code_key(&system, code))))
    };
    scope.warnings.optional(read())
}

/// Whether one of the concept's codings has one of these codes, in any system.
pub(crate) fn has_code(concept: &Concept<'_>, wanted: &[&str]) -> bool {
    let coding = |node: &Node<Coding<'_>>| matches!(node, Node::Object(Coding { code: Scalar::Text(code), .. }) if wanted.contains(&code.trim()));
    concept.coding.items("coding").is_ok_and(|codings| codings.iter().any(coding))
}

/// Text and displays of a concept in lower case. They never enter an event.
pub(crate) fn texts(concept: &Concept<'_>) -> Vec<String> {
    let displays = concept.coding.items("coding").unwrap_or_default().iter().map(|node| match node {
        Node::Object(coding) => &coding.display,
        _ => &Scalar::Missing,
    });
    let text = |value: &Scalar<'_>| match value {
        Scalar::Text(text) => Some(text.to_lowercase()),
        _ => None,
    };
    std::iter::once(&concept.text).chain(displays).filter_map(text).collect()
}

/// Whether a text contains a word: not a part of a longer word.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(|found| found == word)
}

/// Text, displays and codes of a concept as words with single blanks between and around them: ` face to face `. They never enter an
/// event.
pub(crate) fn phrases(concept: &Concept<'_>) -> Vec<String> {
    let codes = concept.coding.items("coding").unwrap_or_default().iter().filter_map(|node| match node {
        Node::Object(Coding { code: Scalar::Text(code), .. }) => Some(code.to_lowercase()),
        _ => None,
    });
    let plain = |text: String| {
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        format!(" {} ", words.join(" "))
    };
    texts(concept).into_iter().chain(codes).map(plain).collect()
}

/// Whether one of these phrases is a whole phrase of one of these texts of [`phrases`].
pub(crate) fn has_phrase(texts: &[String], wanted: &[&str]) -> bool {
    wanted.iter().any(|phrase| texts.iter().any(|text| text.contains(&format!(" {phrase} "))))
}
