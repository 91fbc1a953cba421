//! The public group: the network of one role in one month, without anything that could show a member's value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::card::instant_text;
use crate::card::snapshot_id::SnapshotId;
use crate::time::calendar::{Month, Timestamp};

/// The key of a peer group: the clinicians of one role in the network, in the headline window of one measure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerKey {
    /// `id@version`.
    pub measure: Arc<str>,
    /// Months of the measure's headline window: 3 or 12.
    pub window: u8,
    /// Role of its units; roll-ups have the prefix `rollup:`, because they compare only with roll-ups.
    pub role: Arc<str>,
    /// The card's month.
    pub month: Month,
}

/// The published record of a peer group. It exists from 20 members on.
///
/// Values are in the measure's unit and rounded to what the number of members supports. Quantiles follow R type 7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerGroup {
    /// The key of the group.
    pub key: PeerKey,
    /// The version of the group.
    pub snapshot_id: SnapshotId,
    /// The cut that formed this version.
    #[serde(with = "instant_text")]
    pub as_of: Timestamp,
    /// Whether it was frozen when the month became final.
    pub frozen: bool,
    /// Members with a value, rounded down to tens; 0 once the group is below 20 members.
    pub members: u32,
    /// Value of the typical clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<f64>,
    /// Median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// Lower quartile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p25: Option<f64>,
    /// Upper quartile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p75: Option<f64>,
    /// Deciles p10 to p90.
    pub deciles: Vec<f64>,
    /// Quantiles at 2.5 %, 7.5 % and so on to 97.5 %; empty below 40 members.
    pub quantiles: Vec<f64>,
}
