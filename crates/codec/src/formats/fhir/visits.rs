//! Encounters, which record consultations, and Appointments, the only resources that record no-shows.

use std::borrow::Cow;

use scorecard::event::{Action, Attendance, Codes, Detail, Encounter, Event, Mode, Source};

use crate::fault::{Fault, Field, RejectReason};
use crate::formats::fhir::concepts::{code_keys, words};
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{AppointmentResource, Concept, EncounterResource, Head, Participant, Reference, Target};
use crate::formats::native::MAX_MINUTES;
use crate::json::instant::{Moment, fhir_moment, instant};
use crate::json::number::whole;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{LIST_ITEMS, TEXT_BYTES, unprotected};

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
    event.clinician = credited(scope, "Encounter.participant", &sent.participant, &sent.contained)?.map(Into::into);
    event.practice = scope.organisation("Encounter.serviceProvider", &sent.service_provider, &sent.contained)?.map(Into::into);
    event.patient = scope.patient("Encounter.subject", &sent.subject, &sent.contained)?;
    event.link = appointment_link(scope, sent)?.map(Into::into);
    if event.action == Action::Record {
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Visit,
            mode: mode_of_class(sent)?,
            status: if unknown { Attendance::Unknown } else { Attendance::Attended },
            booked_at: None,
            booked_day: None,
            minutes: minutes(start, period.map_or(&Scalar::Missing, |period| &period.end))?,
            planned_minutes: None,
            diagnoses: diagnoses(scope, "Encounter.reasonCode", &sent.reason_code)?,
            types: Codes::default(),
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
    event.clinician = credited(scope, "Appointment.participant", &sent.participant, &sent.contained)?.map(Into::into);
    for participant in sent.participant.objects("Appointment.participant")? {
        let patient = scope.patient("Appointment.participant", &participant.actor, &sent.contained);
        event.patient = event.patient.or(patient?);
    }
    if event.action == Action::Record {
        let booked = booked(scope, &sent.created)?;
        let noshow = sent.status == Scalar::Text("noshow".into());
        event.detail = Detail::Encounter(Some(Encounter {
            source: Source::Slot,
            mode: mode_of_words(&appointment_words(sent)?).unwrap_or(Mode::Other),
            status: if noshow { Attendance::Noshow } else { Attendance::Attended },
            booked_at: booked.map(|moment| moment.at),
            booked_day: booked.map(|moment| moment.day),
            minutes: None,
            planned_minutes: planned_minutes(sent)?,
            diagnoses: diagnoses(scope, "Appointment.reasonCode", &sent.reason_code)?,
            types: Codes::default(),
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
) -> Result<Option<String>, Fault> {
    let mut best: Option<(u8, i64, String)> = None;
    for participant in participants.objects(field)? {
        let reference: &Node<Reference<'b>> =
            if participant.individual == Node::Missing { &participant.actor } else { &participant.individual };
        let Some(clinician) = scope.clinician(field, reference, contained)? else { continue };
        let candidate = (rank(field, participant)?, begun(scope, field, participant)?, clinician);
        if best.as_ref().is_none_or(|best| candidate < *best) {
            best = Some(candidate);
        }
    }
    Ok(best.map(|(_, _, clinician)| clinician))
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
fn planned_minutes(sent: &AppointmentResource<'_>) -> Result<Option<u32>, Fault> {
    if let Some(said) = whole("Appointment.minutesDuration", &sent.minutes_duration, 0..=MAX_MINUTES)? {
        return Ok(Some(said.try_into().expect("whole() kept the range")));
    }
    let (Scalar::Text(start), Scalar::Text(end)) = (&sent.start, &sent.end) else { return Ok(None) };
    let (Ok(start), Ok(end)) = (instant(start.trim()), instant(end.trim())) else { return Ok(None) };
    Ok(u32::try_from((end.0 - start.0) / 60_000).ok().filter(|minutes| u64::from(*minutes) <= MAX_MINUTES))
}

fn booked(scope: &Scope<'_, '_>, created: &Scalar<'_>) -> Result<Option<Moment>, Fault> {
    const FIELD: Field = "Appointment.created";
    let Some(text) = unprotected(FIELD, created, TEXT_BYTES)? else { return Ok(None) };
    // A month is too coarse for a booking day: the appointment counts, but not for access.
    Ok(fhir_moment(&text, &scope.feed.zone).ok())
}

fn diagnoses(scope: &Scope<'_, '_>, field: Field, concepts: &List<Node<Concept<'_>>>) -> Result<Vec<Cow<'static, str>>, Fault> {
    let mut codes = Vec::new();
    for concept in concepts.objects(field)? {
        // The codings of one concept mean the same; the first one counts.
        codes.extend(code_keys(scope, field, concept)?.into_iter().next().map(Cow::Owned));
    }
    if codes.len() > LIST_ITEMS {
        return Err(Fault::too_long(field, codes.len(), "elements", LIST_ITEMS));
    }
    Ok(codes)
}
