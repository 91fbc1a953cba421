//! The participants of encounters and appointments, and the one who is credited.

use crate::fault::Field;
use crate::formats::fhir::parties::Performer;
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Participant, Reference, Target};
use crate::json::instant::fhir_moment;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// Types of participants who did not see the patient: v3-ParticipationType and HL7's participant types.
const NOT_PERFORMERS: [&str; 8] = ["REF", "REFB", "REFT", "ESC", "CALLBCK", "TRANS", "translator", "emergency"];

/// The credited clinician: the primary performer, else the attender, else the earliest participant. The key breaks ties.
/// A participant who declined, or who only referred, is not a candidate.
pub(crate) fn credited<'b>(
    scope: &Scope<'_, 'b>,
    field: Field,
    participants: &List<Node<Participant<'b>>>,
    contained: &List<Node<Target<'b>>>,
) -> Performer {
    let mut best: Option<(u8, i64, Performer)> = None;
    for participant in objects(scope, field, participants) {
        let Some(rank) = rank(scope, field, participant) else { continue };
        let reference: &Node<Reference<'b>> =
            if participant.individual == Node::Missing { &participant.actor } else { &participant.individual };
        let performer = scope.performer(field, reference, contained);
        if performer.clinician.is_none() {
            continue;
        }
        let candidate = (rank, begun(scope, field, participant), performer);
        if best.as_ref().is_none_or(|best| candidate < *best) {
            best = Some(candidate);
        }
    }
    best.map(|(_, _, performer)| performer).unwrap_or_default()
}

/// The objects of a list. Elements of another type are absent, and counted.
pub(crate) fn objects<'n, T>(scope: &Scope<'_, '_>, field: Field, list: &'n List<Node<T>>) -> Vec<&'n T> {
    let nodes = scope.warnings.optional(list.items(field).map(Some)).unwrap_or_default();
    nodes.iter().filter_map(|node| scope.warnings.optional(node.object(field))).collect()
}

/// 0 for a primary performer, 1 for an attender, 2 for anybody else. `None` for a participant who took no part.
fn rank(scope: &Scope<'_, '_>, field: Field, participant: &Participant<'_>) -> Option<u8> {
    if is_text(&participant.status, "declined") {
        return None;
    }
    let concepts = objects(scope, field, &participant.kinds);
    let codings = concepts.iter().flat_map(|concept| objects(scope, field, &concept.coding));
    let codes: Vec<&str> = codings
        .filter_map(|coding| match &coding.code {
            Scalar::Text(code) => Some(code.trim()),
            _ => None,
        })
        .collect();
    if !codes.is_empty() && codes.iter().all(|code| NOT_PERFORMERS.contains(code)) {
        return None;
    }
    let place = |code: &&str| match *code {
        "PPRF" => 0,
        "ATND" => 1,
        _ => 2,
    };
    Some(codes.iter().map(place).min().unwrap_or(2))
}

fn is_text(value: &Scalar<'_>, wanted: &str) -> bool {
    matches!(value, Scalar::Text(text) if text.trim() == wanted)
}

/// The start of a participant's period in milliseconds; participants without one come last.
fn begun(scope: &Scope<'_, '_>, field: Field, participant: &Participant<'_>) -> i64 {
    let period = scope.warnings.optional(participant.period.object(field));
    let start = period.and_then(|period| scope.warnings.optional(unprotected(field, &period.start, TEXT_BYTES)));
    let moment = start.and_then(|text| fhir_moment(&text, &scope.feed.zone).ok());
    moment.map_or(i64::MAX, |moment| moment.at.0)
}
