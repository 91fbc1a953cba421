//! An input topic of a deployment under test.

/// An input topic and its configuration.
#[derive(Clone, Debug)]
pub struct InputTopic {
    /// Its name after the deployment's prefix.
    pub name: &'static str,
    pub partitions: u32,
    /// The feed of all its records; `None` leaves it to the records.
    pub feed: Option<&'static str>,
    /// `json`, `avro` or `fhir`; `None` accepts all.
    pub format: Option<&'static str>,
}
