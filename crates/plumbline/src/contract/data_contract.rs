//! A data contract of a public topic.
//!
//! Source: Open Data Contract Standard 3.0.2.

use serde_json::{Map, Value, json};

use crate::contract::public_topic::PublicTopic;
use crate::http::contract::json_schema::published;

const DAY_MS: i64 = 86_400_000;

/// The contract of a topic with this prefix.
pub(crate) fn document(one: &PublicTopic, prefix: &str) -> Value {
    let (name, address) = (one.topic.name(), format!("{prefix}{}", one.topic.name()));
    let schema = published(one.record.2);
    let mut contract = json!({
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": format!("urn:plumbline:contract:{name}"),
        "name": name,
        "version": env!("CARGO_PKG_VERSION"),
        "status": "active",
        "description": {
            "purpose": one.meaning,
            "usage": format!("The key of a record is {}. Keep the record with the highest revision of a key.", one.key),
            "limitations": "Records about clinicians are personal data: give read access to trusted systems only.",
        },
        "servers": [{ "server": "brokers", "type": "kafka", "host": "localhost:9092", "format": "avro" }],
        "schema": [{
            "name": one.record.0,
            "physicalName": address,
            "physicalType": "topic",
            "logicalType": "object",
            "description": schema["description"],
            "properties": properties(&schema),
        }],
    });
    let days = one.setting("retention.ms").and_then(|text| text.parse::<i64>().ok()).map(|millis| millis / DAY_MS);
    if let Some(days) = days {
        contract["slaProperties"] = json!([{ "property": "retention", "value": days, "unit": "d" }]);
    }
    contract
}

fn properties(schema: &Value) -> Vec<Value> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields.map(|(name, field)| property(name, field, required.contains(&name.as_str()))).collect()
}

fn property(name: &str, field: &Value, required: bool) -> Value {
    let mut of = Map::from_iter([("name".to_owned(), json!(name)), ("required".to_owned(), json!(required))]);
    if let Value::Object(kind) = kind(field) {
        of.extend(kind);
    }
    of.extend(field.get("description").map(|text| ("description".to_owned(), text.clone())));
    of.extend(field.get("x-unit").map(|unit| ("customProperties".to_owned(), json!([{ "property": "unit", "value": unit }]))));
    Value::Object(of)
}

/// The logical type of a value, with its parts.
fn kind(field: &Value) -> Value {
    let word = field["type"].get(0).unwrap_or(&field["type"]).as_str();
    match word {
        Some("array") => {
            let mut items = kind(&field["items"]);
            items["name"] = json!("item");
            json!({ "logicalType": "array", "physicalType": "array", "items": items })
        }
        Some("object") => json!({ "logicalType": "object", "physicalType": "record", "properties": properties(field) }),
        Some("string") if field["format"] == "date-time" => {
            json!({ "logicalType": "date", "physicalType": "timestamp-millis" })
        }
        Some("string") if field["format"] == "date" => json!({ "logicalType": "date", "physicalType": "date" }),
        Some(kind @ ("string" | "integer" | "number" | "boolean")) => {
            let physical = if kind == "integer" {
                "long"
            } else if kind == "number" {
                "double"
            } else {
                kind
            };
            json!({ "logicalType": kind, "physicalType": physical })
        }
        _ => json!({ "logicalType": "object", "physicalType": "union" }),
    }
}
