//! JSON Schema of records, from their Avro schemas. JSON has the same names; a field without a value is left out.
//!
//! Source: JSON Schema 2020-12.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The dialect of every schema.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The record whose JSON has null where a field has no value.
const WITH_NULLS: &str = "ScorecardRunCompleted";

/// A record with a JSON form: its name in documents, its name in the id of its schema, and its Avro schema.
pub type JsonRecord = (&'static str, &'static str, &'static str);

/// The published records.
pub const PUBLISHED: [JsonRecord; 3] = [
    ("Scorecard", "scorecard", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/scorecard.avsc"))),
    ("PeerGroup", "peer-group", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/peer-group.avsc"))),
    ("Run", "run", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/run.avsc"))),
];

/// The native events, by the word of their type.
pub const EVENTS: [JsonRecord; 5] = [
    ("EncounterEvent", "encounter", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/encounter-event.avsc"))),
    (
        "PrescriptionEvent",
        "prescription",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/prescription-event.avsc")),
    ),
    ("FeedbackEvent", "feedback", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/feedback-event.avsc"))),
    ("OrderEvent", "order", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/order-event.avsc"))),
    (
        "ObservationEvent",
        "observation",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/observation-event.avsc")),
    ),
];

/// The Avro schema of a record as JSON.
#[must_use]
pub fn avro(schema: &str) -> Value {
    serde_json::from_str(schema).expect("a test of the crate codec reads every schema")
}

/// The JSON Schema of a published record.
#[must_use]
pub fn published(schema: &str) -> Value {
    let avro = avro(schema);
    let mut schema = of_type(&avro, &mut BTreeMap::new());
    if avro["name"] == WITH_NULLS {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"].as_object_mut().into_iter().flatten();
        for (_, field) in properties.filter(|(name, _)| !required.iter().any(|one| one == name.as_str())) {
            field["type"] = json!([field["type"], "null"]);
        }
    }
    schema
}

/// The JSON Schema of a native event. Its type decides which of the schemas is meant.
#[must_use]
pub fn event(kind: &str, schema: &str) -> Value {
    let mut value = published(schema);
    value["properties"]["type"] = json!({ "const": kind, "description": "The kind of the event." });
    value["required"] = json!(["id", "type"]);
    // Avro has a list of questions with their answers, and JSON an object of answers by question.
    if let Some(items) = value.pointer_mut("/properties/feedback/properties/items") {
        *items = json!({
            "type": "object",
            "additionalProperties": { "type": "string" },
            "description": items["description"],
        });
    }
    value
}

/// A schema as a document of its own.
#[must_use]
pub fn document(id: &str, schema: Value) -> Value {
    let mut fields =
        Map::from_iter([("$schema".to_owned(), json!(DIALECT)), ("$id".to_owned(), json!(format!("urn:plumbline:schema:{id}")))]);
    if let Value::Object(schema) = schema {
        fields.extend(schema);
    }
    Value::Object(fields)
}

fn of_type(kind: &Value, named: &mut BTreeMap<String, Value>) -> Value {
    match kind {
        Value::String(name) => {
            primitive(name).or_else(|| named.get(name).cloned()).expect("Avro names a type after its definition")
        }
        // A field without a value is left out, so null has no schema.
        Value::Array(branches) => {
            let mut branches: Vec<Value> =
                branches.iter().filter(|branch| *branch != "null").map(|branch| of_type(branch, named)).collect();
            if branches.len() == 1 { branches.remove(0) } else { json!({ "anyOf": branches }) }
        }
        Value::Object(of) => {
            let schema = of_object(of, named);
            if let Some(name) = of.get("name").and_then(Value::as_str) {
                named.insert(name.to_owned(), schema.clone());
            }
            schema
        }
        other => unreachable!("{other} is no Avro type"),
    }
}

fn of_object(of: &Map<String, Value>, named: &mut BTreeMap<String, Value>) -> Value {
    let doc = |mut schema: Value| {
        if let Some(doc) = of.get("doc") {
            schema["description"] = doc.clone();
        }
        schema
    };
    match (of["type"].as_str(), of.get("logicalType").and_then(Value::as_str)) {
        (_, Some("decimal")) => json!({ "type": "number" }),
        (_, Some("date")) => json!({ "type": "string", "format": "date" }),
        (_, Some("timestamp-millis")) => json!({ "type": "string", "format": "date-time" }),
        (Some("record"), _) => doc(record(of, named)),
        (Some("enum"), _) => doc(json!({ "type": "string", "enum": of["symbols"] })),
        (Some("array"), _) => {
            let mut items = of_type(&of["items"], named);
            // An element cannot be left out.
            if of["items"].as_array().is_some_and(|branches| branches.iter().any(|branch| branch == "null")) {
                items["type"] = json!([items["type"], "null"]);
            }
            json!({ "type": "array", "items": items })
        }
        (Some("map"), _) => json!({ "type": "object", "additionalProperties": of_type(&of["values"], named) }),
        (Some("fixed"), _) => {
            let digits = 2 * of["size"].as_u64().unwrap_or_default();
            doc(json!({ "type": "string", "pattern": format!("^[0-9a-f]{{{digits}}}$") }))
        }
        _ => of_type(&of["type"], named),
    }
}

fn record(of: &Map<String, Value>, named: &mut BTreeMap<String, Value>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in of["fields"].as_array().into_iter().flatten() {
        let mut schema = of_type(&field["type"], named);
        schema["description"] = field["doc"].clone();
        if let Some(unit) = field.get("unit") {
            schema["x-unit"] = unit.clone();
        }
        properties.insert(field["name"].as_str().expect("a field has a name").to_owned(), schema);
        required.extend(field.get("default").is_none().then(|| field["name"].clone()));
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

fn primitive(name: &str) -> Option<Value> {
    Some(match name {
        "string" => json!({ "type": "string" }),
        "boolean" => json!({ "type": "boolean" }),
        "int" | "long" => json!({ "type": "integer" }),
        "float" | "double" => json!({ "type": "number" }),
        "bytes" => json!({ "type": "string" }),
        _ => return None,
    })
}
