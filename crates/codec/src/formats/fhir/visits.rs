//! Encounters, which record consultations, and Appointments, the only resources that record no-shows.

use std::borrow::Cow;

use scorecard::event::{Action, Attendance, Codes, Detail, Encounter, Event, Exclusion, Mode, Source};

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::concepts::{coded, codes, each_code, has_phrase, phrases};
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::participants::{credited, objects};
use crate::formats::fhir::references::{Scope, kind_of};
use crate::formats::fhir::resources::{AppointmentResource, Concept, EncounterResource, Head, Participant, Reference};
use crate::formats::fhir::versions::{check_appointment, check_encounter};
use crate::formats::native_kinds::MAX_MINUTES;
use crate::json::instant::{Moment, fhir_moment, instant};
use crate::json::number::whole;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// FHIR's EncounterStatus. An `unknown` encounter is accepted and counts only towards unknown status.
const ENCOUNTER_STATUSES: [(&str, Action); 9] = [
    ("finished", Action::Record),
    ("unknown", Action::Record),
    ("planned", Action::Hold),
    ("arrived", Action::Hold),
    ("triaged", Action::Hold),
    ("in-progress", Action::Hold),
    ("onleave", Action::Hold),
    ("cancelled", Action::Retract),
    ("entered-in-error", Action::Retract),
];

/// FHIR's AppointmentStatus.
const APPOINTMENT_STATUSES: [(&str, Action); 10] = [
    ("fulfilled", Action::Record),
    ("arrived", Action::Record),
    ("checked-in", Action::Record),
    ("noshow", Action::Record),
    ("proposed", Action::Hold),
    ("pending", Action::Hold),
    ("booked", Action::Hold),
    ("waitlist", Action::Hold),
    ("cancelled", Action::Retract),
    ("entered-in-error", Action::Retract),
];

/// Phrases of video calls.
const VIDEO: &[&str] = &["video", "videoconference", "videocall"];

/// Phrases of an appointment's types that name a mode.
const MODE_PHRASES: [(Mode, &[&str]); 4] = [
    (Mode::Video, VIDEO),
    (Mode::Telephone, &["telephone", "phone"]),
    (Mode::Home, &["home visit", "home visits"]),
    (Mode::FaceToFace, &["face to face", "in person"]),
];

/// An Encounter as an event.
pub(crate) fn encounter(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &EncounterResource<'_>,
) -> Result<Event<'static>, Fault> {
    check_encounter(sent)?;
    let header = header(scope, "Encounter", &head_fields!("Encounter"), head, entry_meta)?;
    let asked = action("Encounter.status", &sent.status, &ENCOUNTER_STATUSES)?;
    let unknown = sent.status == Scalar::Text("unknown".into());
    let period = sent.period.object("Encounter.period")?;
    let start = period.map_or(&Scalar::Missing, |period| &period.start);
    // An unknown status does not count, so its time is read as for an encounter that waits.
    let strictness = if unknown { Action::Hold } else { asked };
    let when = occurred(scope, "Encounter.period.start", start, strictness)?;
    let effective = if unknown && when.is_none() { Action::Retract } else { asked };
    let mut event = header.event(effective, when, Detail::Encounter(None));
    credited(scope, "Encounter.participant", &sent.participant, &sent.contained).put(&mut event);
    let provider = scope.organisation("Encounter.serviceProvider", &sent.service_provider, &sent.contained);
    event.practice = event.practice.or(scope.warnings.optional(provider).map(Into::into));
    let locations = objects(scope, "Encounter.location", &sent.location);
    scope.put_location(&mut event, "Encounter.location", locations.iter().map(|one| &one.location), &sent.contained);
    scope.put_patient(&mut event, "Encounter.subject", &sent.subject, &sent.contained);
    if event.action == Action::Record {
        let types = encounter_types(scope, sent);
        if is_contact(scope, sent, &types) {
            event.link = scope.warnings.optional(appointment_link(scope, sent)).map(Cow::Owned);
        } else {
            event.exclude = event.exclude.or(Some(Exclusion::Admin));
        }
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Visit,
            mode: mode_of_class(scope, sent)?,
            status: if unknown { Attendance::Unknown } else { Attendance::Attended },
            booked_at: None,
            booked_day: None,
            minutes: scope.warnings.optional(minutes(start, period.map_or(&Scalar::Missing, |period| &period.end))),
            planned_minutes: None,
            diagnoses: diagnoses(scope, "Encounter.reasonCode", &sent.reason_code),
            types,
        }));
    }
    Ok(event)
}

/// An Appointment as an event.
pub(crate) fn appointment(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &AppointmentResource<'_>,
) -> Result<Event<'static>, Fault> {
    check_appointment(sent)?;
    let header = header(scope, "Appointment", &head_fields!("Appointment"), head, entry_meta)?;
    let asked = action("Appointment.status", &sent.status, &APPOINTMENT_STATUSES)?;
    let when = occurred(scope, "Appointment.start", &sent.start, asked)?;
    let mut event = header.event(asked, when, Detail::Encounter(None));
    credited(scope, "Appointment.participant", &sent.participant, &sent.contained).put(&mut event);
    put_place(scope, &mut event, sent);
    if let Some(patient) = patient_of(scope, sent) {
        scope.put_patient(&mut event, "Appointment.participant", patient, &sent.contained);
    }
    if event.action == Action::Record {
        let booked = scope.warnings.optional(booked(scope, &sent.created));
        let noshow = sent.status == Scalar::Text("noshow".into());
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Slot,
            mode: mode_of_appointment(scope, sent),
            status: if noshow { Attendance::Noshow } else { Attendance::Attended },
            booked_at: booked.map(|moment| moment.at),
            booked_day: booked.map(|moment| moment.day),
            minutes: None,
            planned_minutes: planned_minutes(scope, sent),
            diagnoses: diagnoses(scope, "Appointment.reasonCode", &sent.reason_code),
            types: appointment_types(scope, sent),
        }));
    }
    Ok(event)
}

/// Sets the practice of an Appointment to the organisation of a participating location. Faults of participants are counted already.
fn put_place(scope: &Scope<'_, '_>, event: &mut Event<'static>, sent: &AppointmentResource<'_>) {
    let participants = sent.participant.items("Appointment.participant").unwrap_or_default();
    let place = |node: &Node<Participant<'_>>| {
        let Node::Object(participant) = node else { return None };
        scope.organisation_of_location("Appointment.participant", &participant.actor, &sent.contained).ok().flatten()
    };
    if event.practice.is_none() && scope.feed.practice.is_none() {
        event.practice = participants.iter().find_map(place).map(Cow::Owned);
    }
}

/// Whether an Encounter is a contact of its own. A part of another Encounter is not, and neither is one with a code that the
/// configuration lists. Both keep their clinician for the events that name them.
fn is_contact(scope: &Scope<'_, '_>, sent: &EncounterResource<'_>, types: &Codes<'_>) -> bool {
    sent.part_of.written().is_none() && !types.iter().any(|code| scope.rules.is_no_contact(code))
}

fn appointment_link(scope: &Scope<'_, '_>, sent: &EncounterResource<'_>) -> Result<Option<String>, Fault> {
    const FIELD: Field = "Encounter.appointment";
    for reference in sent.appointment.items(FIELD)? {
        if let Some(link) = scope.link(FIELD, reference, &sent.contained, "Appointment")? {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

/// v3-ActCode: ambulatory is face to face, home health a visit, virtual a telephone call unless the type names video.
fn mode_of_class(scope: &Scope<'_, '_>, sent: &EncounterResource<'_>) -> Result<Mode, Fault> {
    let class = sent.class.object("Encounter.class")?.map_or(&Scalar::Missing, |class| &class.code);
    Ok(match class {
        Scalar::Text(code) if code == "AMB" => Mode::FaceToFace,
        Scalar::Text(code) if code == "HH" => Mode::Home,
        Scalar::Text(code) if code == "VR" => {
            let typed: Vec<String> = objects(scope, "Encounter.type", &sent.kinds).into_iter().flat_map(phrases).collect();
            if has_phrase(&typed, VIDEO) { Mode::Video } else { Mode::Telephone }
        }
        _ => Mode::Other,
    })
}

/// The first participant who is a patient.
fn patient_of<'n, 'b>(scope: &Scope<'_, 'b>, sent: &'n AppointmentResource<'b>) -> Option<&'n Node<Reference<'b>>> {
    const FIELD: Field = "Appointment.participant";
    let is_patient = |actor: &Node<Reference<'b>>| {
        let found = scope.follow(FIELD, actor, &sent.contained, "Patient");
        found.is_ok_and(|found| found.is_some_and(|found| kind_of(&found) == "Patient"))
    };
    let actors = sent.participant.items(FIELD).unwrap_or_default().iter().filter_map(|node| match node {
        Node::Object(participant) => Some(&participant.actor),
        _ => None,
    });
    actors.into_iter().find(|actor| is_patient(actor))
}

/// The mode that the words of an Appointment's types name. An Appointment has no class.
fn mode_of_appointment(scope: &Scope<'_, '_>, sent: &AppointmentResource<'_>) -> Mode {
    let kind = scope.warnings.optional(sent.appointment_type.object("Appointment.appointmentType"));
    let services = objects(scope, "Appointment.serviceType", &sent.service_type);
    let texts: Vec<String> = kind.into_iter().chain(services).flat_map(phrases).collect();
    let named = MODE_PHRASES.iter().find(|(_, wanted)| has_phrase(&texts, wanted));
    named.map_or(Mode::Other, |(mode, _)| *mode)
}

/// Whole minutes of an Encounter's period, however long the stay. `None` for dates and for a period that is still open.
fn minutes(start: &Scalar<'_>, end: &Scalar<'_>) -> Result<Option<u32>, Fault> {
    const FIELD: Field = "Encounter.period.end";
    let (Scalar::Text(start), Some(end)) = (start, unprotected(FIELD, end, TEXT_BYTES)?) else { return Ok(None) };
    let (Ok(start), Ok(end)) = (instant(start.trim()), instant(&end)) else { return Ok(None) };
    if end < start {
        let detail = "Encounter.period.end is before Encounter.period.start; send the end after the start, or leave it out";
        return Err(Fault::new(RejectReason::OutOfRange, FIELD, detail));
    }
    Ok(u32::try_from((end.0 - start.0) / 60_000).ok())
}

/// The length of the slot in minutes: the stated one, else from its start to its end.
fn planned_minutes(scope: &Scope<'_, '_>, sent: &AppointmentResource<'_>) -> Option<u32> {
    let stated = whole("Appointment.minutesDuration", &sent.minutes_duration, 0..=MAX_MINUTES);
    if let Some(stated) = scope.warnings.optional(stated) {
        return Some(stated.try_into().expect("whole() kept the range"));
    }
    let (Scalar::Text(start), Scalar::Text(end)) = (&sent.start, &sent.end) else { return None };
    let (Ok(start), Ok(end)) = (instant(start.trim()), instant(end.trim())) else { return None };
    u32::try_from((end.0 - start.0) / 60_000).ok().filter(|minutes| u64::from(*minutes) <= MAX_MINUTES)
}

fn booked(scope: &Scope<'_, '_>, created: &Scalar<'_>) -> Result<Option<Moment>, Fault> {
    const FIELD: Field = "Appointment.created";
    let Some(text) = unprotected(FIELD, created, TEXT_BYTES)? else { return Ok(None) };
    // A month is too coarse for a booking day: the appointment counts, but not for access.
    Ok(fhir_moment(&text, &scope.feed.zone).ok())
}

/// All codings of the reasons. A faulty coding and all behind the 64th are dropped.
fn diagnoses(scope: &Scope<'_, '_>, field: Field, list: &List<Node<Concept<'_>>>) -> Vec<Cow<'static, str>> {
    let concepts = scope.warnings.optional(list.objects(field).map(Some)).unwrap_or_default();
    each_code(scope, field, concepts).collect()
}

/// Class, types and service of an Encounter as sent.
fn encounter_types(scope: &Scope<'_, '_>, sent: &EncounterResource<'_>) -> Codes<'static> {
    const FIELD: Field = "Encounter.type";
    let class = scope.warnings.optional(sent.class.object("Encounter.class"));
    let class = class.and_then(|class| coded(scope, "Encounter.class", class));
    let kinds = scope.warnings.optional(sent.kinds.objects(FIELD).map(Some)).unwrap_or_default();
    let service = scope.warnings.optional(sent.service_type.object("Encounter.serviceType"));
    class.into_iter().chain(each_code(scope, FIELD, kinds.into_iter().chain(service))).collect()
}

/// Type and services of an Appointment as sent.
fn appointment_types(scope: &Scope<'_, '_>, sent: &AppointmentResource<'_>) -> Codes<'static> {
    const FIELD: Field = "Appointment.serviceType";
    let kind = scope.warnings.optional(sent.appointment_type.object("Appointment.appointmentType"));
    let services = scope.warnings.optional(sent.service_type.objects(FIELD).map(Some)).unwrap_or_default();
    codes(scope, FIELD, kind.into_iter().chain(services))
}
