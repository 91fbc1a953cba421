//! Tombstones: records without a value, whose key names the event.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use scorecard::event::{Action, Codes, Detail, IdScope, Versioning};
use scorecard::record::item::{Feed, Item};

use crate::decoding::{NOW, position};

fn per_kind() -> Feed {
    Feed { ids: IdScope::Kind, ..Feed::undeclared("k") }
}

fn tombstone(source: Option<Feed>, key: &str) -> Item<'static> {
    let config = DecoderConfig { feeds: [("k".to_owned(), Arc::new(per_kind()))].into(), ..DecoderConfig::default() };
    let position = position();
    let context = Context { position: &position, feed: source.map(Arc::new), received_at: NOW, now: NOW };
    let mut items = Vec::new();
    RecordDecoder::new(config).tombstone(Some(key.as_bytes()), &context, &mut |item| {
        items.push(match item {
            Item::Event(feed, event) => Item::Event(feed, event.into_owned()),
            Item::Definition(feed, definition) => Item::Definition(feed, definition.into_owned()),
            Item::Reject(reject) => Item::Reject(reject),
            other => panic!("{other:?}"),
        });
    });
    assert_eq!(items.len(), 1);
    items.remove(0)
}

/// Feed, id and kind of a retraction.
fn retracted(item: &Item<'static>) -> (String, String, Detail<'static>) {
    let Item::Event(feed, event) = item else { panic!("{item:?}") };
    assert_eq!((event.action, event.version), (Action::Retract, None));
    (feed.name.to_string(), event.id.to_string(), event.detail.clone())
}

fn is(feed: &str, id: &str, detail: Detail<'static>) -> (String, String, Detail<'static>) {
    (feed.to_owned(), id.to_owned(), detail)
}

#[test]
fn a_key_names_feed_and_id_and_in_a_per_kind_feed_the_kind_between_them() {
    assert_eq!(retracted(&tombstone(None, "f|rx|71")), is("f", "rx|71", Detail::Encounter(None)));
    for (word, detail) in [
        ("encounter", Detail::Encounter(None)),
        ("prescription", Detail::Prescription(None)),
        ("feedback", Detail::Feedback(None)),
        ("order", Detail::Order(None)),
        ("observation", Detail::Observation(None)),
    ] {
        assert_eq!(retracted(&tombstone(None, &format!("k|{word}|7|1"))), is("k", "7|1", detail.clone()), "{word}");
        assert_eq!(retracted(&tombstone(Some(per_kind()), &format!("{word}|7"))), is("k", "7", detail), "{word}");
    }
}

#[test]
fn a_fhir_id_names_its_kind() {
    for (id, detail) in [
        ("Encounter/1", Detail::Encounter(None)),
        ("Appointment/1", Detail::Encounter(None)),
        ("MedicationRequest/1", Detail::Prescription(None)),
        ("ServiceRequest/1", Detail::Order(None)),
        ("Observation/1", Detail::Observation(None)),
    ] {
        assert_eq!(retracted(&tombstone(None, &format!("k|{id}"))), is("k", id, detail), "{id}");
    }
}

#[test]
fn a_per_kind_key_without_a_kind_is_refused_with_the_way_to_write_it() {
    for key in ["k|71", "k|drug|71", "k|CarePlan/1", "k|MedicationDispense/1"] {
        let Item::Reject(reject) = tombstone(None, key) else { panic!("{key} passed") };
        assert_eq!((reject.reason.as_str(), reject.field.as_str()), ("missing_field", "key"), "{key}");
        assert!(reject.detail.contains("prescription|71"), "{}", reject.detail);
    }
    let Item::Reject(reject) = tombstone(None, "k|order|") else { panic!("an empty id passed") };
    assert_eq!(reject.field, "key");
}

#[test]
fn the_tombstone_of_a_medication_is_a_definition_without_codes() {
    for feed in [Feed::undeclared("f"), per_kind(), Feed { versioning: Versioning::Updated, ..Feed::undeclared("u") }] {
        let Item::Definition(found, definition) = tombstone(Some(feed.clone()), "Medication/x") else { panic!("{feed:?}") };
        assert_eq!(found.name, feed.name);
        assert_eq!((&*definition.reference, definition.codes), ("Medication/x", Codes::default()));
        assert_eq!(definition.version, u64::try_from(NOW.0).unwrap());
    }
}
