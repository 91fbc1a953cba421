//! Medications: the codes of drugs that prescriptions in other records refer to.

use std::borrow::Cow;

use scorecard::event::{CodeDefinition, Codes};
use scorecard::time::calendar::Timestamp;

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::codes;
use crate::formats::fhir::header::{EntryMeta, arrival, known_change, known_version, resource_id};
use crate::formats::fhir::references::{ReferenceTarget, Scope};
use crate::formats::fhir::resources::{Concept, Head, MedicationResource, Reference, Target};
use crate::json::object::{List, Node, Scalar};

/// A Medication as a definition.
pub(crate) fn definition(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &MedicationResource<'_>,
) -> Result<CodeDefinition<'static>, Fault> {
    let id = resource_id("Medication.id", head, entry_meta)?;
    let wrong = sent.status == Scalar::Text("entered-in-error".into());
    let concept = scope.warnings.optional(sent.code.object("Medication.code")).filter(|_| !wrong);
    let (version, modified) = match head.meta.object("meta")? {
        Some(meta) => (known_version(meta), known_change(meta)),
        None => (None, None),
    };
    let version = version.or(entry_meta.version);
    Ok(named(scope, &id, version, modified.or(entry_meta.modified), codes(scope, "Medication.code", concept)))
}

/// The delete of a Medication: a definition without codes.
pub(crate) fn deleted(scope: &Scope<'_, '_>, id: &str, entry_meta: &EntryMeta) -> CodeDefinition<'static> {
    named(scope, id, entry_meta.version, entry_meta.modified, Codes::default())
}

/// The version is a number of the source, else the time of its last change, else the time of arrival.
fn named(
    scope: &Scope<'_, '_>,
    id: &str,
    version: Option<u64>,
    modified: Option<Timestamp>,
    codes: Codes<'static>,
) -> CodeDefinition<'static> {
    let changed = modified.and_then(|at| u64::try_from(at.0).ok()).filter(|version| *version > 0);
    CodeDefinition {
        reference: reference_text(scope, &format!("Medication/{id}")),
        version: version.or(changed).unwrap_or_else(|| arrival(scope.context)),
        codes,
    }
}

fn reference_text(scope: &Scope<'_, '_>, name: &str) -> Cow<'static, str> {
    Cow::Owned(scope.rules.pseudonyms.protect(name.into()).into_owned())
}

/// The codes of a drug, or the name of the Medication that has them.
#[derive(Debug, Default)]
pub(crate) struct Drug {
    pub(crate) codes: Codes<'static>,
    pub(crate) reference: Option<Cow<'static, str>>,
}

/// The drug of a prescription: all codings of its concept or of the Medication in the Bundle, else the reference.
pub(crate) fn drug<'b>(
    scope: &Scope<'_, 'b>,
    [concept_field, reference_field]: [Field; 2],
    (concept, reference): (&Node<Concept<'b>>, &Node<Reference<'b>>),
    contained: &List<Node<Target<'b>>>,
) -> Result<Drug, Fault> {
    if let Some(concept) = concept.object(concept_field)? {
        return Ok(Drug { codes: codes(scope, concept_field, [concept]), reference: None });
    }
    if *reference == Node::Missing {
        return Err(Fault::missing(concept_field, "send the medication as a coded concept or as a reference"));
    }
    Ok(match scope.follow(reference_field, reference, contained, "Medication")? {
        Some(ReferenceTarget::Resource { target, .. }) => {
            let concept = scope.warnings.optional(target.code.object(reference_field));
            Drug { codes: codes(scope, reference_field, concept), reference: None }
        }
        Some(ReferenceTarget::Elsewhere { name, .. }) => {
            Drug { codes: Codes::default(), reference: Some(reference_text(scope, &name)) }
        }
        _ => Drug::default(),
    })
}
