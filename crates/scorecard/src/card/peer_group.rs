//! Peer groups: the units that a unit is compared with, and their published figures.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::calendar::Month;

/// A level at which units are compared, narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum Level {
    Practice,
    Pcn,
    Locality,
    Network,
}

/// The key of a peer group: its members, measure and month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeerKey {
    /// `id@version`.
    pub measure: Arc<str>,
    /// Months of the window: 1, 3 or 12.
    pub window: u8,
    /// Role of its units; roll-ups have the prefix `rollup:`, because they compare only with roll-ups.
    pub role: Arc<str>,
    /// Its level.
    pub level: Level,
    /// Code of the practice, network or locality; `network` for the whole network.
    pub group: Arc<str>,
    /// The card's month.
    pub month: Month,
}

/// The published record of a peer group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerGroup {
    /// The key of the group.
    pub key: PeerKey,
    /// Fingerprint of its members' numerators and denominators, 32 hexadecimal digits.
    pub snapshot_id: Arc<str>,
    /// Whether it was frozen when the month became final.
    pub frozen: bool,
    /// Number of units with a value.
    pub size: u32,
    /// Sum of their numerators, in the numerator's integer units.
    pub numerator: i64,
    /// Sum of their denominators, in the denominator's integer units.
    pub denominator: i64,
    /// Value of the sums, in the measure's unit.
    pub mean: Option<f64>,
    /// Deciles p10 to p90 of the units' values in the measure's unit (R type 7); empty without units.
    pub deciles: Vec<f64>,
    /// Price of one unit of quantity of the numerator set in pence, all peers together: the fallback of savings.
    pub numerator_price_pence: Option<f64>,
    /// The same price in the rest of the denominator set.
    pub other_price_pence: Option<f64>,
    /// Threshold at which points begin, in the measure's unit.
    pub lower: Option<f64>,
    /// Threshold from which all points are awarded, in the measure's unit.
    pub upper: Option<f64>,
    /// Over-dispersion: mean squared winsorised z; only for the network's headline window with 20 units or more.
    pub phi: Option<f64>,
    /// Over-dispersion: variance between units on the transformed scale; `None` where `phi` is.
    pub tau2: Option<f64>,
    /// Standard deviation of the units' values over their mean; `None` where `phi` is.
    pub variation: Option<f64>,
    /// Mean size of one event of the numerator, weighted by size (sum of squares over sum), in its integer unit; amounts only.
    pub event_size: Option<f64>,
}

/// The members of a frozen peer group without their names: for percentiles of later revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerSnapshot {
    /// The key of the group.
    pub key: PeerKey,
    /// Fingerprint of the whole snapshot.
    pub snapshot_id: Arc<str>,
    /// This chunk's number, from 0.
    pub chunk: u32,
    /// Number of chunks.
    pub chunks: u32,
    /// Numerator and denominator of each unit in integer units, in ascending order of value, ties by denominator.
    pub values: Vec<(i64, i64)>,
}
