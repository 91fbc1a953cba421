//! FHIR statuses that count, wait or retract: the table of the contract row by row.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Action, Attendance, Detail, Event, Source};
use scorecard::record::item::{DrugSource, Feed, Item};
use scorecard::record::log_record::Position;
use scorecard::time::calendar::Timestamp;

/// 2026-11-24T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_521_600_000);
const RECORD: Action = Action::Record;
const HOLD: Action = Action::Hold;
const RETRACT: Action = Action::Retract;

fn item(drugs: DrugSource, json: &str) -> Item<'static> {
    let position = Position { source: "x".to_owned(), partition: 0, offset: 1, index: None };
    let feed = Feed { drugs, ..Feed::undeclared("f") };
    let context = Context { position: &position, feed: Some(Arc::new(feed)), received_at: NOW, now: NOW };
    let mut found = Vec::new();
    RecordDecoder::new(DecoderConfig::default()).decode(json.as_bytes(), &context, &mut |item| {
        found.push(match item {
            Item::Event(feed, event) => Item::Event(feed, event.into_owned()),
            Item::Definition(feed, definition) => Item::Definition(feed, definition.into_owned()),
            Item::Registry(entry) => Item::Registry(entry),
            Item::Skipped(kind) => Item::Skipped(kind),
            Item::Reject(reject) => Item::Reject(reject),
        });
    });
    assert_eq!(found.len(), 1, "{json}");
    found.remove(0)
}

fn event(drugs: DrugSource, json: &str) -> Event<'static> {
    match item(drugs, json) {
        Item::Event(_, event) => event,
        other => panic!("{other:?} of {json}"),
    }
}

fn with_status(template: &str, status: &str) -> String {
    template.replace("STATUS", status)
}

/// Each status does what the table says, and one outside the table is a reject that names the field.
fn check(drugs: DrugSource, template: &str, field: &str, table: &[(&str, Action)]) {
    for (status, action) in table {
        let event = event(drugs, &with_status(template, status));
        assert_eq!(event.action, *action, "{status}");
        assert!(event.day.is_some(), "{status}");
    }
    for outside in ["Finished", "done", ""] {
        let Item::Reject(reject) = item(drugs, &with_status(template, outside)) else { panic!("{outside} passed") };
        assert_eq!(reject.field, field, "{outside}");
    }
}

const ENCOUNTER: &str = r#"{"resourceType":"Encounter","id":"1","status":"STATUS","class":{"code":"AMB"},
 "period":{"start":"2026-10-05T09:00:00+01:00","end":"2026-10-05T09:10:59+01:00"}}"#;

#[test]
fn encounters() {
    check(
        DrugSource::Requests,
        ENCOUNTER,
        "Encounter.status",
        &[
            ("finished", RECORD),
            ("planned", HOLD),
            ("arrived", HOLD),
            ("triaged", HOLD),
            ("in-progress", HOLD),
            ("onleave", HOLD),
            ("cancelled", RETRACT),
            ("entered-in-error", RETRACT),
        ],
    );
}

#[test]
fn an_encounter_of_unknown_status_is_a_version_that_counts_as_unknown_alone() {
    let event = event(DrugSource::Requests, &with_status(ENCOUNTER, "unknown"));
    let Detail::Encounter(Some(encounter)) = event.detail else { panic!("{event:?}") };
    assert_eq!((event.action, encounter.source, encounter.status), (RECORD, Source::Visit, Attendance::Unknown));
}

const APPOINTMENT: &str = r#"{"resourceType":"Appointment","id":"1","status":"STATUS","created":"2026-10-01",
 "start":"2026-10-05T09:00:00+01:00","end":"2026-10-05T09:10:00+01:00",
 "participant":[{"actor":{"reference":"Practitioner/7"},"status":"accepted"}]}"#;

#[test]
fn appointments() {
    check(
        DrugSource::Requests,
        APPOINTMENT,
        "Appointment.status",
        &[
            ("fulfilled", RECORD),
            ("arrived", RECORD),
            ("checked-in", RECORD),
            ("noshow", RECORD),
            ("proposed", HOLD),
            ("pending", HOLD),
            ("booked", HOLD),
            ("waitlist", HOLD),
            ("cancelled", RETRACT),
            ("entered-in-error", RETRACT),
        ],
    );
    for (status, attendance) in [
        ("fulfilled", Attendance::Attended),
        ("arrived", Attendance::Attended),
        ("checked-in", Attendance::Attended),
        ("noshow", Attendance::Noshow),
    ] {
        let event = event(DrugSource::Requests, &with_status(APPOINTMENT, status));
        let Detail::Encounter(Some(slot)) = event.detail else { panic!("{event:?}") };
        assert_eq!((slot.source, slot.status, slot.minutes, slot.planned_minutes), (Source::Slot, attendance, None, Some(10)));
    }
}

const REQUEST: &str = r#"{"resourceType":"MedicationRequest","id":"1","status":"STATUS","intent":"order",
 "medicationCodeableConcept":{"text":"x"},"authoredOn":"2026-10-05"}"#;

#[test]
fn medication_requests() {
    check(
        DrugSource::Requests,
        REQUEST,
        "MedicationRequest.status",
        &[
            ("active", RECORD),
            ("completed", RECORD),
            ("stopped", RECORD),
            ("on-hold", RECORD),
            ("draft", HOLD),
            ("unknown", HOLD),
            ("cancelled", RETRACT),
            ("entered-in-error", RETRACT),
        ],
    );
}

#[test]
fn an_order_counts_once_and_its_views_and_instalments_never() {
    for template in [REQUEST, ORDER] {
        for (intent, action) in [
            ("order", RECORD),
            ("original-order", RECORD),
            ("reflex-order", HOLD),
            ("filler-order", HOLD),
            ("instance-order", HOLD),
            ("proposal", HOLD),
            ("plan", HOLD),
            ("option", HOLD),
        ] {
            let json = with_status(template, "active").replace(r#""intent":"order""#, &format!(r#""intent":"{intent}""#));
            assert_eq!(event(DrugSource::Requests, &json).action, action, "{intent} of {template}");
        }
    }
}

#[test]
fn a_prescription_that_is_only_reported_never_counts() {
    for (reported, action) in [
        (r#""reportedBoolean":true"#, HOLD),
        (r#""reportedBoolean":false"#, RECORD),
        (r#""reportedReference":{"reference":"Patient/1"}"#, HOLD),
    ] {
        let json = with_status(REQUEST, "active").replace(r#""intent""#, &format!(r#"{reported},"intent""#));
        assert_eq!(event(DrugSource::Requests, &json).action, action, "{reported}");
    }
}

#[test]
fn a_request_with_do_not_perform_never_counts() {
    for template in [REQUEST, ORDER] {
        let json = with_status(template, "active");
        for (not, action) in [("true", HOLD), ("false", RECORD)] {
            let json = json.replace(r#""intent""#, &format!(r#""doNotPerform":{not},"intent""#));
            assert_eq!(event(DrugSource::Requests, &json).action, action, "{json}");
        }
    }
}

const DISPENSE: &str = r#"{"resourceType":"MedicationDispense","id":"1","status":"STATUS",
 "medicationCodeableConcept":{"text":"x"},"whenHandedOver":"2026-10-05"}"#;

#[test]
fn medication_dispenses() {
    check(
        DrugSource::Dispenses,
        DISPENSE,
        "MedicationDispense.status",
        &[
            ("completed", RECORD),
            ("preparation", HOLD),
            ("in-progress", HOLD),
            ("on-hold", HOLD),
            ("cancelled", RETRACT),
            ("declined", RETRACT),
            ("stopped", RETRACT),
            ("entered-in-error", RETRACT),
            ("unknown", RETRACT),
        ],
    );
}

#[test]
fn a_feed_counts_requests_or_dispenses_never_both() {
    let request = with_status(REQUEST, "active");
    let dispense = with_status(DISPENSE, "completed");
    assert_eq!(item(DrugSource::Dispenses, &request), Item::Skipped("MedicationRequest".to_owned()));
    assert_eq!(item(DrugSource::Requests, &dispense), Item::Skipped("MedicationDispense".to_owned()));
}

const RESPONSE: &str = r#"{"resourceType":"QuestionnaireResponse","id":"1","status":"STATUS","authored":"2026-10-05T10:00:00Z",
 "item":[{"linkId":"fft","answer":[{"valueCoding":{"code":"good"}}]}]}"#;

#[test]
fn questionnaire_responses() {
    check(
        DrugSource::Requests,
        RESPONSE,
        "QuestionnaireResponse.status",
        &[("completed", RECORD), ("amended", RECORD), ("in-progress", HOLD), ("stopped", RETRACT), ("entered-in-error", RETRACT)],
    );
}

const ORDER: &str = r#"{"resourceType":"ServiceRequest","id":"1","status":"STATUS","intent":"order",
 "category":[{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}],"authoredOn":"2026-10-05"}"#;

#[test]
fn service_requests() {
    check(
        DrugSource::Requests,
        ORDER,
        "ServiceRequest.status",
        &[
            ("active", RECORD),
            ("on-hold", RECORD),
            ("completed", RECORD),
            ("draft", HOLD),
            ("unknown", HOLD),
            ("revoked", RETRACT),
            ("entered-in-error", RETRACT),
        ],
    );
    let directive = with_status(ORDER, "active").replace(r#""intent":"order""#, r#""intent":"directive""#);
    assert_eq!(event(DrugSource::Requests, &directive).action, HOLD);
}

#[test]
fn the_future_is_refused_only_where_the_status_counts() {
    let ahead = |template: &str, status: &str| with_status(template, status).replace("2026-10-05", "2027-10-05");
    for (template, counts, waits, field) in [
        (ENCOUNTER, "finished", "planned", "Encounter.period.start"),
        (ENCOUNTER, "finished", "unknown", "Encounter.period.start"),
        (APPOINTMENT, "noshow", "booked", "Appointment.start"),
        (REQUEST, "active", "draft", "MedicationRequest.authoredOn"),
        (RESPONSE, "completed", "in-progress", "QuestionnaireResponse.authored"),
        (ORDER, "active", "draft", "ServiceRequest.authoredOn"),
    ] {
        let Item::Reject(reject) = item(DrugSource::Requests, &ahead(template, counts)) else { panic!("{counts} passed") };
        assert_eq!((reject.reason.as_str(), reject.field.as_str()), ("in_the_future", field));
        assert!(matches!(item(DrugSource::Requests, &ahead(template, waits)), Item::Event(..)), "{waits}");
    }
}

#[test]
fn a_waiting_event_without_a_date_is_retracted_and_a_coarse_date_is_refused_only_where_it_counts() {
    for (template, counts, waits) in
        [(ENCOUNTER, "finished", "planned"), (APPOINTMENT, "noshow", "proposed"), (REQUEST, "active", "draft")]
    {
        for dates in ["2026", "2026-10"] {
            let coarse = |status| {
                let json = with_status(template, status);
                ["2026-10-05T09:00:00+01:00", "2026-10-05"].iter().fold(json, |json, full| json.replace(full, dates))
            };
            let Item::Reject(reject) = item(DrugSource::Requests, &coarse(counts)) else { panic!("{counts} passed") };
            assert_eq!(reject.reason, "date_too_coarse");
            let event = event(DrugSource::Requests, &coarse(waits));
            assert_eq!((event.action, event.day), (RETRACT, None));
        }
    }
}
