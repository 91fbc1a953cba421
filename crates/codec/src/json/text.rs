//! Texts that go on: bounded, without control characters, and without an NHS number in them.

use std::borrow::Cow;

use crate::fault::{Fault, Field, RejectReason};
use crate::identity::pseudonym::Pseudonyms;
use crate::json::object::Scalar;
use crate::simd::holds_control;

/// Most bytes of an id: a feed's, an event's, a link, a patient's.
pub(crate) const ID_BYTES: usize = 256;
/// Most bytes of any other text.
pub(crate) const TEXT_BYTES: usize = 512;
/// Most elements of a list: measures, answers, diagnoses.
pub(crate) const LIST_ITEMS: usize = 64;

/// A text without blanks around it, still as the sender wrote it: it may hold anything. `None` when the field is not there.
pub(crate) fn unprotected<'a>(field: Field, value: &Scalar<'a>, most: usize) -> Result<Option<Cow<'a, str>>, Fault> {
    let text = match value {
        Scalar::Missing => return Ok(None),
        Scalar::Other(found) => return Err(Fault::wrong_type(field, found, "a text in quotes")),
        Scalar::Text(text) => trimmed(text),
    };
    if text.is_empty() {
        return Err(Fault::new(RejectReason::MalformedValue, field, format!("{field} is empty; leave it out or send its value")));
    }
    if text.len() > most {
        return Err(Fault::too_long(field, text.len(), "bytes", most));
    }
    if holds_control(text.as_bytes()) {
        return Err(Fault::malformed(field, &text, "a text without control characters"));
    }
    Ok(Some(text))
}

/// A text that may go on: the rule of [`Pseudonyms::protect`] is applied. `None` when the field is not there.
pub(crate) fn text<'a>(
    field: Field,
    value: &Scalar<'a>,
    most: usize,
    pseudonyms: &Pseudonyms,
) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(unprotected(field, value, most)?.map(|text| pseudonyms.protect(text)))
}

/// One of a list of words; `None` when the field is not there. The word is compared, never passed on.
pub(crate) fn word<T: Copy>(field: Field, value: &Scalar<'_>, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
    let found = |text: &str| words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    // One of the words needs no closer look.
    if let Scalar::Text(text) = value
        && let Some(meaning) = found(text)
    {
        return Ok(Some(meaning));
    }
    let Some(text) = unprotected(field, value, TEXT_BYTES)? else { return Ok(None) };
    match found(&text) {
        Some(meaning) => Ok(Some(meaning)),
        None => {
            let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Err(Fault::unknown_value(field, &text, list.join(", ")))
        }
    }
}

fn trimmed<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_graphic);
    match text {
        Cow::Borrowed(text) if ends(text.as_bytes().first()) && ends(text.as_bytes().last()) => Cow::Borrowed(text),
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}
