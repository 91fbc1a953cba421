//! Encounters, which record consultations, and Appointments, the only resources that record no-shows.

use std::borrow::Cow;

use scorecard::event::{Action, Attendance, Codes, Detail, Encounter, Event, Mode, Source};

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::concepts::{coded, codes, each_code, words};
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::parties::Performer;
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{AppointmentResource, Concept, EncounterResource, Head, Participant, Reference, Target};
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

/// An Encounter as an event.
pub(crate) fn encounter(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &EncounterResource<'_>,
) -> Result<Event<'static>, Fault> {
    let header = header(scope, "Encounter", &head_fields!("Encounter"), head, entry_meta)?;
    let asked = action("Encounter.status", &sent.status, &ENCOUNTER_STATUSES)?;
    let unknown = sent.status == Scalar::Text("unknown".into());
    let period = sent.period.object("Encounter.period")?;
    let start = period.map_or(&Scalar::Missing, |period| &period.start);
    // An unknown status does not count, so its time is read as for an encounter that waits.
    let strictness = if unknown { Action::Hold } else { asked };
    let when = occurred("Encounter.period.start", start, scope.feed, scope.context, strictness)?;
    let effective = if unknown && when.is_none() { Action::Retract } else { asked };
    let mut event = header.event(effective, when, Detail::Encounter(None));
    credited(scope, "Encounter.participant", &sent.participant, &sent.contained)?.put(&mut event);
    let provider = scope.organisation("Encounter.serviceProvider", &sent.service_provider, &sent.contained)?;
    event.practice = event.practice.or(provider.map(Into::into));
    scope.put_patient(&mut event, "Encounter.subject", &sent.subject, &sent.contained);
    event.link = appointment_link(scope, sent)?.map(Into::into);
    if event.action == Action::Record {
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Visit,
            mode: mode_of_class(sent)?,
            status: if unknown { Attendance::Unknown } else { Attendance::Attended },
            booked_at: None,
            booked_day: None,
            minutes: scope.warnings.optional(minutes(start, period.map_or(&Scalar::Missing, |period| &period.end))),
            planned_minutes: None,
            diagnoses: diagnoses(scope, "Encounter.reasonCode", &sent.reason_code),
            types: encounter_types(scope, sent),
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
    let header = header(scope, "Appointment", &head_fields!("Appointment"), head, entry_meta)?;
    let asked = action("Appointment.status", &sent.status, &APPOINTMENT_STATUSES)?;
    let when = occurred("Appointment.start", &sent.start, scope.feed, scope.context, asked)?;
    let mut event = header.event(asked, when, Detail::Encounter(None));
    credited(scope, "Appointment.participant", &sent.participant, &sent.contained)?.put(&mut event);
    for participant in sent.participant.objects("Appointment.participant")? {
        if event.patient.is_none() {
            scope.put_patient(&mut event, "Appointment.participant", &participant.actor, &sent.contained);
        }
    }
    if event.action == Action::Record {
        let booked = scope.warnings.optional(booked(scope, &sent.created));
        let noshow = sent.status == Scalar::Text("noshow".into());
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Slot,
            mode: mode_of_words(&appointment_words(sent)?).unwrap_or(Mode::Other),
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

/// The credited clinician: the primary performer, else the attender, else the earliest participant. The key breaks ties.
fn credited<'b>(
    scope: &Scope<'_, 'b>,
    field: Field,
    participants: &List<Node<Participant<'b>>>,
    contained: &List<Node<Target<'b>>>,
) -> Result<Performer, Fault> {
    let mut best: Option<(u8, i64, Performer)> = None;
    for participant in participants.objects(field)? {
        let reference: &Node<Reference<'b>> =
            if participant.individual == Node::Missing { &participant.actor } else { &participant.individual };
        let performer = scope.performer(field, reference, contained)?;
        if performer.clinician.is_none() {
            continue;
        }
        let candidate = (rank(field, participant)?, begun(scope, field, participant)?, performer);
        if best.as_ref().is_none_or(|best| candidate < *best) {
            best = Some(candidate);
        }
    }
    Ok(best.map(|(_, _, performer)| performer).unwrap_or_default())
}

/// 0 for a primary performer, 1 for an attender, 2 for anybody else.
fn rank(field: Field, participant: &Participant<'_>) -> Result<u8, Fault> {
    let mut rank = 2;
    for concept in participant.kinds.objects(field)? {
        for coding in concept.coding.objects(field)? {
            rank = rank.min(match &coding.code {
                Scalar::Text(code) if code == "PPRF" => 0,
                Scalar::Text(code) if code == "ATND" => 1,
                _ => 2,
            });
        }
    }
    Ok(rank)
}

/// The start of a participant's period in milliseconds; participants without one come last.
fn begun(scope: &Scope<'_, '_>, field: Field, participant: &Participant<'_>) -> Result<i64, Fault> {
    let Some(period) = participant.period.object(field)? else { return Ok(i64::MAX) };
    let Some(text) = unprotected(field, &period.start, TEXT_BYTES)? else { return Ok(i64::MAX) };
    Ok(fhir_moment(&text, &scope.feed.zone).map_or(i64::MAX, |moment| moment.at.0))
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
fn mode_of_class(sent: &EncounterResource<'_>) -> Result<Mode, Fault> {
    let class = sent.class.object("Encounter.class")?.map_or(&Scalar::Missing, |class| &class.code);
    Ok(match class {
        Scalar::Text(code) if code == "AMB" => Mode::FaceToFace,
        Scalar::Text(code) if code == "HH" => Mode::Home,
        Scalar::Text(code) if code == "VR" => {
            let typed = sent.kinds.objects("Encounter.type")?.into_iter().map(words).collect::<Result<Vec<_>, _>>()?;
            if typed.iter().any(|words| words.contains("video")) { Mode::Video } else { Mode::Telephone }
        }
        _ => Mode::Other,
    })
}

fn appointment_words(sent: &AppointmentResource<'_>) -> Result<String, Fault> {
    let mut all = sent.appointment_type.object("Appointment.appointmentType")?.map(words).transpose()?.unwrap_or_default();
    for concept in sent.service_type.objects("Appointment.serviceType")? {
        all.push_str(&words(concept)?);
    }
    Ok(all)
}

/// The mode that the words of an Appointment's types name. An Appointment has no class.
fn mode_of_words(words: &str) -> Option<Mode> {
    let modes = [
        ("video", Mode::Video),
        ("telephone", Mode::Telephone),
        ("phone", Mode::Telephone),
        ("home visit", Mode::Home),
        ("face to face", Mode::FaceToFace),
        ("face-to-face", Mode::FaceToFace),
        ("in person", Mode::FaceToFace),
    ];
    modes.into_iter().find(|(word, _)| words.contains(word)).map(|(_, mode)| mode)
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
