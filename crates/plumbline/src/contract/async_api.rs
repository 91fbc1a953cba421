//! The AsyncAPI document of the public topics, with their Kafka bindings.
//!
//! Source: AsyncAPI 3.0.0; Kafka bindings 0.5.0.

use serde_json::{Map, Value, json};

use crate::contract::public_topic::{PUBLIC_TOPICS, PublicTopic};
use crate::http::contract::json_schema::{PUBLISHED, avro};
use crate::kafka::headers::{ATTRIBUTES, CONTENT_TYPE};

const BINDING: &str = "0.5.0";

/// The document for topics with this prefix.
pub(crate) fn document(prefix: &str) -> Value {
    let channels: Map<String, Value> =
        PUBLIC_TOPICS.iter().map(|one| (one.topic.name().to_owned(), channel(one, prefix))).collect();
    let operations: Map<String, Value> =
        PUBLIC_TOPICS.iter().map(|one| (format!("publish-{}", one.topic.name()), operation(one))).collect();
    let messages: Map<String, Value> = PUBLISHED
        .iter()
        .filter_map(|(name, ..)| Some((*name, PUBLIC_TOPICS.iter().find(|one| one.record.0 == *name)?)))
        .map(|(name, one)| (name.to_owned(), message(one)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:plumbline:topics",
        "info": {
            "title": "Plumbline topics",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Published cards, peer groups and runs. Read with isolation.level=read_committed: a run is one transaction.",
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
            "tags": [{ "name": "scorecards", "description": "Monthly scorecards of clinicians." }],
        },
        "servers": { "brokers": { "host": "localhost:9092", "protocol": "kafka", "description": "The brokers of `kafka.brokers`." } },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages },
    })
}

fn channel(one: &PublicTopic, prefix: &str) -> Value {
    let (name, address) = (one.record.0, format!("{prefix}{}", one.topic.name()));
    let number = |name: &str| one.setting(name).and_then(|value| value.parse::<i64>().ok());
    let mut configuration = Map::new();
    configuration.extend(one.setting("cleanup.policy").map(|policy| ("cleanup.policy".to_owned(), json!([policy]))));
    for name in ["retention.ms", "max.message.bytes"] {
        configuration.extend(number(name).map(|value| (name.to_owned(), json!(value))));
    }
    json!({
        "address": address,
        "title": one.topic.name(),
        "description": one.meaning,
        "messages": { name: { "$ref": format!("#/components/messages/{name}") } },
        "bindings": { "kafka": {
            "topic": address,
            "partitions": one.topic.partitions(1),
            "topicConfiguration": configuration,
            "bindingVersion": BINDING,
        } },
    })
}

fn operation(one: &PublicTopic) -> Value {
    let name = one.topic.name();
    json!({
        "action": "send",
        "title": format!("Publish to {name}"),
        "summary": one.meaning,
        "description": "Plumbline writes in transactions; a subscriber reads committed records.",
        "channel": { "$ref": format!("#/channels/{name}") },
        "messages": [{ "$ref": format!("#/channels/{name}/messages/{}", one.record.0) }],
    })
}

fn message(one: &PublicTopic) -> Value {
    let header = |name: &str| {
        let schema = match name {
            "ce_specversion" => json!({ "type": "string", "const": "1.0" }),
            "ce_type" => json!({ "type": "string", "const": one.cloud_event }),
            "ce_time" => json!({ "type": "string", "format": "date-time" }),
            "content-type" => json!({ "type": "string", "const": CONTENT_TYPE }),
            _ => json!({ "type": "string" }),
        };
        (name.to_owned(), schema)
    };
    let headers: Map<String, Value> = ATTRIBUTES.into_iter().map(header).collect();
    json!({
        "name": one.record.0,
        "title": one.record.0,
        "summary": avro(one.record.2)["doc"],
        "contentType": CONTENT_TYPE,
        "headers": { "type": "object", "required": ATTRIBUTES, "properties": headers },
        "payload": { "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": avro(one.record.2) },
        "bindings": { "kafka": {
            "key": { "type": "string", "description": one.key },
            "schemaIdLocation": "payload",
            "schemaIdPayloadEncoding": "confluent",
            "bindingVersion": BINDING,
        } },
    })
}
