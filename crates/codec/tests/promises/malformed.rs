//! Rejects: every pair of a field and a fault has the reason, field and position of this table. The elements around it are
//! accepted, and the reject shows nothing of the value.

use codec::formats::record_decoder::RejectReason::{self, *};
use scorecard::record::item::Item;
use scorecard::record::log_record::Position;
use serde_json::{Value, json};

use crate::decoding::{plain, position, reject};

/// A change to a field of a valid record.
enum Fault {
    Without,
    Is(Value),
}
use Fault::{Is, Without};

type Row = (&'static str, &'static str, Fault, RejectReason, &'static str);

fn text(length: usize) -> Fault {
    Is(json!("x".repeat(length)))
}

fn list(length: usize) -> Fault {
    Is((0..length).map(|n| json!(format!("m{n}"))).collect())
}

/// Sample, JSON pointer of the field, change, reason, name of the field in the reject.
fn table() -> Vec<Row> {
    let mut rows = common();
    rows.extend(kinds());
    rows.extend(visits());
    rows.extend(requests());
    rows.extend(people());
    rows
}

fn common() -> Vec<Row> {
    let n = "order";
    vec![
        (n, "/feed", Is(json!(7)), WrongType, "feed"),
        (n, "/feed", text(257), TooLong, "feed"),
        (n, "/feed", Is(json!("")), MalformedValue, "feed"),
        (n, "/id", Without, MissingField, "id"),
        (n, "/id", Is(json!(null)), MissingField, "id"),
        (n, "/id", Is(json!("  ")), MalformedValue, "id"),
        (n, "/id", Is(json!(71)), WrongType, "id"),
        (n, "/id", Is(json!("a\u{0}b")), MalformedValue, "id"),
        (n, "/id", text(257), TooLong, "id"),
        (n, "/version", Is(json!("3")), WrongType, "version"),
        (n, "/version", Is(json!(0)), OutOfRange, "version"),
        (n, "/version", Is(json!(-1)), OutOfRange, "version"),
        (n, "/version", Is(json!(1.5)), MalformedValue, "version"),
        (n, "/version", Is(json!((1u64 << 62) + 1)), OutOfRange, "version"),
        (n, "/version", Is(json!(true)), WrongType, "version"),
        ("retraction", "/version", Without, MissingVersion, "version"),
        (n, "/type", Without, MissingField, "type"),
        (n, "/type", Is(json!("vaccination")), UnknownType, "type"),
        (n, "/type", Is(json!("Order")), UnknownType, "type"),
        (n, "/type", Is(json!(["order"])), WrongType, "type"),
        (n, "/action", Is(json!("delete")), UnknownValue, "action"),
        (n, "/action", Is(json!(false)), WrongType, "action"),
        (n, "/occurred_at", Without, MissingField, "occurred_at"),
        (n, "/occurred_at", Is(json!("2026-10-05")), DateTooCoarse, "occurred_at"),
        (n, "/occurred_at", Is(json!("2026-10")), DateTooCoarse, "occurred_at"),
        (n, "/occurred_at", Is(json!("2026-10-05T09:41:00")), MalformedValue, "occurred_at"),
        (n, "/occurred_at", Is(json!("2026-02-30T09:41:00Z")), MalformedValue, "occurred_at"),
        (n, "/occurred_at", Is(json!("5 October 2026")), MalformedValue, "occurred_at"),
        (n, "/occurred_at", Is(json!(1_791_189_660)), WrongType, "occurred_at"),
        (n, "/occurred_at", Is(json!("1899-12-31T00:00:00Z")), OutOfRange, "occurred_at"),
        (n, "/occurred_at", Is(json!("9999-01-01T00:00:00Z")), OutOfRange, "occurred_at"),
        // Five minutes and a second ahead.
        (n, "/occurred_at", Is(json!("2026-11-24T12:05:01Z")), InTheFuture, "occurred_at"),
        (n, "/clinician", Without, MissingClinician, "clinician"),
        (n, "/clinician", Is(json!("gmc|7012345")), WrongType, "clinician"),
        (n, "/clinician", Is(json!({})), MissingClinician, "clinician"),
        (n, "/clinician/system", Without, MissingField, "clinician.system"),
        (n, "/clinician/value", Without, MissingField, "clinician.value"),
        (n, "/clinician/value", Is(json!(7_012_345)), WrongType, "clinician.value"),
        (n, "/clinician/value", text(513), TooLong, "clinician.value"),
        (n, "/practice", Is(json!({})), WrongType, "practice"),
        (n, "/practice", text(513), TooLong, "practice"),
        (n, "/exclude", Is(json!("both")), UnknownValue, "exclude"),
        (n, "/pca", Is(json!("dna_rate")), WrongType, "pca"),
        (n, "/pca", Is(json!([1])), WrongType, "pca"),
        (n, "/pca", list(65), TooLong, "pca"),
        (n, "/order", Without, MissingField, "order"),
        (n, "/order", Is(json!([])), WrongType, "order"),
    ]
}

fn kinds() -> Vec<Row> {
    let (e, p, f, o, b) = ("encounter", "prescription", "feedback", "order", "observation");
    vec![
        (o, "/order/category", Without, MissingField, "order.category"),
        (o, "/order/category", Is(json!("xray")), UnknownValue, "order.category"),
        (o, "/order/encounter", text(257), TooLong, "order.encounter"),
        (e, "/encounter", Without, MissingField, "encounter"),
        (e, "/encounter/mode", Without, MissingField, "encounter.mode"),
        (e, "/encounter/mode", Is(json!("letter")), UnknownValue, "encounter.mode"),
        (e, "/encounter/status", Without, MissingField, "encounter.status"),
        (e, "/encounter/status", Is(json!("dna")), UnknownValue, "encounter.status"),
        (p, "/prescription", Is(json!(1)), WrongType, "prescription"),
        (p, "/prescription/code", Without, MissingField, "prescription.code"),
        (p, "/prescription/code", Is(json!("amoxicillin")), MalformedValue, "prescription.code"),
        (p, "/prescription/code", Is(json!("0501013b0")), MalformedValue, "prescription.code"),
        (p, "/prescription/code", Is(json!("0501013B0AAABABX")), MalformedValue, "prescription.code"),
        (p, "/prescription/code_system", Without, MissingField, "prescription.code_system"),
        (p, "/prescription/items", Is(json!(0)), OutOfRange, "prescription.items"),
        (p, "/prescription/items", Is(json!(65_536)), OutOfRange, "prescription.items"),
        (p, "/prescription/repeat", Is(json!("false")), WrongType, "prescription.repeat"),
        (p, "/prescription/repeat", Is(json!(0)), WrongType, "prescription.repeat"),
        (p, "/prescription/encounter", Is(json!(99)), WrongType, "prescription.encounter"),
        (f, "/feedback", Is(json!({})), MissingField, "feedback.answer"),
        (f, "/feedback", Is(json!({"answer": "excellent"})), UnknownValue, "feedback.answer"),
        (f, "/feedback", Is(json!({"answer": 5})), WrongType, "feedback.answer"),
        (f, "/feedback", Is(json!({"items": ["yes"]})), WrongType, "feedback.items"),
        (f, "/feedback", Is(json!({"items": {"listened": "Dr Smith was lovely"}})), MalformedValue, "feedback.items"),
        (f, "/feedback", Is(json!({"items": {"listened": true}})), WrongType, "feedback.items"),
        (b, "/observation", Without, MissingField, "observation"),
        (b, "/observation/code", Without, MissingField, "observation.code"),
        (b, "/observation/code_system", Without, MissingField, "observation.code_system"),
        (b, "/observation/values", Without, MissingField, "observation.value"),
        (b, "/observation/values", Is(json!([])), MissingField, "observation.value"),
        (b, "/observation/values", Is(json!("138")), WrongType, "observation.values"),
        (b, "/observation/values/0/value", Without, MissingField, "observation.values.value"),
        (b, "/observation/values/0/value", Is(json!("138")), WrongType, "observation.values.value"),
        (b, "/observation/values/0/value", Is(json!(1e13)), OutOfRange, "observation.values.value"),
        (b, "/observation/values/0/code", Without, MissingField, "observation.values.code"),
        (b, "/observation/value", Is(json!("138")), WrongType, "observation.value"),
        (b, "/observation/encounter", Is(json!(7)), WrongType, "observation.encounter"),
        (f, "/feedback/encounter", Is(json!({})), WrongType, "feedback.encounter"),
    ]
}

fn visits() -> Vec<Row> {
    let (v, a) = ("Encounter", "Appointment");
    vec![
        (v, "/resourceType", Is(json!(1)), WrongType, "resourceType"),
        (v, "/id", Without, MissingField, "Encounter.id"),
        (v, "/id", Is(json!(1)), WrongType, "Encounter.id"),
        (v, "/id", Is(json!("a b")), MalformedValue, "Encounter.id"),
        (v, "/meta/versionId", Is(json!(3)), WrongType, "Encounter.meta.versionId"),
        (v, "/meta/versionId", Is(json!("8".repeat(30))), OutOfRange, "Encounter.meta.versionId"),
        (v, "/status", Without, MissingField, "Encounter.status"),
        (v, "/status", Is(json!("done")), UnknownValue, "Encounter.status"),
        (v, "/period", Without, MissingField, "Encounter.period.start"),
        (v, "/period", Is(json!("2026")), WrongType, "Encounter.period"),
        (v, "/period/start", Is(json!("2026-10")), DateTooCoarse, "Encounter.period.start"),
        (v, "/period/start", Is(json!("2026")), DateTooCoarse, "Encounter.period.start"),
        (v, "/period/start", Is(json!("2026-10-05T09:00:00")), MalformedValue, "Encounter.period.start"),
        (v, "/period/start", Is(json!("2027-10-05")), InTheFuture, "Encounter.period.start"),
        (a, "/status", Is(json!("attended")), UnknownValue, "Appointment.status"),
        (a, "/start", Without, MissingField, "Appointment.start"),
        (a, "/start", Is(json!("2026-10")), DateTooCoarse, "Appointment.start"),
    ]
}

fn requests() -> Vec<Row> {
    let (m, s, q) = ("MedicationRequest", "ServiceRequest", "QuestionnaireResponse");
    let (b, d) = ("Observation", "Medication");
    vec![
        (m, "/status", Is(json!("given")), UnknownValue, "MedicationRequest.status"),
        (m, "/intent", Without, MissingField, "MedicationRequest.intent"),
        (m, "/intent", Is(json!("wish")), UnknownValue, "MedicationRequest.intent"),
        (m, "/doNotPerform", Is(json!("true")), WrongType, "MedicationRequest.doNotPerform"),
        (m, "/medicationCodeableConcept", Without, MissingField, "MedicationRequest.medicationCodeableConcept"),
        (m, "/medicationCodeableConcept", Is(json!("x")), WrongType, "MedicationRequest.medicationCodeableConcept"),
        (m, "/authoredOn", Without, MissingField, "MedicationRequest.authoredOn"),
        (m, "/authoredOn", Is(json!("2026-10")), DateTooCoarse, "MedicationRequest.authoredOn"),
        (s, "/status", Without, MissingField, "ServiceRequest.status"),
        (s, "/intent", Is(json!("wish")), UnknownValue, "ServiceRequest.intent"),
        (b, "/status", Is(json!("done")), UnknownValue, "Observation.status"),
        (b, "/effectiveDateTime", Without, MissingField, "Observation.effectiveDateTime"),
        (b, "/effectiveDateTime", Is(json!("2026-10")), DateTooCoarse, "Observation.effectiveDateTime"),
        (b, "/effectiveDateTime", Is(json!("2027-10-05")), InTheFuture, "Observation.effectiveDateTime"),
        (d, "/id", Without, MissingField, "Medication.id"),
        (d, "/id", Is(json!("a b")), MalformedValue, "Medication.id"),
        (s, "/authoredOn", Is(json!("1850-01-01")), OutOfRange, "ServiceRequest.authoredOn"),
        (q, "/status", Is(json!("final")), UnknownValue, "QuestionnaireResponse.status"),
        (q, "/authored", Without, MissingField, "QuestionnaireResponse.authored"),
        (q, "/item", Is(json!({})), WrongType, "QuestionnaireResponse.item"),
    ]
}

fn people() -> Vec<Row> {
    let (d, r, o) = ("Practitioner", "PractitionerRole", "Organization");
    vec![
        (d, "/id", Without, MissingField, "Practitioner.id"),
        (d, "/identifier", Is(json!("7012345")), WrongType, "Practitioner.identifier"),
        (d, "/identifier/0/value", Is(json!(7_012_345)), WrongType, "Practitioner.identifier"),
        (d, "/identifier/0/value", text(513), TooLong, "Practitioner.identifier"),
        (r, "/period/start", Is(json!("long ago")), MalformedValue, "PractitionerRole.period.start"),
        (r, "/code", Is(json!("gp")), WrongType, "PractitionerRole.code"),
        (o, "/name", Is(json!(["a"])), WrongType, "Organization.name"),
        (o, "/name", text(513), TooLong, "Organization.name"),
        (o, "/partOf", Is(json!("U12345")), WrongType, "Organization.partOf"),
    ]
}

fn sample(name: &str) -> Value {
    let native = |text: &str| serde_json::from_str(text).expect("an example of the contract");
    match name {
        "prescription" => native(include_str!("../../../../schemas/examples/prescription.json")),
        "encounter" => native(include_str!("../../../../schemas/examples/encounter.json")),
        "feedback" => native(include_str!("../../../../schemas/examples/feedback.json")),
        "order" => native(include_str!("../../../../schemas/examples/order.json")),
        "observation" => native(include_str!("../../../../schemas/examples/observation.json")),
        "retraction" => native(include_str!("../../../../schemas/examples/retraction.json")),
        "Practitioner" => json!({"resourceType": name, "id": "1",
            "identifier": [{"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}]}),
        "PractitionerRole" => json!({"resourceType": name, "id": "1", "practitioner": {"reference": "Practitioner/1"},
            "organization": {"reference": "Organization/1"}, "period": {"start": "2020"}, "code": [{"text": "GP"}]}),
        "Organization" => {
            json!({"resourceType": name, "id": "1", "name": "The Dovecote", "partOf": {"reference": "Organization/2"}})
        }
        _ => visit_sample(name),
    }
}

fn visit_sample(name: &str) -> Value {
    match name {
        "Encounter" => json!({"resourceType": name, "id": "1", "status": "finished", "class": {"code": "AMB"},
            "meta": {"versionId": "1", "lastUpdated": "2026-10-05T10:00:00Z"}, "subject": {"reference": "Patient/1"},
            "participant": [{"individual": {"reference": "Practitioner/1"}}], "serviceProvider": {"reference": "Organization/1"},
            "appointment": [{"reference": "Appointment/1"}],
            "period": {"start": "2026-10-05T09:00:00+01:00", "end": "2026-10-05T09:10:00+01:00"}}),
        "Appointment" => json!({"resourceType": name, "id": "1", "status": "fulfilled", "created": "2026-10-01",
            "start": "2026-10-05T09:00:00+01:00", "minutesDuration": 10, "participant": [{"actor": {"reference": "Practitioner/1"}}]}),
        "MedicationRequest" => {
            json!({"resourceType": name, "id": "1", "status": "active", "intent": "order", "doNotPerform": false,
            "medicationCodeableConcept": {"text": "x"}, "authoredOn": "2026-10-05", "requester": {"reference": "Practitioner/1"},
            "dispenseRequest": {"quantity": {"value": 21}}})
        }
        "ServiceRequest" => {
            json!({"resourceType": name, "id": "1", "status": "active", "intent": "order", "authoredOn": "2026-10-05",
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}]})
        }
        "QuestionnaireResponse" => {
            json!({"resourceType": name, "id": "1", "status": "completed", "authored": "2026-10-05T10:00:00Z",
            "encounter": {"reference": "Encounter/1"}, "item": [{"linkId": "fft", "answer": [{"valueCoding": {"code": "good"}}]}]})
        }
        "Observation" => json!({"resourceType": name, "id": "1", "status": "final", "effectiveDateTime": "2026-10-05",
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}, "valueQuantity": {"value": 41, "code": "mmol/mol"},
            "performer": [{"reference": "Practitioner/1"}]}),
        "Medication" => json!({"resourceType": name, "id": "1", "code": {"coding": [{"code": "x"}]}}),
        other => panic!("no sample {other}"),
    }
}

fn damaged(row: &Row) -> Value {
    let (name, pointer, fault, ..) = row;
    let mut value = sample(name);
    match fault {
        Without => {
            let (parent, field) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
            let parent = value.pointer_mut(parent).and_then(Value::as_object_mut).expect("the field's object is there");
            assert!(parent.remove(field).is_some(), "{pointer} was not there");
        }
        Is(wrong) => {
            if value.pointer(pointer).is_none() {
                let (parent, field) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
                let parent = value.pointer_mut(parent).and_then(Value::as_object_mut).expect("the field's object is there");
                parent.insert(field.to_owned(), Value::Null);
            }
            *value.pointer_mut(pointer).expect("it was just put there") = wrong.clone();
        }
    }
    value
}

#[test]
fn the_samples_are_good_before_they_are_damaged() {
    for row in table() {
        let items = plain(&sample(row.0).to_string());
        assert!(matches!(items.as_slice(), [Item::Event(..) | Item::Definition(..) | Item::Registry(_)]), "{}: {items:?}", row.0);
    }
}

#[test]
fn every_fault_is_a_reject_with_its_reason_and_its_field() {
    let rows = table();
    assert!(rows.len() >= 130, "{} rows", rows.len());
    for row in &rows {
        let reject = reject(&damaged(row).to_string());
        let (name, pointer, _, reason, field) = row;
        assert_eq!((reject.reason.as_str(), reject.field.as_str()), (reason.as_str(), *field), "{name}{pointer}: {reject:?}");
        assert!(reject.detail.contains(field) && reject.detail.contains("; "), "{name}{pointer}: {}", reject.detail);
        assert_eq!(reject.position, position(), "{name}{pointer}");
    }
}

#[test]
fn a_fault_costs_no_other_element_and_names_its_index() {
    for row in &table() {
        let good = sample(row.0);
        let items = plain(&Value::Array(vec![good.clone(), damaged(row), good.clone()]).to_string());
        let [first, Item::Reject(reject), last] = items.as_slice() else { panic!("{}{}: {items:?}", row.0, row.1) };
        let good = |item: &Item<'_>| matches!(item, Item::Event(..) | Item::Definition(..) | Item::Registry(_));
        assert!(good(first) && good(last), "{}{}: {items:?}", row.0, row.1);
        assert_eq!(reject.position, Position { index: Some(1), ..position() });
    }
}

#[test]
fn a_reject_tells_nothing_of_the_value() {
    for row in &table() {
        let Is(Value::String(value)) = &row.2 else { continue };
        let reject = reject(&damaged(row).to_string());
        // The cure may show an example.
        let detail = reject.detail.replace("2026-10-05T09:41:00+01:00", "").replace("2026-10-05", "");
        let told = format!("{} {detail} {}", reject.field, reject.excerpt);
        let secret = value.trim();
        // A value without letters and digits, or one that the message has as its example, is not a secret.
        if secret.chars().any(char::is_alphanumeric) && secret.len() > 4 && !["attended", "false"].contains(&secret) {
            assert!(!told.contains(secret), "{told:?} tells {secret:?}");
        }
        for name in ["9434765919", "Smith", "a81001-emis", "7012345"] {
            assert!(!reject.excerpt.contains(name), "{}", reject.excerpt);
        }
    }
}

#[test]
fn bytes_of_another_format_are_refused_by_its_name() {
    let record = |bytes: &[u8]| {
        let decoder =
            codec::formats::record_decoder::RecordDecoder::new(codec::formats::record_decoder::DecoderConfig::default());
        match crate::decoding::decode(&decoder, None, bytes).as_slice() {
            [Item::Reject(reject)] => reject.clone(),
            other => panic!("{other:?}"),
        }
    };
    for (bytes, reason, said) in [
        (&b""[..], NotJson, "empty"),
        (b"  \n\n", NotJson, "empty"),
        (b"no JSON", NotJson, "line 1"),
        (b"{\"feed\":\"f\",", NotJson, "ends in the middle"),
        (b"\"text\"", NotAnObject, "a text in quotes"),
        (b"7", NotAnObject, "a number"),
        (b"null", NotAnObject, "null"),
        (b"[[{}]]", NotAnObject, "a list"),
        (b"{\"feed\":\"\xff\"}", NotUtf8, "UTF-8"),
        (b"\x1f\x8b\x08\x00", WrongFormat, "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", WrongFormat, "zstd"),
        (b"PK\x03\x04", WrongFormat, "zip"),
        (b"PAR1....", WrongFormat, "Parquet"),
        (b"\xff\xfe{\x00}\x00", WrongFormat, "UTF-16"),
        (b"<Bundle xmlns=\"http://hl7.org/fhir\"/>", WrongFormat, "FHIR as XML"),
        (b"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>", WrongFormat, "C-CDA"),
        (b"<events/>", WrongFormat, "XML"),
        (b"MSH|^~\\&|EMIS|A81001\rPID|1||9434765919", WrongFormat, "HL7 version 2"),
        (b"ISA*00*          *00*          *ZZ*A", WrongFormat, "X12"),
        (b"feed,id,version\na,1,2\nb,2,3\n", WrongFormat, "CSV"),
    ] {
        let reject = record(bytes);
        assert_eq!(reject.reason, reason.as_str(), "{}", String::from_utf8_lossy(bytes));
        assert!(reject.detail.contains(said), "{:?} does not say {said:?}", reject.detail);
    }
}

#[test]
fn a_bundle_is_faulted_as_a_whole_or_entry_by_entry() {
    for (json, reason, field) in [
        (json!({"resourceType": "Bundle", "entry": []}), MissingField, "Bundle.type"),
        (json!({"resourceType": "Bundle", "type": "list", "entry": []}), UnknownValue, "Bundle.type"),
        (json!({"resourceType": "Bundle", "type": "batch", "entry": {}}), WrongType, "Bundle.entry"),
        (json!({"resourceType": "Bundle", "type": "batch", "entry": [7]}), WrongType, "Bundle.entry"),
        (json!({"resourceType": "Bundle", "type": "batch", "entry": [{}]}), MissingField, "Bundle.entry.resource"),
        (json!({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": "x"}]}), WrongType, "Bundle.entry.resource"),
        (json!({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {}}]}), MissingField, "resourceType"),
        (
            json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "DELETE"}}]}),
            MissingField,
            "Bundle.entry.request.url",
        ),
        (
            json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "DELETE", "url": "Encounter?x=1"}}]}),
            MalformedValue,
            "Bundle.entry.request.url",
        ),
        (
            json!({"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "PATCH", "url": "Encounter/1"}}]}),
            UnknownValue,
            "Bundle.entry.request.method",
        ),
        (
            json!({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Bundle"}}]}),
            MissingField,
            "Bundle.type",
        ),
    ] {
        let reject = reject(&json.to_string());
        assert_eq!((reject.reason.as_str(), reject.field.as_str()), (reason.as_str(), field), "{json}");
    }
}

#[test]
fn fhir_without_a_feed_is_refused_and_so_are_versions_without_their_ordering_field() {
    use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
    use scorecard::event::Versioning;
    use scorecard::record::item::Feed;
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let one = |feed: Option<&Feed>, json: &Value| match crate::decoding::decode(&decoder, feed, json.to_string().as_bytes())
        .as_slice()
    {
        [Item::Reject(reject)] => (reject.reason.clone(), reject.field.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(one(None, &sample("Encounter")), ("missing_feed".to_owned(), String::new()));
    let updated = Feed { versioning: Versioning::Updated, ..Feed::undeclared("u") };
    let mut encounter = sample("Encounter");
    encounter["meta"] = Value::Null;
    assert_eq!(one(Some(&updated), &encounter), ("missing_version".to_owned(), "Encounter.meta.lastUpdated".to_owned()));
    let mut order = sample("order");
    order["feed"] = Value::Null;
    order["recorded_at"] = Value::Null;
    assert_eq!(one(Some(&updated), &order), ("missing_version".to_owned(), "recorded_at".to_owned()));
    order["recorded_at"] = json!("1969-12-31T00:00:00Z");
    assert_eq!(one(Some(&updated), &order), ("out_of_range".to_owned(), "recorded_at".to_owned()));
}

#[test]
fn five_minutes_ahead_is_a_clocks_skew() {
    let mut order = sample("order");
    order["occurred_at"] = json!("2026-11-24T12:05:00Z");
    assert!(matches!(plain(&order.to_string()).as_slice(), [Item::Event(..)]));
}
