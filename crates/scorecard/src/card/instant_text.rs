//! Instants in JSON: RFC 3339 text in UTC, as on a card.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::time::calendar::Timestamp;

/// Writes an instant as `2026-10-05T08:41:00Z`.
///
/// # Errors
/// The error of the serializer.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// Reads an instant from RFC 3339 text.
///
/// # Errors
/// A text that is not an instant.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
    Ok(Timestamp(at.as_millisecond()))
}
