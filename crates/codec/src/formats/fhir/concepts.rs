//! Codes of concepts, and the words in them.

use std::borrow::Cow;

use crate::fault::{Fault, Field};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::Concept;
use crate::identity::systems::code_system;
use crate::json::object::{Pair, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// The codings of a concept as `system|code`, in order.
pub(crate) fn code_keys(scope: &Scope<'_, '_>, field: Field, concept: &Concept<'_>) -> Result<Vec<String>, Fault> {
    Ok(codes(field, concept)?.into_iter().map(|(system, code)| scope.rules.code_key(&system, code)).collect())
}

/// The codings of a concept that have a code: system and code, in order. The texts are unprotected.
pub(crate) fn codes<'a>(field: Field, concept: &Concept<'a>) -> Result<Vec<Pair<'a>>, Fault> {
    let mut codes = Vec::new();
    for coding in concept.coding.objects(field)? {
        let system = unprotected(field, &coding.system, TEXT_BYTES)?.unwrap_or_default();
        if let Some(code) = unprotected(field, &coding.code, TEXT_BYTES)? {
            codes.push((system, code));
        }
    }
    Ok(codes)
}

/// The code of a concept in a system by its short name.
pub(crate) fn code_in<'a>(field: Field, concept: &Concept<'a>, system: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    Ok(codes(field, concept)?.into_iter().find(|(found, _)| code_system(found) == system).map(|(_, code)| code))
}

/// Text, displays and codes of a concept in lower case, for recognising words in them. They never enter an event.
pub(crate) fn words(concept: &Concept<'_>) -> Result<String, Fault> {
    let mut words = String::new();
    let mut add = |value: &Scalar<'_>| {
        if let Scalar::Text(text) = value {
            words.push_str(&text.to_lowercase());
            words.push(' ');
        }
    };
    add(&concept.text);
    for coding in concept.coding.objects("coding")? {
        add(&coding.display);
        add(&coding.code);
    }
    Ok(words)
}
