//! MedicationRequests and MedicationDispenses: prescriptions. A feed counts one of the two types, never both.

use scorecard::event::{Action, Detail, Event, Prescription};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::has_code;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::medications::{Drug, drug};
use crate::formats::fhir::participants::objects;
use crate::formats::fhir::parties::Performer;
use crate::formats::fhir::references::{ReferenceTarget, Scope};
use crate::formats::fhir::resources::{Extension, Head, MedicationDispenseResource, MedicationRequestResource, Quantity};
use crate::formats::fhir::versions::{check_dispense, check_request};
use crate::json::number::{thousandths, truth};
use crate::json::object::{Node, Scalar};
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

/// FHIR's MedicationRequest intent: only an order is a prescription. The others of its family are views or instalments of an order.
const REQUEST_INTENTS: [(&str, bool); 8] = [
    ("order", true),
    ("original-order", true),
    ("reflex-order", false),
    ("filler-order", false),
    ("instance-order", false),
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

/// Courses of therapy that repeat: HL7's, and NHS England's for repeat dispensing.
const CONTINUOUS: [&str; 2] = ["continuous", "continuous-repeat-dispensing"];

/// Care Connect's prescription types that repeat.
const REPEATS: [&str; 2] = ["repeat", "repeat-dispensing"];

/// A MedicationRequest as an event.
pub(crate) fn request(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &MedicationRequestResource<'_>,
) -> Result<Event<'static>, Fault> {
    check_request(sent)?;
    let header = header(scope, "MedicationRequest", &head_fields!("MedicationRequest"), head, entry_meta)?;
    let ordered = word("MedicationRequest.intent", &sent.intent, &REQUEST_INTENTS)?
        .ok_or_else(|| Fault::missing("MedicationRequest.intent", "send the resource's intent, such as order"))?;
    let asked = action("MedicationRequest.status", &sent.status, &REQUEST_STATUSES)?;
    let ordered = ordered && !reported(sent)?;
    let asked = performed("MedicationRequest.doNotPerform", &sent.do_not_perform, ordered, asked)?;
    let when = occurred(scope, "MedicationRequest.authoredOn", &sent.authored_on, asked)?;
    let mut event = header.event(asked, when, Detail::Prescription(None));
    scope.performer("MedicationRequest.requester", &sent.requester, &sent.contained).put(&mut event);
    scope.put_patient(&mut event, "MedicationRequest.subject", &sent.subject, &sent.contained);
    scope.put_link(&mut event, "MedicationRequest.encounter", &sent.encounter, &sent.contained);
    if event.action == Action::Record {
        let dispense = scope.warnings.optional(sent.dispense_request.object("MedicationRequest.dispenseRequest"));
        let quantity = dispense.map_or(&Node::Missing, |dispense| &dispense.quantity);
        let fields = ["MedicationRequest.medicationCodeableConcept", "MedicationRequest.medicationReference"];
        let drug = drug(scope, fields, (&sent.medication_concept, &sent.medication_reference), &sent.contained)?;
        let quantity_milli = quantity_milli(scope, "MedicationRequest.dispenseRequest.quantity", quantity);
        event.detail = Detail::Prescription(Some(prescription(drug, quantity_milli, repeats(scope, sent))));
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
    check_dispense(sent)?;
    let header = header(scope, "MedicationDispense", &head_fields!("MedicationDispense"), head, entry_meta)?;
    let asked = action("MedicationDispense.status", &sent.status, &DISPENSE_STATUSES)?;
    let (field, written) = match &sent.when_handed_over {
        Scalar::Missing => ("MedicationDispense.whenPrepared", &sent.when_prepared),
        handed_over => ("MedicationDispense.whenHandedOver", handed_over),
    };
    let field = if *written == Scalar::Missing { "MedicationDispense.whenHandedOver" } else { field };
    let when = occurred(scope, field, written, asked)?;
    let mut event = header.event(asked, when, Detail::Prescription(None));
    scope.warnings.optional(authoriser(scope, sent)).unwrap_or_default().put(&mut event);
    scope.put_patient(&mut event, "MedicationDispense.subject", &sent.subject, &sent.contained);
    scope.put_link(&mut event, "MedicationDispense.context", &sent.context, &sent.contained);
    if event.action == Action::Record {
        let fields = ["MedicationDispense.medicationCodeableConcept", "MedicationDispense.medicationReference"];
        let drug = drug(scope, fields, (&sent.medication_concept, &sent.medication_reference), &sent.contained)?;
        let quantity_milli = quantity_milli(scope, "MedicationDispense.quantity", &sent.quantity);
        event.detail = Detail::Prescription(Some(prescription(drug, quantity_milli, false)));
    }
    Ok(event)
}

/// A request that is not an order, or that has `doNotPerform`, never counts.
pub(crate) fn performed(field: Field, not: &crate::json::object::Raw<'_>, ordered: bool, asked: Action) -> Result<Action, Fault> {
    let not = truth(field, not)?.unwrap_or(false);
    Ok(if asked == Action::Record && (not || !ordered) { Action::Hold } else { asked })
}

/// One item of a drug. FHIR states neither its cost nor its average daily quantities.
fn prescription(drug: Drug, quantity_milli: Option<u32>, repeat: bool) -> Prescription<'static> {
    Prescription {
        drug: drug.codes,
        reference: drug.reference,
        quantity_milli,
        items: 1,
        cost_pence: None,
        adq_milli: None,
        repeat,
    }
}

/// Whether somebody else prescribed the drug, and the sender only reports it.
fn reported(sent: &MedicationRequestResource<'_>) -> Result<bool, Fault> {
    let stated = truth("MedicationRequest.reportedBoolean", &sent.reported)?;
    Ok(stated.unwrap_or(sent.reported_by.written().is_some()))
}

fn authoriser<'b>(scope: &Scope<'_, 'b>, sent: &MedicationDispenseResource<'b>) -> Result<Option<Performer>, Fault> {
    const FIELD: Field = "MedicationDispense.authorizingPrescription";
    for reference in sent.authorizing.items(FIELD)? {
        if let Some(ReferenceTarget::Resource { target, .. }) =
            scope.follow(FIELD, reference, &sent.contained, "MedicationRequest")?
        {
            let performer = scope.performer(FIELD, &target.requester, &sent.contained);
            if performer.clinician.is_some() {
                return Ok(Some(performer));
            }
        }
    }
    Ok(None)
}

fn quantity_milli(scope: &Scope<'_, '_>, field: Field, node: &Node<Quantity<'_>>) -> Option<u32> {
    let quantity = scope.warnings.optional(node.object(field))?;
    scope.warnings.thousandths(field, thousandths(field, &quantity.value))
}

/// Whether the request repeats an earlier decision: its course of therapy is continuous, or, in STU3, its prescription type is repeat.
fn repeats(scope: &Scope<'_, '_>, sent: &MedicationRequestResource<'_>) -> bool {
    let course = scope.warnings.optional(sent.course_of_therapy.object("MedicationRequest.courseOfTherapyType"));
    if course.is_some_and(|course| has_code(course, &CONTINUOUS)) {
        return true;
    }
    let extensions = objects(scope, "MedicationRequest.extension", &sent.extension);
    let types = extensions.into_iter().filter(|extension| is_prescription_type(extension));
    types.filter_map(|extension| extension.concept.object("extension").ok().flatten()).any(|concept| has_code(concept, &REPEATS))
}

/// Care Connect's extension of STU3, in any version.
fn is_prescription_type(extension: &Extension<'_>) -> bool {
    matches!(&extension.url, Scalar::Text(url) if url.contains("/Extension-CareConnect-") && url.contains("-PrescriptionType-"))
}
