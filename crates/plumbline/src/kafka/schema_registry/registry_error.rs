//! What a schema registry refuses, and what to do about it.

/// Why a schema registry did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RegistryError {
    /// Nobody answers, or nobody who can now. It is asked again.
    #[error("the schema registry {base} cannot be asked now ({asked}: {why}); it is asked again, bring it back")]
    Unreachable {
        /// Base URL.
        base: String,
        /// Method and path.
        asked: String,
        /// What went wrong.
        why: String,
    },
    /// Not with these credentials.
    #[error("the schema registry {base} refuses {asked} with status {status}: {said}; {}", credentials_cure())]
    Refused {
        /// Base URL.
        base: String,
        /// Method and path.
        asked: String,
        /// 401 or 403.
        status: u16,
        /// What the registry said.
        said: String,
    },
    /// A schema of ours is none to the registry.
    #[error("the schema registry {base} refuses {asked}: {said}; it has to take Avro schemas of version 1.9 or later")]
    Invalid {
        /// Base URL.
        base: String,
        /// Method and path.
        asked: String,
        /// What the registry said.
        said: String,
    },
    /// The schema may not follow those that the subject holds.
    #[error(
        "the schema registry holds schemas under {subject} that {record} is not compatible with: {said}; run a version of Plumbline that is as new as the one which registered them, or give this deployment a prefix of its own (kafka.prefix)"
    )]
    Incompatible {
        /// The subject.
        subject: String,
        /// Full name of the record.
        record: String,
        /// What the registry said.
        said: String,
    },
    /// An id stands for another schema than it did.
    #[error(
        "the schema registry gives id {id} to {now}, but records of {before} were written with it: it was emptied or replaced; restore its schemas from a backup, or give this deployment a prefix of its own (kafka.prefix)"
    )]
    Rebuilt {
        /// The id.
        id: u32,
        /// What it stood for.
        before: String,
        /// What it stands for now.
        now: String,
    },
    /// It answers as no schema registry does.
    #[error(
        "{base} does not answer {asked} as a schema registry does (status {status}: {said}); kafka.schema-registry is the base URL of a Confluent-compatible one, such as http://127.0.0.1:8081 or .../apis/ccompat/v7"
    )]
    Strange {
        /// Base URL.
        base: String,
        /// Method and path.
        asked: String,
        /// Status of HTTP.
        status: u16,
        /// The beginning of the answer.
        said: String,
    },
}

impl RegistryError {
    /// Whether waiting may be the cure: an error that has to be tried again and must cost nothing meanwhile.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, RegistryError::Unreachable { .. })
    }
}

const fn credentials_cure() -> &'static str {
    "put the user and password into kafka.schema-registry (https://USER:PASSWORD@HOST) and let that user read and write the subjects of kafka.prefix"
}
