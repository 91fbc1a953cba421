//! Resources of other versions of FHIR are refused by name, and none is half-read.

use scorecard::record::item::Item;
use serde_json::{Value, json};

use crate::decoding::{plain, reject};

fn with(mut resource: Value, name: &str, value: Value) -> Value {
    resource[name] = value;
    resource
}

fn r4(kind: &str) -> Value {
    match kind {
        "Encounter" => json!({"resourceType": kind, "id": "1", "status": "finished", "class": {"code": "AMB"},
            "period": {"start": "2026-10-05T09:00:00Z"}}),
        "Appointment" => {
            json!({"resourceType": kind, "id": "1", "status": "fulfilled", "start": "2026-10-05T09:00:00Z", "participant": []})
        }
        "MedicationRequest" => json!({"resourceType": kind, "id": "1", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": "x"}, "authoredOn": "2026-10-05"}),
        "ServiceRequest" => {
            json!({"resourceType": kind, "id": "1", "status": "active", "intent": "order", "authoredOn": "2026-10-05"})
        }
        "Observation" => json!({"resourceType": kind, "id": "1", "status": "final", "effectiveDateTime": "2026-10-05",
            "code": {"coding": [{"code": "x"}]}, "valueQuantity": {"value": 1}}),
        "QuestionnaireResponse" => json!({"resourceType": kind, "id": "1", "status": "completed", "authored": "2026-10-05",
            "item": [{"linkId": "fft", "answer": [{"valueCoding": {"code": "good"}}]}]}),
        _ => json!({"resourceType": kind, "id": "1", "status": "completed"}),
    }
}

#[test]
fn a_resource_of_another_version_is_refused_by_its_name() {
    let reference = json!({"reference": "Encounter/1"});
    let concept = json!({"concept": {"text": "x"}});
    for (kind, field, value, version) in [
        ("MedicationRequest", "requester", json!({"agent": {"reference": "Practitioner/1"}}), "STU3"),
        ("MedicationRequest", "context", reference.clone(), "STU3"),
        ("MedicationRequest", "medication", concept.clone(), "R5"),
        ("Observation", "context", reference.clone(), "STU3"),
        ("QuestionnaireResponse", "context", reference.clone(), "STU3"),
        ("Encounter", "reason", json!([{"text": "cough"}]), "STU3"),
        ("Encounter", "reason", json!([{"use": [{"text": "x"}], "value": [concept]}]), "R5"),
        ("Encounter", "class", json!("ambulatory"), "DSTU2"),
        ("Encounter", "class", json!([{"coding": [{"code": "AMB"}]}]), "R5"),
        ("Encounter", "actualPeriod", json!({"start": "2026-10-05T09:00:00Z"}), "R5"),
        ("Encounter", "status", json!("completed"), "R5"),
        ("Appointment", "subject", json!({"reference": "Patient/1"}), "R5"),
        ("Appointment", "serviceType", json!([concept]), "R5"),
        ("ServiceRequest", "code", concept.clone(), "R5"),
        (
            "Encounter",
            "meta",
            json!({"profile": ["https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-Encounter-1"]}),
            "STU3",
        ),
        (
            "Practitioner",
            "meta",
            json!({"profile": ["https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-Practitioner-1"]}),
            "STU3",
        ),
    ] {
        let reject = reject(&with(r4(kind), field, value).to_string());
        assert_eq!(reject.reason, "wrong_format", "{kind}.{field}");
        assert!(
            reject.detail.contains(&format!("FHIR {version} ")) && reject.detail.contains("; send FHIR R4"),
            "{}",
            reject.detail
        );
    }
    for (kind, version) in [("ReferralRequest", "STU3"), ("ProcedureRequest", "STU3"), ("MedicationOrder", "DSTU2")] {
        assert!(reject(&r4(kind).to_string()).detail.contains(version), "{kind}");
    }
}

#[test]
fn a_profile_of_r4_whose_version_has_a_similar_name_is_read() {
    for profile in [
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter|3.1.1",
        "https://example.org/us-core/STU3.1.1/encounter",
    ] {
        let encounter = with(r4("Encounter"), "meta", json!({"profile": [profile]}));
        assert!(matches!(plain(&encounter.to_string()).as_slice(), [Item::Event(..)]), "{profile}");
    }
}

#[test]
fn a_bundle_whose_profile_is_of_another_version_is_one_reject() {
    let profile = "https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-StructuredRecord-Bundle-1";
    let entries = [json!({"resource": r4("Encounter")}), json!({"resource": r4("MedicationRequest")})];
    let bundle = json!({"resourceType": "Bundle", "type": "collection", "meta": {"profile": [profile]}, "entry": entries});
    let reject = reject(&bundle.to_string());
    assert_eq!((reject.reason.as_str(), reject.position.index), ("wrong_format", None));
    assert!(reject.detail.contains("FHIR STU3"), "{}", reject.detail);
}
