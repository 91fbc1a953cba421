//! CloudEvents over HTTP: structured, batch and binary, and notifications without data.

use serde_json::{Value, json};

use crate::server::{Server, command, request_as};
use crate::support::{self, Place};

fn native(id: Option<&str>) -> Value {
    let at = "2026-01-15T09:00:00Z";
    let mut event: Value = serde_json::from_str(&support::encounter("x", at, at)).expect("JSON");
    event["feed"] = "surgery".into();
    match id {
        Some(id) => event["id"] = id.into(),
        None => drop(event.as_object_mut().expect("an object").remove("id")),
    }
    event
}

fn cloud_event(id: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "type": "uk.example.encounter", "source": "/surgery", "id": id, "data": data})
}

fn outcomes(answer: &Value) -> Vec<(String, String)> {
    let text =
        |event: &Value, names: [&str; 3]| names.iter().find_map(|name| event[*name].as_str()).unwrap_or_default().to_owned();
    let outcome = |event: &Value| (text(event, ["status", "", ""]), text(event, ["id", "kind", "reason"]));
    answer["events"].as_array().expect("a list").iter().map(outcome).collect()
}

fn expected(outcomes: &[(&str, &str)]) -> Vec<(String, String)> {
    outcomes.iter().map(|(status, text)| ((*status).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn structured_and_batched_cloud_events_are_their_data_and_name_events_that_have_no_id() {
    let place = Place::new();
    let server = Server::start(command(&place.path("data")));
    let send = |headers: &str, path: &str, body: &str| {
        request_as(&server.address, headers, "POST", path, body.as_bytes()).expect("it answers").json()
    };
    let structured = "Content-Type: application/cloudevents+json\r\n";
    let one = send(structured, "/v1/events", &cloud_event("7", native(Some("e1"))).to_string());
    assert_eq!(outcomes(&one), expected(&[("logged", "e1")]), "{one}");
    let visit = json!({"resourceType": "Encounter", "id": "v", "meta": {"versionId": "1"}, "status": "finished", "class": {"code": "AMB"},
        "period": {"start": "2026-01-15T09:00:00Z"},
        "participant": [{"individual": {"identifier": {"system": "https://fhir.hl7.org.uk/Id/gmc-number", "value": "7012345"}}}]});
    // A signal as the NHS Multicast Notification Service sends it: the record stays where it is.
    let signal = json!({"specversion": "1.0", "type": "pds-change-of-gp-1", "source": "uk.nhs.pds", "id": "s1",
        "subject": "9990000026", "dataref": "https://example.org/Patient/9990000026"});
    let mut binary = cloud_event("9", Value::Null);
    binary["data_base64"] = "e30=".into();
    let batch =
        json!([cloud_event("7", native(None)), cloud_event("8", visit), signal, binary, cloud_event("10", json!("text"))]);
    let batch = send("Content-Type: application/cloudevents-batch+json\r\n", "/v1/events?feed=surgery", &batch.to_string());
    let shown =
        [("logged", "/surgery|7"), ("logged", "Encounter/v"), ("skipped", "CloudEvent"), ("rejected", "9"), ("rejected", "10")];
    assert_eq!(outcomes(&batch), expected(&shown), "{batch}");
    assert_eq!(batch["events"][3]["reason"], "wrong_format", "{batch}");
    // Binary mode: the attributes are headers.
    let headers = "Content-Type: application/json\r\nce-specversion: 1.0\r\nce-type: t\r\nce-source: /surgery\r\nce-id: 11\r\n";
    let binary = send(headers, "/v1/events", &native(None).to_string());
    assert_eq!(outcomes(&binary), expected(&[("logged", "/surgery|11")]), "{binary}");
    let named = send(headers, "/v1/events", &native(Some("e2")).to_string());
    assert_eq!(outcomes(&named), expected(&[("logged", "e2")]), "{named}");
    // Without the headers an event needs its own id.
    let bare = send("", "/v1/events", &native(None).to_string());
    assert_eq!(bare["events"][0]["reason"], "missing_field", "{bare}");
}
