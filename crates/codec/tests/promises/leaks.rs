//! No patient identifier leaves the decoder: when any text of any record contains an NHS number, no item does. With protection off,
//! the same search finds many, so it can fail.

use codec::avro::encoding;
use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use codec::identity::keys::Keys;
use codec::identity::nhs_number::contains_nhs_number;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::event::{Batch, CodeDefinition, Codes, Detail, Event, IdScope, Versioning};
use scorecard::record::item::{DrugSource, Feed, Item};
use scorecard::record::log_record::Record;
use serde_json::{Value, json};

use crate::decoding::decode;

/// An NHS number of the range that is never issued, in every accepted spelling.
const SPELLINGS: [&str; 8] = [
    "9434765919",
    "943 476 5919",
    "943-476-5919",
    "x9434765919y",
    "0094347659190",
    "\u{ff19}\u{ff14}\u{ff13}4765919",
    "943.476.5919",
    "\u{669}\u{664}\u{663}\u{664}\u{667}\u{666}\u{665}\u{669}\u{661}\u{669}",
];

/// The whole text of an item: its bytes in the log and its debug form.
fn told(items: &[Item<'static>]) -> Vec<String> {
    items.iter().map(|item| format!("{item:?} {}", String::from_utf8_lossy(&logged(item)))).collect()
}

fn logged(item: &Item<'static>) -> Vec<u8> {
    let record = match item {
        Item::Event(feed, event) => batch(&feed.name, vec![], vec![event.clone()]),
        Item::Definition(feed, definition) => batch(&feed.name, vec![definition.clone()], vec![]),
        Item::Registry(entry) => Record::Registry(entry.clone()),
        Item::Reject(reject) => Record::Reject(reject.clone()),
        Item::Skipped(kind) => return kind.clone().into_bytes(),
    };
    let mut bytes = Vec::new();
    encoding::encode(&record, &mut bytes).expect("an item can be written");
    bytes
}

fn batch(feed: &str, definitions: Vec<CodeDefinition<'static>>, events: Vec<Event<'static>>) -> Record<'static> {
    Record::Batch(Batch {
        feed: feed.to_owned().into(),
        practice: None,
        versioning: Versioning::Id,
        ids: IdScope::Feed,
        definitions,
        events,
    })
}

fn leaks(text: &str) -> bool {
    // The pseudonym prints as numbers with commas between them, and instants have too many digits for the search.
    let text = text.replace("occurred_at: Some(Timestamp(", "").replace("recorded_at: Some(Timestamp(", "");
    SPELLINGS.iter().any(|spelling| text.contains(spelling)) || text.contains("9434765919") || text.contains("943 476 5919")
}

/// The samples, each with every one of its texts in turn replaced by an NHS number, and with one added to it.
fn poisoned(spelling: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for sample in samples() {
        let mut paths = Vec::new();
        text_paths(&sample, String::new(), &mut paths);
        // A version is only a number, so it does not change.
        paths.retain(|path| !path.ends_with("/versionId"));
        for path in paths {
            for replaced in [true, false] {
                let mut poisoned = sample.clone();
                let place = poisoned.pointer_mut(&path).expect("the path was just found");
                let whole = if replaced { String::new() } else { place.as_str().unwrap_or_default().to_owned() };
                *place = json!(format!("{whole}{spelling}"));
                all.push(poisoned);
            }
        }
        if let Value::Object(mut fields) = sample {
            fields.insert(spelling.to_owned(), json!({ "free": spelling }));
            all.push(Value::Object(fields));
        }
    }
    all
}

fn text_paths(value: &Value, path: String, into: &mut Vec<String>) {
    match value {
        Value::String(_) | Value::Number(_) | Value::Bool(_) => into.push(path),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| text_paths(item, format!("{path}/{n}"), into));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, item)| text_paths(item, format!("{path}/{name}"), into)),
        Value::Null => {}
    }
}

fn samples() -> Vec<Value> {
    let mut samples: Vec<Value> = [
        include_str!("../../../../schemas/examples/prescription.json"),
        include_str!("../../../../schemas/examples/encounter.json"),
        include_str!("../../../../schemas/examples/feedback.json"),
        include_str!("../../../../schemas/examples/order.json"),
        include_str!("../../../../schemas/examples/retraction.json"),
        include_str!("../../../../schemas/examples/bundle.json"),
        include_str!("../../../../schemas/examples/observation.json"),
    ]
    .iter()
    .map(|text| serde_json::from_str(text).expect("an example"))
    .collect();
    let entries = samples[5]["entry"].as_array().expect("a Bundle has entries").clone();
    samples.extend(entries.into_iter().map(|mut entry| entry["resource"].take()).filter(|resource| !resource.is_null()));
    samples.extend([
        json!({"feed": "f", "id": "f-1", "type": "feedback", "occurred_at": "2026-10-05T09:41:00Z",
            "clinician": {"system": "urn:x", "value": "7"}, "pca": ["a", "b"],
            "feedback": {"items": {"q": "a", "9434765919": "yes", "r": "943 476 5919"}, "encounter": "e-1"}}),
        json!({"feed": "f", "id": "p-1", "type": "prescription", "occurred_at": "2026-10-05T09:41:00Z",
            "clinician": {"system": "npi", "value": "9434765919"},
            "prescription": {"code": "9434765919", "code_system": "bnf", "quantity": 1, "encounter": "9434765919"}}),
        json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/1"},
            "organization": {"identifier": {"system": "x", "value": "1"}}, "code": [{"text": "GP"}],
            "period": {"start": "2020", "end": "2026-01"}}),
        json!({"resourceType": "Encounter", "id": "c", "status": "finished", "class": {"code": "AMB"},
            "contained": [{"resourceType": "Practitioner", "id": "p", "identifier": [{"system": "s", "value": "v"}]}],
            "participant": [{"individual": {"reference": "#p"}}], "subject": {"reference": "Patient?identifier=x|9434765919"},
            "serviceProvider": {"reference": "Organization?identifier=x|y"}, "appointment": [{"reference": "Appointment/9434765919"}],
            "period": {"start": "2026-10-05T09:00:00Z"}}),
        json!({"resourceType": "Medication", "id": "d", "meta": {"lastUpdated": "2026-10-05T10:00:00Z"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "39732311000001104"}], "text": "Amoxicillin"}}),
        json!({"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", "authoredOn": "2026-10-06",
            "medicationReference": {"reference": "https://server/Medication/d"}, "requester": {"reference": "PractitionerRole/r"},
            "subject": {"reference": "Patient/9434765919"}}),
        json!({"resourceType": "Observation", "id": "b", "status": "final", "effectiveDateTime": "2026-10-06",
            "code": {"coding": [{"system": "x", "code": "y"}]}, "valueQuantity": {"value": 5, "unit": "kg", "code": "kg"},
            "performer": [{"reference": "Practitioner/1"}], "subject": {"identifier": {"system": "x", "value": "1"}},
            "component": [{"code": {"coding": [{"code": "z"}]}, "valueQuantity": {"value": 5, "unit": "cm"}}]}),
        json!({"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01", "gender": "female",
            "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "1"}]}),
        json!({"resourceType": "QuestionnaireResponse", "id": "q", "status": "completed", "authored": "2026-10-06",
            "item": [{"linkId": "1", "answer": [{"valueInteger": 5}]}, {"linkId": "2", "answer": [{"valueCoding":
                {"system": "s", "code": "c"}}]}, {"linkId": "3", "answer": [{"valueString": "free"}]}]}),
        json!({"resourceType": "Organization", "id": "o", "name": "The Dovecote", "type": [{"text": "pcn"}], "partOf": {"reference": "Organization/2"}}),
        json!({"resourceType": "MedicationDispense", "id": "d", "status": "completed", "whenHandedOver": "2026-10-06",
            "medicationCodeableConcept": {"coding": [{"system": "https://x/bnf", "code": "0501"}]}, "quantity": {"value": 1}}),
    ]);
    samples
}

fn decoder(keys: Keys) -> RecordDecoder {
    RecordDecoder::new(DecoderConfig { keys, ..DecoderConfig::default() })
}

/// How many of the poisoned records leak.
fn leaking(keys: Keys) -> usize {
    let decoder = decoder(keys);
    let feeds = [DrugSource::Requests, DrugSource::Dispenses].map(|drugs| Feed { drugs, ..Feed::undeclared("source") });
    let mut leaking = 0;
    for spelling in SPELLINGS {
        for record in poisoned(spelling) {
            for feed in &feeds {
                let items = decode(&decoder, Some(feed), record.to_string().as_bytes());
                let leaks = told(&items).iter().any(|text| leaks(text));
                leaking += usize::from(leaks);
                if leaks && leaking <= 3 {
                    println!("{record} becomes {items:?}");
                }
            }
        }
    }
    leaking
}

#[test]
fn no_text_of_any_record_carries_an_nhs_number_out() {
    assert_eq!(leaking(Keys::fixed()), 0);
}

/// Elements of free text. A name of an organisation is no such element: the registry keeps it.
const FREE: [&str; 6] = ["text", "display", "valueString", "description", "comment", "note"];

/// A sample with free text in every place for it.
fn talkative(value: &Value) -> Value {
    const SECRET: &str = "Zoe Quixote was lovely";
    match value {
        Value::Array(items) => items.iter().map(talkative).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !FREE.contains(&name.as_str()));
            let told = FREE.iter().map(|name| ((*name).to_owned(), json!(SECRET)));
            Value::Object(kept.map(|(name, value)| (name.clone(), talkative(value))).chain(told).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn no_free_text_of_any_record_leaves_the_decoder() {
    let decoder = decoder(Keys::fixed());
    let mut events = 0;
    for sample in samples() {
        for drugs in [DrugSource::Requests, DrugSource::Dispenses] {
            let feed = Feed { drugs, ..Feed::undeclared("source") };
            let items = decode(&decoder, Some(&feed), talkative(&sample).to_string().as_bytes());
            events += items.iter().filter(|item| matches!(item, Item::Event(..))).count();
            assert!(told(&items).iter().all(|text| !text.contains("Quixote")), "{sample} becomes {items:?}");
        }
    }
    assert!(events > 20, "{events} events");
}

#[test]
fn the_search_for_leaks_finds_some_when_the_protection_is_off() {
    let found = leaking(Keys::without_pseudonyms());
    assert!(found > 500, "{found} leaks");
}

#[test]
fn a_reject_of_text_that_is_not_json_shows_nothing_raw() {
    let decoder = decoder(Keys::fixed());
    for spelling in SPELLINGS {
        for text in [
            spelling.to_owned(),
            format!("{{\"patient\":\"{spelling}\""),
            format!("{{\"{spelling}\":1}} x"),
            format!("patient,{spelling}\n{spelling}"),
            format!("[\"{spelling}\",{{\"type\":\"{spelling}\"}}]"),
            format!("{{\"resourceType\":\"{spelling}\"}}"),
        ] {
            let items = decode(&decoder, Some(&Feed::undeclared("f")), text.as_bytes());
            assert!(!items.is_empty());
            for told in told(&items) {
                assert!(!leaks(&told), "{text:?} becomes {told}");
            }
        }
    }
}

#[test]
fn equal_texts_have_equal_hashes_so_that_links_still_match() {
    let decoder = decoder(Keys::fixed());
    let native = |id: &str, encounter: &str| {
        json!({"feed": "f", "id": id, "type": "order", "occurred_at": "2026-10-05T09:41:00Z", "clinician": {"system": "gmc", "value": "1"},
            "order": {"category": "test", "encounter": encounter}})
        .to_string()
    };
    let one = |json: &str| match decode(&decoder, Some(&Feed::undeclared("f")), json.as_bytes()).as_slice() {
        [Item::Event(_, event)] => event.clone(),
        other => panic!("{other:?}"),
    };
    let named = one(&native("e-9434765919", "x"));
    assert!(named.id.starts_with("h1-") && named.id.len() == 35, "{}", named.id);
    assert_eq!(one(&native("o", "e-9434765919")).link, Some(named.id));
    let encounter = one(&json!({"resourceType": "Encounter", "id": "9434765919", "status": "planned"}).to_string());
    let request = json!({"resourceType": "ServiceRequest", "id": "1", "status": "draft", "intent": "order",
        "encounter": {"reference": "https://server/Encounter/9434765919"}});
    assert_eq!(one(&request.to_string()).link, Some(encounter.id));
}

#[test]
fn an_npi_and_a_snomed_code_with_their_own_check_digits_pass() {
    // 1000000004 would be an NPI; these two carry both kinds of check digit, found with the rules of the standards.
    let npi =
        (1_000_000_000_u64..).map(|n| n.to_string()).find(|n| contains_nhs_number(n) && codec::identity::nhs_number::is_npi(n));
    let snomed = (1_000_000_000_u64..)
        .map(|n| n.to_string())
        .find(|n| contains_nhs_number(n) && codec::identity::nhs_number::is_snomed(n));
    let (npi, snomed) = (npi.expect("one in a hundred is both"), snomed.expect("one in a hundred is both"));
    let json = json!({"feed": "f", "id": "o", "type": "order", "occurred_at": "2026-10-05T09:41:00Z",
        "clinician": {"system": "http://hl7.org/fhir/sid/us-npi", "value": npi},
        "order": {"category": "test", "code": snomed, "code_system": "http://snomed.info/sct"}});
    match decode(&decoder(Keys::fixed()), None, json.to_string().as_bytes()).as_slice() {
        [Item::Event(_, event)] => {
            assert_eq!(event.clinician.as_deref(), Some(format!("npi|{npi}").as_str()));
            assert!(format!("{:?}", event.detail).contains(&format!("snomed|{snomed}")));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_appliance_counts_though_ten_of_its_digits_have_the_check_digit_of_an_nhs_number() {
    // 2030621080: 2*10 + 0*9 + 3*8 + 0*7 + 6*6 + 2*5 + 1*4 + 0*3 + 8*2 = 110 = 10 * 11 + 0.
    assert!(contains_nhs_number("20306210804"));
    let sent = |code: &str| {
        json!({"feed": "f", "id": "o", "type": "prescription", "occurred_at": "2026-10-05T09:41:00Z",
            "clinician": {"system": "gmc", "value": "7000246"},
            "prescription": {"code": code, "code_system": "bnf", "quantity": 28}})
        .to_string()
    };
    let drug = |code: &str| match decode(&decoder(Keys::fixed()), None, sent(code).as_bytes()).as_slice() {
        [Item::Event(_, event)] => match &event.detail {
            Detail::Prescription(Some(prescription)) => prescription.drug.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(drug("20306210804"), Codes::one("bnf|20306210804"));
    let hashed = Pseudonyms::new(&Keys::fixed()).hashed("2030621080");
    assert_eq!(drug("2030621080"), Codes::one(format!("bnf|{hashed}")));
}
