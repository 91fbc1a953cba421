//! Resources of other versions of FHIR, recognised by what only their version has. Plumbline reads R4 and never half-reads another.
//!
//! Sources: HL7 FHIR STU3 (3.0.2), R4 (4.0.1) and R5 (5.0.0), the definitions of the resources.

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::resources::{
    AppointmentResource, Coding, EncounterResource, Head, MedicationDispenseResource, MedicationRequestResource,
    ObservationResource, QuestionnaireResponseResource, ServiceRequestResource,
};
use crate::json::object::{List, Node, Raw, Scalar};
use crate::json::reader::{LIST, TEXT};

const DSTU2: &str = "DSTU2";
const STU3: &str = "STU3";
const R5: &str = "R5";

/// Types that R4 has no longer and that order, prescribe or refer.
const OLD_TYPES: [(&str, &str); 6] = [
    ("ReferralRequest", STU3),
    ("ProcedureRequest", STU3),
    ("MedicationOrder", DSTU2),
    ("DiagnosticOrder", DSTU2),
    ("DeviceUseRequest", DSTU2),
    ("Order", DSTU2),
];

/// Statuses of R5's encounters that R4 lacks.
const R5_ENCOUNTER_STATUSES: [&str; 4] = ["completed", "discharged", "discontinued", "on-hold"];

/// Elements of one type that only another version has.
type Marks<const N: usize> = [(bool, &'static str, Field); N];

fn checked<const N: usize>(marks: Marks<N>) -> Result<(), Fault> {
    match marks.into_iter().find(|(found, ..)| *found) {
        Some((_, version, field)) => Err(other_version(version, field)),
        None => Ok(()),
    }
}

fn other_version(version: &str, field: Field) -> Fault {
    let detail = format!("the resource is FHIR {version} by its {field}; send FHIR R4, for example through a converter");
    Fault::new(RejectReason::WrongFormat, field, detail)
}

/// Refuses a resource whose type or profile is of another version.
pub(crate) fn check_head(kind: &str, head: &Head<'_>) -> Result<(), Fault> {
    if let Some((_, version)) = OLD_TYPES.iter().find(|(known, _)| *known == kind) {
        return Err(other_version(version, "resourceType"));
    }
    let Node::Object(meta) = &head.meta else { return Ok(()) };
    let List::Items(profiles) = &meta.profile else { return Ok(()) };
    let segments = profiles.iter().filter_map(|profile| match profile {
        Scalar::Text(profile) => Some(profile.split('/')),
        _ => None,
    });
    let named = |version: &str| segments.clone().flatten().any(|segment| segment.eq_ignore_ascii_case(version));
    checked([(named(STU3), STU3, "meta.profile"), (named(DSTU2), DSTU2, "meta.profile")])
}

pub(crate) fn check_encounter(sent: &EncounterResource<'_>) -> Result<(), Fault> {
    let status = |status: &&str| sent.status == Scalar::Text((*status).into());
    let class = |found: &'static str| sent.class == Node::<Coding<'_>>::Other(found);
    checked([
        (class(TEXT), DSTU2, "Encounter.class"),
        (class(LIST), R5, "Encounter.class"),
        (sent.actual_period.written().is_some(), R5, "Encounter.actualPeriod"),
        (sent.reason.written().is_some(), version_of_reason(&sent.reason), "Encounter.reason"),
        (R5_ENCOUNTER_STATUSES.iter().any(status), R5, "Encounter.status"),
    ])
}

pub(crate) fn check_appointment(sent: &AppointmentResource<'_>) -> Result<(), Fault> {
    let by_reference = matches!(&sent.service_type, List::Items(items)
        if items.iter().any(|node| matches!(node, Node::Object(concept) if concept.concept.written().is_some())));
    checked([
        (by_reference, R5, "Appointment.serviceType"),
        (sent.subject.written().is_some(), R5, "Appointment.subject"),
        (sent.reason.written().is_some(), version_of_reason(&sent.reason), "Appointment.reason"),
    ])
}

/// R4 has `reasonCode`. A reason of R5 has parts, and one of STU3 is a concept.
fn version_of_reason(reason: &Raw<'_>) -> &'static str {
    let parts = ["\"value\"", "\"concept\"", "\"reference\"", "\"use\""];
    let written = reason.written().unwrap_or_default();
    if parts.iter().any(|part| written.contains(part)) { R5 } else { STU3 }
}

pub(crate) fn check_request(sent: &MedicationRequestResource<'_>) -> Result<(), Fault> {
    let agent = matches!(&sent.requester, Node::Object(requester) if requester.agent.written().is_some());
    checked([
        (agent, STU3, "MedicationRequest.requester.agent"),
        (sent.context.written().is_some(), STU3, "MedicationRequest.context"),
        (sent.medication.written().is_some(), R5, "MedicationRequest.medication"),
    ])
}

pub(crate) fn check_dispense(sent: &MedicationDispenseResource<'_>) -> Result<(), Fault> {
    checked([
        (sent.not_done.written().is_some(), STU3, "MedicationDispense.notDone"),
        (sent.medication.written().is_some(), R5, "MedicationDispense.medication"),
    ])
}

pub(crate) fn check_order(sent: &ServiceRequestResource<'_>) -> Result<(), Fault> {
    let by_reference = matches!(&sent.code, Node::Object(code) if code.concept.written().is_some());
    checked([(by_reference, R5, "ServiceRequest.code")])
}

pub(crate) fn check_response(sent: &QuestionnaireResponseResource<'_>) -> Result<(), Fault> {
    checked([(sent.context.written().is_some(), STU3, "QuestionnaireResponse.context")])
}

pub(crate) fn check_observation(sent: &ObservationResource<'_>) -> Result<(), Fault> {
    checked([(sent.context.written().is_some(), STU3, "Observation.context")])
}
