//! References to drugs, roles and resources of other servers, and the definitions that resolve the drugs.

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use scorecard::event::{CodeDefinition, Codes, Detail, Event, Prescription};
use scorecard::record::item::{Feed, Item};
use serde_json::{Value, json};

use crate::decoding::{decode, event, plain};

fn request(fields: &Value) -> Value {
    let mut request = json!({"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order", "authoredOn": "2026-10-05"});
    for (name, value) in fields.as_object().expect("an object of fields") {
        request[name] = value.clone();
    }
    request
}

fn drug(event: &Event<'static>) -> Prescription<'static> {
    match &event.detail {
        Detail::Prescription(Some(prescription)) => prescription.clone(),
        other => panic!("{other:?}"),
    }
}

fn medication(id: &str, code: &str) -> Value {
    json!({"resourceType": "Medication", "id": id, "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}})
}

fn bundle(entries: Value) -> Vec<Item<'static>> {
    plain(&json!({"resourceType": "Bundle", "type": "collection", "entry": entries}).to_string())
}

fn event_of(items: &[Item<'static>]) -> Event<'static> {
    let event = items.iter().find_map(|item| match item {
        Item::Event(_, event) => Some(event.clone()),
        _ => None,
    });
    event.unwrap_or_else(|| panic!("no event in {items:?}"))
}

#[test]
fn a_medication_elsewhere_is_a_reference_and_one_in_the_bundle_has_its_codes() {
    let reference = json!({"medicationReference": {"reference": "Medication/x"}});
    let elsewhere = drug(&event(&request(&reference).to_string()));
    assert_eq!((elsewhere.drug, elsewhere.reference.as_deref()), (Codes::default(), Some("Medication/x")));
    let items = bundle(json!([{"resource": request(&reference)}, {"resource": medication("x", "322236009")}]));
    let inside = drug(&event_of(&items));
    assert_eq!((inside.drug, inside.reference), (Codes::one("snomed|322236009"), None));
    let contained = request(&json!({"medicationReference": {"reference": "#x"}, "contained": [medication("x", "322236009")]}));
    let contained = drug(&event(&contained.to_string()));
    assert_eq!((contained.drug, contained.reference), (Codes::one("snomed|322236009"), None));
}

#[test]
fn a_medication_becomes_a_definition_of_its_feed() {
    let mut sent = medication("x", "322236009");
    sent["code"]["coding"].as_array_mut().expect("codings").push(json!({"system": "https://dmd.nhs.uk", "code": "322236009"}));
    sent["code"]["text"] = json!("Amoxicillin");
    let codes: Codes<'static> = ["snomed|322236009", "dmd|322236009"].map(std::borrow::Cow::Borrowed).into_iter().collect();
    for (meta, version) in [
        (json!({"versionId": "7", "lastUpdated": "2026-10-05T10:00:00Z"}), 7),
        // 2026-10-05T10:00:00Z by `date -u +%s`.
        (json!({"versionId": "a1b2", "lastUpdated": "2026-10-05T10:00:00Z"}), 1_791_194_400_000),
        (json!({"lastUpdated": "2026-10-05T10:00:00Z"}), 1_791_194_400_000),
        // The time of arrival of the tests.
        (Value::Null, 1_795_500_000_000),
    ] {
        sent["meta"] = meta.clone();
        match plain(&sent.to_string()).as_slice() {
            [Item::Definition(feed, definition)] => {
                assert_eq!(&*feed.name, "f");
                let expected = CodeDefinition { reference: "Medication/x".into(), version, codes: codes.clone() };
                assert_eq!(definition, &expected, "{meta}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_deleted_or_wrong_medication_has_no_codes() {
    let history = json!({"resourceType": "Bundle", "type": "history", "entry": [
        {"request": {"method": "DELETE", "url": "Medication/x"}, "response": {"etag": "W/\"4\""}},
        {"request": {"method": "DELETE", "url": "Medication/y"}, "response": {"lastModified": "2026-10-05T10:00:00Z"}}]});
    let mut wrong = medication("z", "322236009");
    wrong["status"] = json!("entered-in-error");
    wrong["meta"] = json!({"versionId": "9"});
    let found: Vec<_> = [plain(&history.to_string()), plain(&wrong.to_string())]
        .concat()
        .into_iter()
        .map(|item| match item {
            Item::Definition(_, definition) => (definition.reference.to_string(), definition.version, definition.codes.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("Medication/x", 4, 0), ("Medication/y", 1_791_194_400_000, 0), ("Medication/z", 9, 0)];
    assert_eq!(found, expected.map(|(reference, version, codes)| (reference.to_owned(), version, codes)));
}

#[test]
fn an_absolute_reference_resolves_on_its_own_server_only() {
    let entry = |url: &str, resource: Value| json!({"fullUrl": url, "resource": resource});
    let to = |reference: &str| request(&json!({"medicationReference": {"reference": reference}}));
    let own = "https://one.example/fhir/MedicationRequest/m";
    let here = |reference: &str| {
        let medication = entry("https://one.example/fhir/Medication/x", medication("x", "322236009"));
        drug(&event_of(&bundle(json!([entry(own, to(reference)), medication]))))
    };
    for reference in [
        "Medication/x",
        "https://one.example/fhir/Medication/x",
        "http://one.example/fhir/Medication/x",
        "https://one.example/fhir/Medication/x/_history/3",
        "Medication/x/_history/3",
    ] {
        let found = here(reference);
        assert_eq!((found.drug, found.reference), (Codes::one("snomed|322236009"), None), "{reference}");
    }
    let other = here("https://two.example/fhir/Medication/x");
    let name = Some("https://two.example/fhir/Medication/x");
    assert_eq!((other.drug, other.reference.as_deref()), (Codes::default(), name));
    let absent = here("https://one.example/fhir/Medication/y");
    assert_eq!((absent.drug, absent.reference.as_deref()), (Codes::default(), Some("Medication/y")));
    // The relative reference belongs to the server of its own entry, not to that of another entry.
    let foreign = entry("https://two.example/fhir/Medication/x", medication("x", "73211009"));
    let found = drug(&event_of(&bundle(json!([foreign, entry(own, to("Medication/x"))]))));
    assert_eq!((found.drug, found.reference.as_deref()), (Codes::default(), Some("Medication/x")));
}

#[test]
fn persons_and_links_of_another_server_are_not_those_of_this_one() {
    let at = |url: &str| {
        let request = request(
            &json!({"medicationReference": {"reference": "Medication/x"}, "requester": {"reference": format!("{url}/Practitioner/1")},
            "encounter": {"reference": format!("{url}/Encounter/1")}}),
        );
        event_of(&bundle(json!([{"fullUrl": "https://one.example/fhir/MedicationRequest/m", "resource": request}])))
    };
    let own = at("https://one.example/fhir");
    assert_eq!((own.clinician.as_deref(), own.link.as_deref()), (Some("f|Practitioner/1"), Some("Encounter/1")));
    let other = at("https://two.example/fhir");
    assert_eq!((other.clinician.as_deref(), other.link), (Some("f|https://two.example/fhir/Practitioner/1"), None));
}

#[test]
fn the_practice_is_that_of_the_role_else_the_roles_name_else_the_encounters() {
    let ods = |code: &str| json!({"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": code}});
    let role = |fields: Value| {
        let mut role = json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"}});
        for (name, value) in fields.as_object().expect("an object of fields") {
            role[name] = value.clone();
        }
        role
    };
    let encounter = |reference: &str, contained: Value| {
        let json = json!({"resourceType": "Encounter", "id": "e", "status": "finished", "period": {"start": "2026-10-05"},
            "participant": [{"individual": {"reference": reference}}], "serviceProvider": ods("B1"), "contained": contained});
        let event = event(&json.to_string());
        (event.clinician.map(String::from), event.practice.map(String::from))
    };
    let parties = |clinician: &str, practice: &str| (Some(clinician.to_owned()), Some(practice.to_owned()));
    let inside = json!([role(json!({"organization": ods("A1")}))]);
    assert_eq!(encounter("#r", inside), parties("f|Practitioner/p", "A1"));
    assert_eq!(encounter("#r", json!([role(json!({}))])), parties("f|Practitioner/p", "B1"));
    assert_eq!(encounter("PractitionerRole/r1", json!([])), parties("f|PractitionerRole/r1", "f|PractitionerRole/r1"));
    assert_eq!(encounter("Practitioner/1", json!([])), parties("f|Practitioner/1", "B1"));
    for (kind, date, more) in [
        ("MedicationRequest", "authoredOn", json!({"medicationCodeableConcept": {"text": "x"}})),
        ("ServiceRequest", "authoredOn", json!({})),
    ] {
        let mut json = json!({"resourceType": kind, "id": "1", "status": "active", "intent": "order", date: "2026-10-05",
            "requester": {"reference": "PractitionerRole/r1"}});
        more.as_object().expect("an object").iter().for_each(|(name, value)| json[name] = value.clone());
        assert_eq!(event(&json.to_string()).practice.as_deref(), Some("f|PractitionerRole/r1"), "{kind}");
        json["requester"] = json!({"reference": "Practitioner/1"});
        assert_eq!(event(&json.to_string()).practice, None, "{kind}");
    }
}

#[test]
fn an_eps_order_has_the_practice_of_its_requesters_role() {
    let entry = |id: &str, resource: Value| json!({"fullUrl": format!("urn:uuid:{id}"), "resource": resource});
    let items = bundle(json!([
        entry(
            "m",
            request(&json!({"requester": {"reference": "urn:uuid:r"}, "medicationCodeableConcept": {"coding": [
            {"system": "http://snomed.info/sct", "code": "39732311000001104"}]}, "courseOfTherapyType": {"coding": [
            {"system": "https://fhir.nhs.uk/CodeSystem/medicationrequest-course-of-therapy", "code": "continuous-repeat-dispensing"}]}}))
        ),
        entry(
            "r",
            json!({"resourceType": "PractitionerRole", "practitioner": {"reference": "urn:uuid:p"},
            "organization": {"reference": "urn:uuid:o"}})
        ),
        entry(
            "p",
            json!({"resourceType": "Practitioner", "identifier": [
            {"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "555086689106"},
            {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "6095103"}]})
        ),
        entry(
            "o",
            json!({"resourceType": "Organization", "identifier": [
            {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A83008"}]})
        )
    ]));
    let event = event_of(&items);
    assert_eq!((event.clinician.as_deref(), event.practice.as_deref()), (Some("gmc|6095103"), Some("A83008")));
    assert_eq!((drug(&event).drug, drug(&event).repeat), (Codes::one("snomed|39732311000001104"), true));
}

#[test]
fn repeats_are_recognised_in_r4_and_in_care_connects_stu3() {
    let course = |code: &str| json!({"courseOfTherapyType": {"coding": [{"code": code}]}});
    let extension = |name: &str, code: &str| {
        json!({"extension": [{"url": format!("https://fhir.nhs.uk/STU3/StructureDefinition/{name}"),
            "valueCodeableConcept": {"coding": [{"system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-PrescriptionType-1", "code": code}]}}]})
    };
    let name = "Extension-CareConnect-GPC-PrescriptionType-1";
    for (fields, repeat) in [
        (course("continuous"), true),
        (course("continuous-repeat-dispensing"), true),
        (course("acute"), false),
        (extension(name, "repeat"), true),
        (extension(name, "repeat-dispensing"), true),
        (extension(name, "acute"), false),
        (extension("Extension-CareConnect-GPC-MedicationStatusReason-1", "repeat"), false),
        (json!({}), false),
    ] {
        let mut fields = fields;
        fields["medicationCodeableConcept"] = json!({"text": "x"});
        assert_eq!(drug(&event(&request(&fields).to_string())).repeat, repeat, "{fields}");
    }
}

#[test]
fn a_medication_without_a_feed_is_refused() {
    let decoder = RecordDecoder::new(DecoderConfig::default());
    let items = decode(&decoder, None::<&Feed>, medication("x", "1").to_string().as_bytes());
    assert!(matches!(items.as_slice(), [Item::Reject(reject)] if reject.reason == "missing_feed"), "{items:?}");
}
