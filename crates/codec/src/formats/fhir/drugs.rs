//! MedicationRequests and MedicationDispenses: prescriptions. A feed counts one of the two types, never both.

use std::borrow::Cow;

use scorecard::event::{Action, Codes, Detail, Event, Prescription};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::{code_in, codes};
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::references::{ReferenceTarget, Scope};
use crate::formats::fhir::resources::{
    Concept, Head, MedicationDispenseResource, MedicationRequestResource, Quantity, Reference, Target,
};
use crate::identity::systems::{code_system, is_bnf};
use crate::json::number::{thousandths, truth};
use crate::json::object::{List, Node, Pair, Scalar};
use crate::json::text::word;

/// FHIR's MedicationRequest status.
const REQUEST_STATUSES: [(&str, Action); 8] = [
    ("active", Action::Record),
    ("completed", Action::Record),
    ("stopped", Action::Record),
    ("on-hold", Action::Record),
    ("draft", Action::Hold),
    ("unknown", Action::Hold),
    ("cancelled", Action::Retract),
    ("entered-in-error", Action::Retract),
];

/// FHIR's MedicationRequest intent: only the order family is a prescription.
const REQUEST_INTENTS: [(&str, bool); 8] = [
    ("order", true),
    ("original-order", true),
    ("reflex-order", true),
    ("filler-order", true),
    ("instance-order", true),
    ("proposal", false),
    ("plan", false),
    ("option", false),
];

/// FHIR's MedicationDispense status.
const DISPENSE_STATUSES: [(&str, Action); 9] = [
    ("completed", Action::Record),
    ("preparation", Action::Hold),
    ("in-progress", Action::Hold),
    ("on-hold", Action::Hold),
    ("cancelled", Action::Retract),
    ("declined", Action::Retract),
    ("stopped", Action::Retract),
    ("entered-in-error", Action::Retract),
    ("unknown", Action::Retract),
];

/// A MedicationRequest as an event.
pub(crate) fn request(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &MedicationRequestResource<'_>,
) -> Result<Event<'static>, Fault> {
    let header = header(scope, "MedicationRequest", &head_fields!("MedicationRequest"), head, entry_meta)?;
    let ordered = word("MedicationRequest.intent", &sent.intent, &REQUEST_INTENTS)?
        .ok_or_else(|| Fault::missing("MedicationRequest.intent", "send the resource's intent, such as order"))?;
    let asked = action("MedicationRequest.status", &sent.status, &REQUEST_STATUSES)?;
    let asked = performed("MedicationRequest.doNotPerform", &sent.do_not_perform, ordered, asked)?;
    let when = occurred("MedicationRequest.authoredOn", &sent.authored_on, scope.feed, scope.context, asked)?;
    let mut event = header.event(asked, when, Detail::Prescription(None));
    event.clinician = scope.clinician("MedicationRequest.requester", &sent.requester, &sent.contained)?.map(Into::into);
    event.patient = scope.patient("MedicationRequest.subject", &sent.subject, &sent.contained)?;
    event.link = scope.link("MedicationRequest.encounter", &sent.encounter, &sent.contained, "Encounter")?.map(Into::into);
    if event.action == Action::Record {
        let dispense = sent.dispense_request.object("MedicationRequest.dispenseRequest")?;
        let quantity = dispense.map_or(&Node::Missing, |dispense| &dispense.quantity);
        let course = sent.course_of_therapy.object("MedicationRequest.courseOfTherapyType")?;
        event.detail = Detail::Prescription(Some(Prescription {
            drug: drug(
                scope,
                "MedicationRequest.medicationCodeableConcept",
                "MedicationRequest.medicationReference",
                (&sent.medication_concept, &sent.medication_reference),
                &sent.contained,
            )?
            .map(|code| Codes::one(format!("bnf|{code}")))
            .unwrap_or_default(),
            reference: None,
            quantity_milli: quantity_milli("MedicationRequest.dispenseRequest.quantity", quantity)?,
            items: 1,
            cost_pence: None,
            adq_milli: None,
            repeat: course.map(is_continuous).transpose()?.unwrap_or(false),
        }));
    }
    Ok(event)
}

/// A MedicationDispense as an event.
///
/// Its performer is the dispenser. The credit goes to the clinician of the authorising request when the Bundle contains it, else to
/// the clinician of the encounter.
pub(crate) fn dispense(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &MedicationDispenseResource<'_>,
) -> Result<Event<'static>, Fault> {
    let header = header(scope, "MedicationDispense", &head_fields!("MedicationDispense"), head, entry_meta)?;
    let asked = action("MedicationDispense.status", &sent.status, &DISPENSE_STATUSES)?;
    let (field, written) = match &sent.when_handed_over {
        Scalar::Missing => ("MedicationDispense.whenPrepared", &sent.when_prepared),
        handed_over => ("MedicationDispense.whenHandedOver", handed_over),
    };
    let field = if *written == Scalar::Missing { "MedicationDispense.whenHandedOver" } else { field };
    let when = occurred(field, written, scope.feed, scope.context, asked)?;
    let mut event = header.event(asked, when, Detail::Prescription(None));
    event.clinician = authoriser(scope, sent)?.map(Into::into);
    event.patient = scope.patient("MedicationDispense.subject", &sent.subject, &sent.contained)?;
    event.link = scope.link("MedicationDispense.context", &sent.context, &sent.contained, "Encounter")?.map(Into::into);
    if event.action == Action::Record {
        event.detail = Detail::Prescription(Some(Prescription {
            drug: drug(
                scope,
                "MedicationDispense.medicationCodeableConcept",
                "MedicationDispense.medicationReference",
                (&sent.medication_concept, &sent.medication_reference),
                &sent.contained,
            )?
            .map(|code| Codes::one(format!("bnf|{code}")))
            .unwrap_or_default(),
            reference: None,
            quantity_milli: quantity_milli("MedicationDispense.quantity", &sent.quantity)?,
            items: 1,
            cost_pence: None,
            adq_milli: None,
            repeat: false,
        }));
    }
    Ok(event)
}

/// A request that is not an order, or that has `doNotPerform`, never counts.
pub(crate) fn performed(field: Field, not: &crate::json::object::Raw<'_>, ordered: bool, asked: Action) -> Result<Action, Fault> {
    let not = truth(field, not)?.unwrap_or(false);
    Ok(if asked == Action::Record && (not || !ordered) { Action::Hold } else { asked })
}

fn authoriser<'b>(scope: &Scope<'_, 'b>, sent: &MedicationDispenseResource<'b>) -> Result<Option<String>, Fault> {
    const FIELD: Field = "MedicationDispense.authorizingPrescription";
    for reference in sent.authorizing.items(FIELD)? {
        if let Some(ReferenceTarget::Resource { target, .. }) =
            scope.follow(FIELD, reference, &sent.contained, "MedicationRequest")?
        {
            let clinician = scope.clinician(FIELD, &target.requester, &sent.contained)?;
            if clinician.is_some() {
                return Ok(clinician);
            }
        }
    }
    Ok(None)
}

fn quantity_milli(field: Field, node: &Node<Quantity<'_>>) -> Result<Option<u32>, Fault> {
    let Some(quantity) = node.object(field)? else { return Ok(None) };
    thousandths(field, &quantity.value)
}

/// The BNF code of a medication: its own, or the one in the map; `None` when no map knows it.
fn drug<'b>(
    scope: &Scope<'_, 'b>,
    concept_field: Field,
    reference_field: Field,
    (concept, reference): (&Node<Concept<'b>>, &Node<Reference<'b>>),
    contained: &List<Node<Target<'b>>>,
) -> Result<Option<Cow<'static, str>>, Fault> {
    if let Some(concept) = concept.object(concept_field)? {
        return bnf(scope, concept_field, concept);
    }
    if *reference == Node::Missing {
        return Err(Fault::missing(concept_field, "send the medication as a coded concept or as a reference"));
    }
    match scope.follow(reference_field, reference, contained, "Medication")? {
        Some(ReferenceTarget::Resource { target, .. }) => match target.code.object(reference_field)? {
            Some(concept) => bnf(scope, reference_field, concept),
            None => Ok(None),
        },
        // A medication outside the Bundle has no code that a map could know.
        _ => Ok(None),
    }
}

fn bnf(scope: &Scope<'_, '_>, field: Field, concept: &Concept<'_>) -> Result<Option<Cow<'static, str>>, Fault> {
    if let Some(code) = code_in(field, concept, "bnf")?.filter(|code| is_bnf(code)) {
        return Ok(scope.rules.bnf(code).map(|code| Cow::Owned(code.into_owned())));
    }
    let mapped =
        |(system, code): Pair<'_>| scope.rules.drug_codes.get(code_system(&system), &code).map(|bnf| Cow::Owned(bnf.to_owned()));
    Ok(codes(field, concept)?.into_iter().find_map(mapped))
}

/// Repeat: the course of therapy is continuous.
fn is_continuous(concept: &Concept<'_>) -> Result<bool, Fault> {
    let codes = codes("MedicationRequest.courseOfTherapyType", concept)?;
    Ok(codes.iter().any(|(_, code)| code == "continuous"))
}
