//! Subject and month of a card, and how much work it counts.

use serde::{Deserialize, Serialize};

use crate::card::instant_text;
use crate::time::calendar::{Month, Timestamp};

/// The subject of a card: a person at a practice. In the content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Id of the person, `system|value` where no registry names one.
    pub clinician: String,
    /// Role as of the month's last day, `unknown` without a registry.
    pub role: String,
    /// Whether the person was a locum.
    pub locum: bool,
    /// Practice code; empty on a roll-up over practices.
    pub practice: String,
    /// Its primary care network as of the month's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pcn: Option<String>,
    /// Its locality as of the month's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
}

/// The month. In the content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// IANA name of the zone whose calendar counts.
    pub zone: String,
    /// Its first instant.
    #[serde(with = "instant_text")]
    pub start: Timestamp,
    /// The first instant after it.
    #[serde(with = "instant_text")]
    pub end: Timestamp,
}

/// The clinician's work in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Months of the window: 1, 3 or 12.
    pub window: u8,
    /// Attended encounters.
    pub encounters: i64,
    /// Their minutes.
    pub minutes: i64,
    /// Items prescribed.
    pub items: i64,
    /// Feedback responses.
    pub responses: i64,
}
