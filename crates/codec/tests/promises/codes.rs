//! Codes stay as they were sent: each coding of each concept is `system|code`, and nothing is mapped at intake.

use proptest::prelude::*;
use scorecard::event::{Codes, Detail};
use scorecard::record::item::Item;
use serde_json::{Value, json};

use crate::decoding::{event, plain};

fn listed(codes: &Codes<'_>) -> Vec<String> {
    codes.iter().map(|code| code.to_string()).collect()
}

fn request(medication: &Value) -> Value {
    json!({"resourceType": "MedicationRequest", "id": "1", "status": "active", "intent": "order", "authoredOn": "2026-10-05",
        "medicationCodeableConcept": medication})
}

fn order(fields: &Value) -> (Vec<String>, Vec<String>) {
    let mut order =
        json!({"resourceType": "ServiceRequest", "id": "1", "status": "active", "intent": "order", "authoredOn": "2026-10-05"});
    for (name, value) in fields.as_object().expect("an object of fields") {
        order[name] = value.clone();
    }
    let Detail::Order(Some(order)) = event(&order.to_string()).detail else { panic!("{order}") };
    (listed(&order.category), listed(&order.code))
}

#[test]
fn a_drug_keeps_every_coding_and_no_text() {
    let medication = json!({"text": "Amoxicillin 250mg capsules", "coding": [
        {"system": "http://snomed.info/sct", "code": "39732311000001104", "display": "Amoxicillin 250mg capsules"},
        {"system": "https://fhir.hl7.org.uk/Id/BNF", "code": "0501013B0AAABAB"},
        {"system": "https://example.org/drugs", "code": "a|1"},
        {"code": "77"},
        {"display": "no code"}
    ]});
    let event = event(&request(&medication).to_string());
    assert!(!format!("{event:?}").contains("Amox"), "{event:?}");
    let Detail::Prescription(Some(prescription)) = event.detail else { panic!("no prescription") };
    let expected =
        ["snomed|39732311000001104", "bnf|0501013B0AAABAB", "https://example.org/drugs|a%7C1", "|77"].map(str::to_owned);
    assert_eq!(listed(&prescription.drug), expected);
}

#[test]
fn a_drug_without_a_coding_has_no_code_and_is_no_reject() {
    for medication in [json!({"text": "x"}), json!({}), json!({"coding": []})] {
        let Detail::Prescription(Some(prescription)) = event(&request(&medication).to_string()).detail else { panic!() };
        assert!(prescription.drug.is_empty() && prescription.reference.is_none(), "{medication}");
    }
}

#[test]
fn a_bnf_coding_without_the_form_of_one_is_dropped_so_that_the_drug_is_unmapped() {
    let coding = |code: &str| json!({"coding": [{"system": "https://fhir.hl7.org.uk/Id/bnf", "code": code}]});
    for (code, expected) in [("0501013B0AAABAB", 1), ("05", 1), ("0501013b0aaabab", 0), ("05.01", 0), ("amoxicillin", 0)] {
        let Detail::Prescription(Some(prescription)) = event(&request(&coding(code)).to_string()).detail else { panic!() };
        assert_eq!(prescription.drug.len(), expected, "{code}");
    }
}

#[test]
fn an_order_keeps_the_codings_of_its_categories_and_of_its_code() {
    let category = json!([
        {"coding": [{"system": "http://snomed.info/sct", "code": "108252007"},
            {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB", "display": "Laboratory"}]},
        {"coding": [{"system": "https://example.org/cat", "code": "gastro"}], "text": "Gastrointestinal latest attestation"}
    ]);
    let code = json!({"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"});
    let (category, code) = order(&json!({"category": category, "code": code}));
    let expected = ["snomed|108252007", "http://terminology.hl7.org/CodeSystem/v2-0074|LAB", "https://example.org/cat|gastro"];
    assert_eq!((category, code), (expected.map(str::to_owned).into(), vec!["loinc|4548-4".to_owned()]));
}

#[test]
fn a_category_without_a_coding_is_the_whole_word_that_its_text_names() {
    for (text, expected) in [
        ("Referral", Some("plumbline|referral")),
        ("referral to radiology", Some("plumbline|referral")),
        ("Diagnostic imaging", Some("plumbline|imaging")),
        ("RADIOLOGY", Some("plumbline|imaging")),
        ("Laboratory procedure", Some("plumbline|test")),
        ("Pathology", Some("plumbline|test")),
        ("Blood test", Some("plumbline|test")),
        ("gastrointestinal", None),
        ("latest", None),
        ("attestation", None),
        ("labour ward", None),
        ("", None),
    ] {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(order(&json!({"category": [{"text": text}]})).0, expected, "{text}");
        assert_eq!(order(&json!({"category": [{"coding": [{"display": text}]}]})).0, expected, "{text}");
        assert_eq!(order(&json!({"code": {"text": text}})).0, expected, "{text}");
    }
    // A coding is never replaced by a word, even an unknown one.
    let coded = json!({"category": [{"coding": [{"system": "urn:x", "code": "1"}], "text": "Referral"}]});
    assert_eq!(order(&coded).0, ["urn:x|1"]);
}

#[test]
fn an_order_without_a_category_is_an_event_whose_category_the_fold_decides() {
    for fields in
        [json!({}), json!({"category": []}), json!({"category": [{"coding": [{"system": "urn:x", "code": "409063005"}]}]})]
    {
        let (category, _) = order(&fields);
        assert!(!category.iter().any(|code| code.starts_with("plumbline|")), "{fields}");
    }
}

#[test]
fn an_encounter_keeps_class_types_service_and_every_coding_of_its_reasons() {
    let snomed = |code: &str| json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
    let reason = json!({"coding": [{"system": "http://snomed.info/sct", "code": "73211009"},
        {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}], "text": "Diabetes"});
    let json = json!({"resourceType": "Encounter", "id": "1", "status": "finished", "period": {"start": "2026-10-05"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [snomed("185317003"), snomed("185345009")], "serviceType": snomed("788001003"), "reasonCode": [reason]});
    let Detail::Encounter(Some(encounter)) = event(&json.to_string()).detail else { panic!() };
    let expected =
        ["http://terminology.hl7.org/CodeSystem/v3-ActCode|AMB", "snomed|185317003", "snomed|185345009", "snomed|788001003"];
    assert_eq!(listed(&encounter.types), expected);
    assert_eq!(encounter.diagnoses, ["snomed|73211009", "icd10|E11"]);
}

#[test]
fn an_appointment_keeps_its_type_and_its_services() {
    let coded = |code: &str| json!({"coding": [{"system": "urn:s", "code": code}], "text": "Telephone"});
    let json = json!({"resourceType": "Appointment", "id": "1", "status": "noshow", "start": "2026-10-05T09:00:00Z",
        "appointmentType": coded("FOLLOWUP"), "serviceType": [coded("124"), coded("125")], "participant": []});
    let Detail::Encounter(Some(slot)) = event(&json.to_string()).detail else { panic!() };
    assert_eq!(listed(&slot.types), ["urn:s|FOLLOWUP", "urn:s|124", "urn:s|125"]);
}

fn response(items: Value) -> String {
    json!({"resourceType": "QuestionnaireResponse", "id": "1", "status": "completed", "authored": "2026-10-05T10:00:00Z", "item": items})
        .to_string()
}

#[test]
fn every_coded_answer_is_kept_with_its_link_id_and_no_free_text() {
    let items = json!([{"linkId": "page", "item": [
        {"linkId": "fft", "answer": [{"valueInteger": 6}]},
        {"linkId": "q8", "answer": [{"valueBoolean": true}]},
        {"linkId": "q7", "answer": [{"valueCoding": {"code": "yes_definitely", "display": "Yes, definitely"}}]},
        {"linkId": "phq9-1", "answer": [{"valueCoding": {"system": "http://loinc.org", "code": "LA6569-3", "display": "Good"},
            "item": [{"linkId": "inner", "answer": [{"valueCoding": {"system": "urn:x", "code": "a|b"}}]}]}]},
        {"linkId": "likert", "answer": [{"valueCoding": {"code": "1", "display": "Very good"}}]},
        {"linkId": "text", "answer": [{"valueString": "Don't know"}]},
        {"linkId": "comment", "answer": [{"valueString": "Dr Smith was lovely"}]},
        {"linkId": "words", "answer": [{"valueCoding": {"code": "Dr Smith"}}]},
        {"linkId": "shown", "answer": [{"valueCoding": {"display": "Smith"}}]},
        {"linkId": "wrong", "answer": [{"valueInteger": "Smith", "valueBoolean": "Smith"}]},
        {"answer": [{"valueInteger": 1}]}
    ]}]);
    let event = event(&response(items));
    assert!(!format!("{event:?}").contains("Smith"), "{event:?}");
    let Detail::Feedback(Some(feedback)) = event.detail else { panic!("no feedback") };
    assert_eq!(feedback.answer, None);
    let expected = [
        ("fft", "6"),
        ("inner", "urn:x|a%7Cb"),
        ("likert", "very_good"),
        ("phq9-1", "loinc|LA6569-3"),
        ("q7", "yes_definitely"),
        ("q8", "true"),
        ("text", "dont_know"),
    ];
    assert_eq!(feedback.items, expected.map(|(question, answer)| (question.into(), answer.into())));
}

#[test]
fn a_response_without_a_coded_answer_is_skipped() {
    for items in [json!([]), json!([{"linkId": "q", "answer": [{"valueString": "lovely"}]}]), json!([{"linkId": "q"}])] {
        assert_eq!(plain(&response(items)), [Item::Skipped("QuestionnaireResponse".to_owned())]);
    }
}

/// A part of a key, encoded as the documentation says.
fn encoded(part: &str) -> String {
    part.chars()
        .map(|c| match c {
            '%' => "%25".to_owned(),
            '|' => "%7C".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// Spellings of systems with the name that a key has.
fn systems() -> impl Strategy<Value = (String, String)> {
    let known = prop::sample::select(vec![
        ("http://snomed.info/sct", "snomed"),
        ("HTTPS://snomed.info/SCT/", "snomed"),
        ("https://dmd.nhs.uk", "dmd"),
        ("http://loinc.org/", "loinc"),
        ("http://www.whocc.no/atc", "atc"),
    ]);
    let known = known.prop_map(|(spelling, short)| (spelling.to_owned(), short.to_owned()));
    prop_oneof![known, "urn:[a-z]{1,6}:[A-Za-z|%/.-]{1,12}".prop_map(|uri| (uri.clone(), uri))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn codes_come_out_as_they_were_sent(
        codings in prop::collection::vec((systems(), "[A-Za-z0-9][A-Za-z0-9.|%-]{0,6}[a-z\u{e9}]"), 1..5)
    ) {
        let keys: Vec<String> =
            codings.iter().map(|((_, name), code)| format!("{}|{}", encoded(name), encoded(code))).collect();
        let sent: Vec<Value> = codings.iter().map(|((system, _), code)| json!({"system": system, "code": code})).collect();
        let (category, code) = order(&json!({"category": [{"coding": sent}], "code": {"coding": sent}}));
        prop_assert_eq!(&category, &keys);
        prop_assert_eq!(&code, &keys);
        let Detail::Prescription(Some(drug)) = event(&request(&json!({"coding": sent})).to_string()).detail else { panic!() };
        prop_assert_eq!(listed(&drug.drug), keys.clone());
        let ((system, _), code) = &codings[0];
        let native = json!({"feed": "f", "id": "1", "type": "order", "occurred_at": "2026-10-05T09:41:00Z",
            "clinician": {"system": "gmc", "value": "1"}, "order": {"category": "test", "code": code, "code_system": system}});
        let Detail::Order(Some(order)) = event(&native.to_string()).detail else { panic!() };
        prop_assert_eq!(listed(&order.code), &keys[..1]);
    }
}
