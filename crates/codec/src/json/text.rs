//! Texts that enter an item: bounded, without control characters and without an NHS number.

use std::borrow::Cow;

use crate::fault::{Fault, Field, RejectReason};
use crate::identity::pseudonym::Pseudonyms;
use crate::json::object::Scalar;
use crate::simd::holds_control;

/// Most bytes of an id: of a feed, an event, a link or a patient.
pub(crate) const ID_BYTES: usize = 256;
/// Most bytes of any other text.
pub(crate) const TEXT_BYTES: usize = 512;
/// Most bytes of a unit such as `mm[Hg]`.
pub(crate) const UNIT_BYTES: usize = 64;
/// Most elements of a list: measures, answers, diagnoses.
pub(crate) const LIST_ITEMS: usize = 64;

/// A text without blanks around it, otherwise as sent: it may contain an NHS number. `None` when the field is absent.
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

/// A text under the rule of [`Pseudonyms::protect`], ready for an item. `None` when the field is absent.
pub(crate) fn text<'a>(
    field: Field,
    value: &Scalar<'a>,
    most: usize,
    pseudonyms: &Pseudonyms,
) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(unprotected(field, value, most)?.map(|text| pseudonyms.protect(text)))
}

/// The meaning of a word from a list; `None` when the field is absent. The word itself never enters an item.
pub(crate) fn word<T: Copy>(field: Field, value: &Scalar<'_>, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
    let found = |text: &str| words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    // A word of the list needs no further check.
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
