//! An event keeps a pseudonym, signs, an age band and a sex of its patient. The birth date leaves the decoder nowhere.

use std::sync::Arc;

use codec::formats::record_decoder::{Context, DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::{Event, Sex};
use scorecard::record::item::{Feed, Item};
use serde_json::{Value, json};

use crate::decoding::{NOW, decode, plain, position};

fn patient(id: &str, born: &str, gender: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "birthDate": born, "gender": gender})
}

fn encounter(subject: &Value) -> Value {
    json!({"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2026-10-05"}, "subject": subject})
}

fn events(items: &[Item<'static>]) -> Vec<Event<'static>> {
    let event = |item: &Item<'static>| match item {
        Item::Event(_, event) => Some(event.clone()),
        _ => None,
    };
    items.iter().filter_map(event).collect()
}

fn traits(event: &Event<'_>) -> (Option<u8>, Option<Sex>) {
    (event.age_band, event.sex)
}

#[test]
fn a_patient_of_the_same_bundle_or_resource_gives_age_and_sex() {
    let entry = |resource: &Value| json!({"resource": resource});
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        entry(&encounter(&json!({"reference": "Patient/1"}))), entry(&patient("1", "1958-10-06", "female"))]});
    assert_eq!(traits(&events(&plain(&bundle.to_string()))[0]), (Some(13), Some(Sex::Female)));
    let mut contained = encounter(&json!({"reference": "#p"}));
    contained["contained"] = json!([patient("p", "1958", "other")]);
    assert_eq!(traits(&events(&plain(&contained.to_string()))[0]), (Some(13), Some(Sex::Other)));
    let mut unknown = encounter(&json!({"reference": "#p"}));
    unknown["contained"] = json!([{"resourceType": "Patient", "id": "p", "gender": "unknown"}]);
    assert_eq!(traits(&events(&plain(&unknown.to_string()))[0]), (None, None));
}

#[test]
fn a_patient_of_an_earlier_record_of_the_feed_gives_age_and_sex() {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let (f, g) = (Feed::undeclared("f"), Feed::undeclared("g"));
    let read = |feed: &Feed, json: &Value| decode(&decoder, Some(feed), json.to_string().as_bytes());
    let one = |feed: &Feed, subject: &Value| traits(&events(&read(feed, &encounter(subject)))[0]);
    let reference = json!({"reference": "Patient/1"});
    assert_eq!(one(&f, &reference), (None, None), "the patient was not seen yet");
    let mut sent = patient("1", "1958-10-06", "male");
    sent["identifier"] = json!([{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "943 476 5919"}]);
    assert_eq!(read(&f, &sent), [Item::Skipped("Patient".to_owned())]);
    assert_eq!(one(&f, &reference), (Some(13), Some(Sex::Male)));
    assert_eq!(one(&f, &json!({"reference": "https://server/fhir/Patient/1"})), (Some(13), Some(Sex::Male)));
    let number = json!({"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}});
    assert_eq!(one(&f, &number), (Some(13), Some(Sex::Male)));
    assert_eq!(one(&g, &reference), (None, None), "another feed has another Patient/1");
    read(&f, &patient("1", "2020-01-01", "male"));
    assert_eq!(one(&f, &reference), (Some(1), Some(Sex::Male)));
    let gone =
        json!({"resourceType": "Bundle", "type": "history", "entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}]});
    read(&f, &gone);
    assert_eq!(one(&f, &reference), (None, None));
}

#[test]
fn the_birth_date_is_in_no_item_and_no_count() {
    let secret = ["1958-10-06", "1958", "10-06"];
    let native = json!({"feed": "f", "id": "e", "type": "order", "born": "1958-10-06", "patient": "p", "occurred_at": "2026-10-05T09:41:00Z",
        "clinician": {"system": "gmc", "value": "1"}, "order": {"category": "test"}});
    let mut rejected = native.clone();
    rejected["order"]["category"] = json!("x");
    let mut before_birth = native.clone();
    before_birth["occurred_at"] = json!("1950-10-05T09:41:00Z");
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": encounter(&json!({"reference": "Patient/1"}))}, {"resource": patient("1", "1958-10-06", "female")},
        {"resource": {"resourceType": "Encounter", "id": "x", "status": "wrong", "contained": [patient("p", "1958-10-06", "male")]}}]});
    let position = position();
    let decoder = RecordDecoder::new(DecoderConfig::default());
    for json in [native, rejected, before_birth, bundle] {
        let context = Context { position: &position, feed: Some(Arc::new(Feed::undeclared("f"))), received_at: NOW, now: NOW };
        let mut shown = String::new();
        let outcome = decoder.decode(json.to_string().as_bytes(), &context, &mut |item| shown.push_str(&format!("{item:?}")));
        shown.push_str(&format!("{outcome:?}"));
        assert!(secret.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    assert!(!format!("{decoder:?}").contains("1958"));
}

#[test]
fn the_same_patient_has_the_same_signs_in_every_format_and_epoch() {
    let keys = |epochs: &[u8]| Keys::new([7; 32], epochs.iter().map(|epoch| [*epoch; 32]).collect());
    let number = json!({"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "943 476 5919"}});
    let native = json!({"id": "o", "type": "order", "patient": "9434765919", "occurred_at": "2026-10-05T09:41:00Z",
        "clinician": {"system": "gmc", "value": "1"}, "order": {"category": "test"}});
    let mut seen = Vec::new();
    for epochs in [&[1u8][..], &[1, 2], &[9]] {
        let decoder = RecordDecoder::new(DecoderConfig { keys: keys(epochs), ..DecoderConfig::default() });
        for json in [encounter(&number), native.clone()] {
            let items = decode(&decoder, Some(&Feed::undeclared("f")), json.to_string().as_bytes());
            seen.push(events(&items)[0].signs);
        }
    }
    let expected = Pseudonyms::new(&keys(&[5])).protected_patient("9434765919").map(|patient| patient.signs);
    assert!(expected.is_some() && seen.iter().all(|signs| *signs == expected), "{seen:?}");
    let nobody = RecordDecoder::new(DecoderConfig { keys: keys(&[]), ..DecoderConfig::default() });
    let items = decode(&nobody, Some(&Feed::undeclared("f")), native.to_string().as_bytes());
    assert_eq!((events(&items)[0].patient, events(&items)[0].signs), (None, None));
}
