//! The list of contract files. Two builds of the same source write the same bytes.

use serde_json::Value;

use crate::contract::public_topic::PUBLIC_TOPICS;
use crate::contract::{async_api, data_contract};
use crate::http::contract::json_schema::{EVENTS, PUBLISHED, avro, document, event, published};
use crate::http::contract::openapi;
use crate::http::routes::ROUTES;

/// The prefix of topics in the documents: the default of `kafka.prefix`.
const PREFIX: &str = "plumbline.";

/// Every file: its path with `/`, and its text.
#[must_use]
pub fn contract_files() -> Vec<(String, String)> {
    let mut files = vec![
        ("openapi.json".to_owned(), openapi::document(&ROUTES)),
        ("asyncapi.json".to_owned(), async_api::document(PREFIX)),
        ("json-schema/change.schema.json".to_owned(), document("change", openapi::change())),
        ("json-schema/problem.schema.json".to_owned(), document("problem", openapi::problem())),
    ];
    for (_, name, schema) in PUBLISHED {
        files.push((format!("json-schema/{name}.schema.json"), document(name, published(schema))));
        files.push((format!("avro/{name}.avsc"), avro(schema)));
    }
    for (_, kind, schema) in EVENTS {
        let id = format!("{kind}-event");
        files.push((format!("json-schema/{id}.schema.json"), document(&id, event(kind, schema))));
        files.push((format!("avro/{id}.avsc"), avro(schema)));
    }
    for one in &PUBLIC_TOPICS {
        files.push((format!("odcs/{}.odcs.json", one.topic.name()), data_contract::document(one, PREFIX)));
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files.into_iter().map(|(path, value)| (path, text(&value))).collect()
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}
