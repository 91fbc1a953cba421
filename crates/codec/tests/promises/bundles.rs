//! Bundles of every type, and the order of the versions in a history.

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Action, Event, Versioning};
use scorecard::record::item::{Feed, Item};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::Timestamp;
use serde_json::{Value, json};

use crate::decoding::{NOW, decode, plain, position};

/// The types of Bundle of R4 and R5.
const TYPES: [&str; 10] = [
    "message",
    "document",
    "batch",
    "transaction",
    "batch-response",
    "transaction-response",
    "searchset",
    "history",
    "collection",
    "subscription-notification",
];

fn encounter(id: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"},
        "period": {"start": "2026-10-05T09:00:00+01:00"}})
}

fn bundle(kind: &str, entries: &Value) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

/// Each item in a few words.
fn words(json: &Value) -> Vec<String> {
    words_of(&plain(&json.to_string()))
}

fn words_of(items: &[Item<'static>]) -> Vec<String> {
    let words = |item: &Item<'static>| match item {
        Item::Event(_, Event { id, version, action, .. }) => {
            let version = version.map_or("?".to_owned(), |version| version.to_string());
            format!("{id} v{version} {}", if *action == Action::Record { "counts" } else { "retracted" })
        }
        Item::Definition(_, definition) => definition.reference.to_string(),
        Item::Registry(Entry::Person(person)) => person.id.clone(),
        Item::Registry(_) => "registry".to_owned(),
        Item::Skipped(kind) => format!("skipped {kind}"),
        Item::Reject(reject) => format!("{} {}", reject.reason, reject.field),
    };
    items.iter().map(words).collect()
}

#[test]
fn a_bundle_of_every_type_is_read_entry_by_entry() {
    for kind in TYPES {
        let entries = json!([
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "MessageHeader", "id": "1"}},
            {"resource": encounter("e1")},
            {"resource": {"resourceType": "OperationOutcome", "issue": []}, "search": {"mode": "outcome"}}
        ]);
        assert_eq!(
            words(&bundle(kind, &entries)),
            ["skipped MessageHeader", "Encounter/e1 v1 counts", "skipped OperationOutcome"],
            "{kind}"
        );
    }
}

#[test]
fn an_answer_and_a_notification_without_a_resource_are_skipped_and_counted() {
    let created = json!({"response": {"status": "201 Created", "location": "Encounter/e1/_history/1", "etag": "W/\"1\""}});
    // An id-only notification of the subscriptions backport of R4, and its form in R5.
    let by_id = json!({"fullUrl": "https://server/fhir/Encounter/e1", "request": {"method": "POST", "url": "Encounter"}, "response": {"status": "201"}});
    let r5 = json!({"fullUrl": "https://server/fhir/Encounter/e1"});
    for (kind, entry) in [
        ("transaction-response", &created),
        ("batch-response", &created),
        ("history", &by_id),
        ("subscription-notification", &r5),
        ("batch", &json!({"request": {"method": "GET", "url": "Encounter/e1"}})),
    ] {
        let status = json!({"resource": {"resourceType": "SubscriptionStatus", "type": "event-notification"}});
        let entries = json!([status, entry, {"resource": encounter("e2")}]);
        let found = words(&bundle(kind, &entries));
        assert_eq!(
            found,
            ["skipped SubscriptionStatus", "skipped Encounter without content", "Encounter/e2 v1 counts"],
            "{kind}"
        );
    }
    let empty = json!([{"response": {"status": "200 OK"}}]);
    assert_eq!(words(&bundle("batch-response", &empty)), ["skipped Bundle.entry without content"]);
    assert_eq!(words(&bundle("history", &json!([{}]))), ["missing_field Bundle.entry.resource"]);
}

#[test]
fn a_bundle_in_a_bundle_is_read_and_one_level_deeper_is_refused() {
    let hits = bundle("searchset", &json!([{"resource": encounter("e1")}, {"resource": encounter("e2")}]));
    let answers =
        bundle("batch-response", &json!([{"resource": hits, "response": {"status": "200 OK"}}, {"resource": encounter("e3")}]));
    let expected = ["Encounter/e1 v1 counts", "Encounter/e2 v1 counts", "Encounter/e3 v1 counts"];
    assert_eq!(words(&answers), expected);
    let deeper = bundle("collection", &json!([{"resource": answers}]));
    assert_eq!(words(&deeper), ["unknown_type Bundle.entry.resource", "Encounter/e3 v1 counts"]);
}

#[test]
fn a_deletion_is_recognised_in_every_spelling() {
    let resource = json!({"resourceType": "Encounter", "id": "e1", "meta": {"versionId": "4"}});
    for (entry, version) in [
        (json!({"request": {"method": "DELETE", "url": "Encounter/e1"}}), None),
        (json!({"request": {"method": "delete", "url": "https://server/fhir/Encounter/e1"}}), None),
        (json!({"request": {"method": "DELETE", "url": "Encounter/e1/_history/4"}}), Some(4)),
        (
            json!({"fullUrl": "https://server/fhir/Encounter/e1", "request": {"method": "DELETE"}, "response": {"etag": "W/\"4\""}}),
            Some(4),
        ),
        (json!({"resource": resource, "request": {"method": "DELETE", "url": "Encounter"}}), Some(4)),
        (json!({"fullUrl": "https://server/fhir/Encounter/e1", "response": {"status": "410 Gone", "etag": "4"}}), Some(4)),
    ] {
        match plain(&bundle("history", &json!([entry])).to_string()).as_slice() {
            [Item::Event(_, event)] => {
                assert_eq!((&*event.id, event.version, event.action), ("Encounter/e1", version, Action::Retract), "{entry}");
            }
            other => panic!("{other:?} of {entry}"),
        }
    }
}

fn version(number: u32) -> Value {
    let mut resource = encounter("e1");
    resource["meta"] = json!({"versionId": number.to_string()});
    json!({"resource": resource, "request": {"method": "PUT", "url": "Encounter/e1"}, "response": {"status": "200"}})
}

#[test]
fn a_restored_resource_stays_restored_although_its_deletion_names_no_version() {
    let deleted = json!({"request": {"method": "DELETE", "url": "Encounter/e1"}, "response": {"status": "204"}});
    // Newest first, as FHIR orders a history; the deletion lies between versions 1 and 3, and behind version 3.
    for (entries, expected) in [
        (
            json!([version(3), deleted, version(1)]),
            ["Encounter/e1 v3 counts", "Encounter/e1 v2 retracted", "Encounter/e1 v1 counts"],
        ),
        (
            json!([deleted, version(3), version(1)]),
            ["Encounter/e1 v4 retracted", "Encounter/e1 v3 counts", "Encounter/e1 v1 counts"],
        ),
        (
            json!([version(1), version(2), deleted]),
            ["Encounter/e1 v1 counts", "Encounter/e1 v2 counts", "Encounter/e1 v3 retracted"],
        ),
    ] {
        assert_eq!(words(&bundle("history", &entries)), expected);
    }
    assert_eq!(words(&bundle("history", &json!([version(3), deleted]))), ["Encounter/e1 v3 counts", "Encounter/e1 v2 retracted"]);
}

#[test]
fn of_a_history_in_a_feed_ordered_by_arrival_only_the_newest_version_is_read() {
    let feed = Feed { versioning: Versioning::Arrival, ..Feed::undeclared("f") };
    let deleted = json!({"request": {"method": "DELETE", "url": "Encounter/e1"}, "response": {"etag": "W/\"2\""}});
    let of = |entries: Value| {
        let decoder = RecordDecoder::new(DecoderConfig::default());
        words_of(&decode(&decoder, Some(&feed), bundle("history", &entries).to_string().as_bytes()))
    };
    // The tests' time of arrival.
    let newest = "Encounter/e1 v1795500000000";
    assert_eq!(
        of(json!([version(3), deleted, version(1)])),
        [&format!("{newest} counts"), "skipped Encounter", "skipped Encounter"]
    );
    assert_eq!(of(json!([version(1), deleted])), ["skipped Encounter", &format!("{newest} retracted")]);
}

#[test]
fn of_a_history_of_a_practitioner_the_newest_version_names_the_person() {
    let practitioner = |version: &str, number: &str| {
        json!({"resource": {"resourceType": "Practitioner", "id": "p1", "meta": {"versionId": version},
            "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": number}]}})
    };
    let (newer, older) = (practitioner("2", "7012345"), practitioner("1", "7000001"));
    assert_eq!(words(&bundle("history", &json!([newer, older]))), ["gmc|7012345", "skipped Practitioner"]);
    assert_eq!(words(&bundle("history", &json!([older, newer]))), ["skipped Practitioner", "gmc|7012345"]);
    // The events of a practitioner who was deleted keep their person.
    let deleted = json!({"request": {"method": "DELETE", "url": "Practitioner/p1"}, "response": {"etag": "W/\"3\""}});
    let expected = ["skipped Practitioner", "gmc|7012345", "skipped Practitioner"];
    assert_eq!(words(&bundle("history", &json!([deleted, newer, older]))), expected);
}

#[test]
fn the_decoder_stops_one_element_behind_the_limit_in_every_form() {
    let list = format!("[{}{{}}]", "{},".repeat(999));
    let broken = format!("{{\"a\"\n{}", "1\n".repeat(1_000));
    let entries: Vec<Value> = (0..1_000).map(|n| json!({"resource": encounter(&n.to_string())})).collect();
    let entries = bundle("collection", &Value::Array(entries)).to_string();
    let nested =
        bundle("collection", &json!([{"resource": serde_json::from_str::<Value>(&entries).expect("a Bundle")}])).to_string();
    let not_utf8 = [b"{}\n".repeat(1_000), b"\xff".to_vec()].concat();
    for body in
        [list.as_bytes(), "{}\n".repeat(1_000).as_bytes(), broken.as_bytes(), entries.as_bytes(), nested.as_bytes(), &not_utf8]
    {
        let (position, mut found) = (position(), 0);
        let feed = Some(std::sync::Arc::new(Feed::undeclared("f")));
        let context = Context { position: &position, feed, received_at: Timestamp(1_795_500_000_000), now: NOW };
        let outcome = RecordDecoder::new(DecoderConfig::default()).decode_at_most(body, 10, &context, &mut |_| found += 1);
        assert_eq!((found, outcome.items), (11, 11), "{}", String::from_utf8_lossy(&body[..20]));
    }
}
