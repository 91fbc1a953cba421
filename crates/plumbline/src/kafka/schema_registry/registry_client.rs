//! The HTTP client of a Confluent-compatible schema registry.
//!
//! Source: Confluent, Schema Registry API Reference, version 7.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use tracing::debug;
use ureq::http::Response;
#[cfg(feature = "tls")]
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::kafka::registry_address::RegistryAddress;
use crate::kafka::schema_registry::registry_error::RegistryError;
use crate::process::limits::{REGISTRY_ANSWER_BYTES, REGISTRY_MESSAGE_CHARS, REGISTRY_REQUEST_TIMEOUT};

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// Error codes of the API for an absent subject, version or schema.
const NO_SUBJECT: u32 = 40_401;
const NO_VERSION: u32 = 40_402;
const NO_SCHEMA: u32 = 40_403;

/// Whether a subject holds a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It holds the schema under this id.
    Found(u32),
    /// It holds other schemas.
    OtherSchemas,
    /// The subject does not exist.
    NoSubject,
}

/// Whether a schema may follow the newest one of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, or the subject is empty.
    Compatible,
    /// It may not; the registry's message.
    Incompatible(String),
}

/// A client of one schema registry. It keeps connections open; threads may share it.
#[derive(Clone, Debug)]
pub struct RegistryClient {
    address: RegistryAddress,
    agent: Agent,
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
    Put,
}

/// An answer of the registry that is not an outage.
struct Answer {
    request: String,
    status: u16,
    body: String,
}

#[derive(Deserialize)]
struct Id {
    id: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemaResponse {
    schema: String,
    /// `AVRO` when it is absent.
    schema_type: Option<String>,
}

#[derive(Deserialize)]
struct Compatibility {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault {
    error_code: u32,
    message: String,
}

impl RegistryClient {
    /// A client of the registry at this address. Connects on first use.
    #[must_use]
    pub fn new(address: RegistryAddress) -> RegistryClient {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REGISTRY_REQUEST_TIMEOUT))
            .timeout_connect(Some(REGISTRY_REQUEST_TIMEOUT / 2))
            .user_agent(concat!("plumbline/", env!("CARGO_PKG_VERSION")))
            .accept(ACCEPT);
        // The system's OpenSSL with its trusted certificates, as librdkafka uses it (SSL_CERT_FILE names others).
        #[cfg(feature = "tls")]
        let config = config
            .tls_config(TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build());
        RegistryClient { address, agent: config.build().new_agent() }
    }

    /// The base URL, without credentials.
    #[must_use]
    pub fn base(&self) -> &str {
        self.address.base()
    }

    /// Whether a subject holds a schema.
    ///
    /// # Errors
    /// [`RegistryError`], except `Incompatible` and `Rebuilt`.
    pub fn lookup(&self, subject: &str, schema: &str) -> Result<Lookup, RegistryError> {
        let answer = self.ask(Method::Post, &format!("/subjects/{subject}"), Some(schema_body(schema)))?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => Ok(Lookup::Found(self.read::<Id>(&answer)?.id)),
            (404, NO_SUBJECT) => Ok(Lookup::NoSubject),
            (404, NO_VERSION | NO_SCHEMA) => Ok(Lookup::OtherSchemas),
            _ => Err(self.unknown(&answer)),
        }
    }

    /// Whether a schema may follow the newest one of a subject, by the subject's compatibility level.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn verdict(&self, subject: &str, schema: &str) -> Result<Verdict, RegistryError> {
        let path = format!("/compatibility/subjects/{subject}/versions/latest?verbose=true");
        let answer = self.ask(Method::Post, &path, Some(schema_body(schema)))?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => {
                let found: Compatibility = self.read(&answer)?;
                let message = if found.messages.is_empty() { "no reason given".to_owned() } else { found.messages.join("; ") };
                Ok(if found.is_compatible { Verdict::Compatible } else { Verdict::Incompatible(shortened(&message)) })
            }
            (404, NO_SUBJECT | NO_VERSION) => Ok(Verdict::Compatible),
            _ => Err(self.unknown(&answer)),
        }
    }

    /// Adds a schema to a subject. Returns its id, or the registry's reason for an incompatible one.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn register(&self, subject: &str, schema: &str) -> Result<Result<u32, String>, RegistryError> {
        let answer = self.ask(Method::Post, &format!("/subjects/{subject}/versions"), Some(schema_body(schema)))?;
        match answer.status {
            200 => Ok(Ok(self.read::<Id>(&answer)?.id)),
            409 => Ok(Err(answer.message())),
            _ => Err(self.unknown(&answer)),
        }
    }

    /// Sets the compatibility level of a subject, which may be empty.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn set_level(&self, subject: &str, level: &str) -> Result<(), RegistryError> {
        let body = json!({ "compatibility": level }).to_string();
        let answer = self.ask(Method::Put, &format!("/config/{subject}"), Some(body))?;
        if answer.status == 200 { Ok(()) } else { Err(self.unknown(&answer)) }
    }

    /// The schema of an id.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn schema(&self, id: u32) -> Result<RegisteredSchema, RegistryError> {
        let answer = self.ask(Method::Get, &format!("/schemas/ids/{id}"), None)?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => {
                let stored: SchemaResponse = self.read(&answer)?;
                let avro = stored.schema_type.is_none_or(|kind| kind == "AVRO");
                Ok(if avro { RegisteredSchema::Avro(stored.schema) } else { RegisteredSchema::NotAvro })
            }
            (404, NO_SCHEMA) => Ok(RegisteredSchema::Absent),
            _ => Err(self.unknown(&answer)),
        }
    }

    fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Answer, RegistryError> {
        let url = format!("{}{path}", self.base());
        let named = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        };
        let request = format!("{named} {path}");
        let sent = self.send(method, &url, body.unwrap_or_default());
        let unreachable = |source| RegistryError::Unreachable {
            base: self.base().to_owned(),
            request: request.clone(),
            source: Arc::new(source),
        };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(REGISTRY_ANSWER_BYTES).read_to_string().map_err(unreachable)?;
        debug!(request, status, "schema registry answered");
        let answer = Answer { request: request.clone(), status, body };
        let (base, message) = (self.base().to_owned(), answer.message());
        match status {
            401 | 403 => Err(RegistryError::Unauthorized { base, request, status, message }),
            422 => Err(RegistryError::Invalid { base, request, message }),
            // Its store is down, it elects a leader, or it has too many requests.
            408 | 429 | 500.. => Err(RegistryError::Unavailable { base, request, status, message }),
            _ => Ok(answer),
        }
    }

    fn send(&self, method: Method, url: &str, body: String) -> Result<Response<Body>, ureq::Error> {
        let authorization = self.address.authorization();
        match method {
            Method::Get => match authorization {
                Some(value) => self.agent.get(url).header("Authorization", value).call(),
                None => self.agent.get(url).call(),
            },
            Method::Post | Method::Put => {
                let request = match method {
                    Method::Put => self.agent.put(url),
                    _ => self.agent.post(url),
                };
                let request = request.header("Content-Type", CONTENT_TYPE);
                match authorization {
                    Some(value) => request.header("Authorization", value).send(body),
                    None => request.send(body),
                }
            }
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&self, answer: &Answer) -> Result<T, RegistryError> {
        serde_json::from_str(&answer.body).map_err(|source| RegistryError::UnreadableAnswer {
            base: self.base().to_owned(),
            request: answer.request.clone(),
            source: Arc::new(source),
        })
    }

    fn unknown(&self, answer: &Answer) -> RegistryError {
        RegistryError::UnknownAnswer {
            base: self.base().to_owned(),
            request: answer.request.clone(),
            status: answer.status,
            message: answer.message(),
        }
    }
}

/// The schema of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisteredSchema {
    /// This Avro schema, as JSON.
    Avro(String),
    /// A schema in another language: JSON Schema or Protobuf.
    NotAvro,
    /// The registry does not know the id yet.
    Absent,
}

impl Answer {
    fn fault(&self) -> Fault {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The registry's error message, or the beginning of the body.
    fn message(&self) -> String {
        let Fault { error_code, message } = self.fault();
        if message.is_empty() { shortened(self.body.trim()) } else { shortened(&format!("{message} (error {error_code})")) }
    }
}

fn schema_body(schema: &str) -> String {
    json!({ "schema": schema }).to_string()
}

/// The text cut to the length of one error line.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(REGISTRY_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
