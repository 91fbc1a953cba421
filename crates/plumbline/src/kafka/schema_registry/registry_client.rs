//! The questions that are asked of a Confluent-compatible schema registry, over HTTP.
//!
//! Source: Confluent, Schema Registry API Reference, version 7.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tracing::debug;
use ureq::http::Response;
#[cfg(feature = "tls")]
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::kafka::registry_address::RegistryAddress;
use crate::kafka::schema_registry::registry_error::RegistryError;

/// A question may take so long, its connection half of it: whoever waits for the answer reads nothing meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer may be so long: a schema of ours has 20 KB.
const MOST_BYTES: u64 = 4 << 20;

const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";
const ACCEPT: &str = "application/vnd.schemaregistry.v1+json, application/json";

/// Error codes of the API that stand for "there is no such".
const NO_SUBJECT: u32 = 40_401;
const NO_VERSION: u32 = 40_402;
const NO_SCHEMA: u32 = 40_403;

/// Whether a subject holds a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It does, under this id.
    Found(u32),
    /// It holds others.
    OtherSchemas,
    /// There is no such subject.
    NoSubject,
}

/// Whether a schema may follow the newest one of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, or there is none yet.
    Compatible,
    /// It may not, and what the registry said.
    Incompatible(String),
}

/// Asks one schema registry. Connections are kept; a handle may be shared by threads.
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

/// An answer that is neither a failure of the way nor one of the registry's own machinery.
struct Answer {
    asked: String,
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
    /// Avro where it is missing.
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
    /// A client of the registry at this address; nothing is asked yet.
    #[must_use]
    pub fn new(address: RegistryAddress) -> RegistryClient {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE / 2))
            .user_agent(concat!("plumbline/", env!("CARGO_PKG_VERSION")))
            .accept(ACCEPT);
        // The system's OpenSSL, which librdkafka uses too, with the certificates that it trusts (SSL_CERT_FILE names others).
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
    /// [`RegistryError::Unreachable`], [`RegistryError::Refused`], [`RegistryError::Invalid`], [`RegistryError::Strange`].
    pub fn lookup(&self, subject: &str, schema: &str) -> Result<Lookup, RegistryError> {
        let answer = self.ask(Method::Post, &format!("/subjects/{subject}"), Some(schema_body(schema)))?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => Ok(Lookup::Found(self.read::<Id>(&answer)?.id)),
            (404, NO_SUBJECT) => Ok(Lookup::NoSubject),
            (404, NO_VERSION | NO_SCHEMA) => Ok(Lookup::OtherSchemas),
            _ => Err(self.strange(&answer)),
        }
    }

    /// Whether a schema may follow the newest one of a subject, by the compatibility level that holds there.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn verdict(&self, subject: &str, schema: &str) -> Result<Verdict, RegistryError> {
        let path = format!("/compatibility/subjects/{subject}/versions/latest?verbose=true");
        let answer = self.ask(Method::Post, &path, Some(schema_body(schema)))?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => {
                let found: Compatibility = self.read(&answer)?;
                let said = if found.messages.is_empty() { "it gives no reason".to_owned() } else { found.messages.join("; ") };
                Ok(if found.is_compatible { Verdict::Compatible } else { Verdict::Incompatible(shortened(&said)) })
            }
            (404, NO_SUBJECT | NO_VERSION) => Ok(Verdict::Compatible),
            _ => Err(self.strange(&answer)),
        }
    }

    /// Adds a schema to a subject and returns its id, or why it may not stand there.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn register(&self, subject: &str, schema: &str) -> Result<Result<u32, String>, RegistryError> {
        let answer = self.ask(Method::Post, &format!("/subjects/{subject}/versions"), Some(schema_body(schema)))?;
        match answer.status {
            200 => Ok(Ok(self.read::<Id>(&answer)?.id)),
            409 => Ok(Err(answer.said())),
            _ => Err(self.strange(&answer)),
        }
    }

    /// Sets a subject's compatibility level; the subject may be one that holds no schema yet.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn set_level(&self, subject: &str, level: &str) -> Result<(), RegistryError> {
        let body = json!({ "compatibility": level }).to_string();
        let answer = self.ask(Method::Put, &format!("/config/{subject}"), Some(body))?;
        if answer.status == 200 { Ok(()) } else { Err(self.strange(&answer)) }
    }

    /// The Avro schema that an id stands for; none when the registry has none under it, or one that is not Avro.
    ///
    /// # Errors
    /// As [`RegistryClient::lookup`].
    pub fn schema(&self, id: u32) -> Result<Meaning, RegistryError> {
        let answer = self.ask(Method::Get, &format!("/schemas/ids/{id}"), None)?;
        match (answer.status, answer.fault().error_code) {
            (200, _) => {
                let stored: SchemaResponse = self.read(&answer)?;
                let avro = stored.schema_type.is_none_or(|kind| kind == "AVRO");
                Ok(if avro { Meaning::Avro(stored.schema) } else { Meaning::NotAvro })
            }
            (404, NO_SCHEMA) => Ok(Meaning::Nothing),
            _ => Err(self.strange(&answer)),
        }
    }

    fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Answer, RegistryError> {
        let url = format!("{}{path}", self.base());
        let named = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        };
        let asked = format!("{named} {path}");
        let sent = self.send(method, &url, body.unwrap_or_default());
        let unreachable = |why: String| RegistryError::Unreachable { base: self.base().to_owned(), asked: asked.clone(), why };
        let mut response = sent.map_err(|error| unreachable(error.to_string()))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_string();
        let body = body.map_err(|error| unreachable(error.to_string()))?;
        debug!(asked, status, "schema registry answered");
        let answer = Answer { asked: asked.clone(), status, body };
        match status {
            401 | 403 => Err(RegistryError::Refused { base: self.base().to_owned(), asked, status, said: answer.said() }),
            422 => Err(RegistryError::Invalid { base: self.base().to_owned(), asked, said: answer.said() }),
            // It is there and cannot: its store is down, it elects a leader, it is asked too much.
            408 | 429 | 500.. => Err(unreachable(format!("status {status}: {}", answer.said()))),
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
        serde_json::from_str(&answer.body).map_err(|_| self.strange(answer))
    }

    fn strange(&self, answer: &Answer) -> RegistryError {
        RegistryError::Strange {
            base: self.base().to_owned(),
            asked: answer.asked.clone(),
            status: answer.status,
            said: answer.said(),
        }
    }
}

/// What an id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This schema.
    Avro(String),
    /// A schema of another kind: JSON, Protobuf.
    NotAvro,
    /// The registry has nothing under it, now.
    Nothing,
}

impl Answer {
    fn fault(&self) -> Fault {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// What the registry said of what is wrong.
    fn said(&self) -> String {
        let Fault { error_code, message } = self.fault();
        if message.is_empty() { shortened(self.body.trim()) } else { shortened(&format!("{message} (error {error_code})")) }
    }
}

fn schema_body(schema: &str) -> String {
    json!({ "schema": schema }).to_string()
}

/// As much as a line of an error takes.
fn shortened(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
