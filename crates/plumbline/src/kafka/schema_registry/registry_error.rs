//! The failures of a schema registry, each with its cure.

use std::sync::Arc;

/// Why a schema registry did not answer as asked. Clones share their source.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegistryError {
    /// No answer arrives. The request is repeated.
    #[error("the schema registry {base} does not answer {request}: {source}; start it, the request is repeated")]
    Unreachable {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// The error of the HTTP client.
        source: Arc<ureq::Error>,
    },
    /// The registry is up and cannot answer now: 408, 429 or 5xx. The request is repeated.
    #[error("the schema registry {base} cannot answer {request} now (status {status}: {message}); the request is repeated")]
    Unavailable {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// Status of HTTP.
        status: u16,
        /// The registry's message.
        message: String,
    },
    /// The registry rejects the credentials.
    #[error("the schema registry {base} rejects {request} with status {status}: {message}; {}", CREDENTIALS_CURE)]
    Unauthorized {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// 401 or 403.
        status: u16,
        /// The registry's message.
        message: String,
    },
    /// The registry does not accept a schema of Plumbline as Avro.
    #[error("the schema registry {base} rejects {request}: {message}; use a registry that supports Avro 1.9 or later")]
    Invalid {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// The registry's message.
        message: String,
    },
    /// The schema is not compatible with those of the subject.
    #[error(
        "{record} is not compatible with the schemas of the subject {subject}: {message}; run a version of Plumbline at least as new as the one that registered them, or set another kafka.prefix"
    )]
    Incompatible {
        /// The subject.
        subject: String,
        /// Full name of the record.
        record: String,
        /// The registry's message.
        message: String,
    },
    /// An id names another schema than before.
    #[error(
        "the schema registry gives id {id} to {now}, but records of {before} were written with it: its schemas were lost; restore them from a backup, or set another kafka.prefix"
    )]
    Rebuilt {
        /// The id.
        id: u32,
        /// Full name of the record that the id named before.
        before: String,
        /// Full name of the record that the id names now.
        now: String,
    },
    /// The status does not belong to the API of a schema registry.
    #[error("{base} does not answer {request} as a schema registry does (status {status}: {message}); {}", ADDRESS_CURE)]
    UnknownAnswer {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// Status of HTTP.
        status: u16,
        /// The beginning of the answer.
        message: String,
    },
    /// The body of a success does not have the API's form.
    #[error("{base} does not answer {request} as a schema registry does ({source}); {}", ADDRESS_CURE)]
    UnreadableAnswer {
        /// Base URL.
        base: String,
        /// Method and path.
        request: String,
        /// The error of the JSON parser.
        source: Arc<serde_json::Error>,
    },
}

impl RegistryError {
    /// Whether the registry may recover by itself. Then the request is repeated, and nothing may be lost meanwhile.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, RegistryError::Unreachable { .. } | RegistryError::Unavailable { .. })
    }
}

const CREDENTIALS_CURE: &str = "put user and password into kafka.schema-registry (https://USER:PASSWORD@HOST) and let that user read and write the subjects of kafka.prefix";

const ADDRESS_CURE: &str = "set kafka.schema-registry to the base URL of a Confluent-compatible registry, such as http://127.0.0.1:8081 or .../apis/ccompat/v7";
