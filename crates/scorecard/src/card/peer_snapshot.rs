//! The internal record of a peer group: everything that a later revision of a member's card needs, without names of persons.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::card::public_group::PeerKey;
use crate::card::snapshot_id::SnapshotId;
use crate::sums::ratio::Ratio;
use crate::time::calendar::Timestamp;

/// Use of a snapshot's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The comparisons of one month.
    Month,
    /// The points of one quarter; the key's month is its first. Such a snapshot has no members.
    Quarter,
}

/// Adjustment of the expectations of a group's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standardisation {
    /// Nothing.
    Crude,
    /// Age band and sex of the patients.
    AgeSex,
    /// The practices of roll-ups.
    Practices,
    /// The practices of roll-ups, and age band and sex of the patients.
    PracticesAgeSex,
}

/// The figures of a group. Reals have the nine published digits, and cards are computed from these digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Number of units with a value.
    pub members: u32,
    /// Sum of their numerators, in the numerator's integer units.
    pub numerator: i64,
    /// Sum of their denominators, in the denominator's integer units.
    pub denominator: i64,
    /// The typical clinician's value as a ratio of integer units; of a standardised group the ratio to the expectation.
    pub centre: Option<f64>,
    /// Coefficient of variation between clinicians, larger where few units tell it: for verdicts.
    pub gamma_cautious: Option<f64>,
    /// Coefficient of variation between clinicians: for reliability and points.
    pub gamma: Option<f64>,
    /// Design effect, 1 to 20.
    pub phi: Option<f64>,
    /// Whether more than a third of the units are far out, so that nobody is compared.
    pub mixed: bool,
    /// Whether the others are counted: n is d - n in every figure of the fit.
    pub flipped: bool,
    /// Whether mid-p found the centre, because fewer than half of the units expect 3 events.
    pub rare: bool,
    /// Units that the spread is estimated from.
    pub estimating: u32,
    /// Units outside the last fit.
    pub left_out: u32,
    /// Median of the units' mean size of an event, in the numerator's integer unit; amounts only.
    pub event_size: Option<f64>,
    /// Median of own variance over squared value; means only.
    pub relative_variance: Option<f64>,
    /// Median value as a ratio of integer units; means only.
    pub typical_mean: Option<f64>,
    /// Price of one unit of quantity of the numerator set in pence, all units together: the fallback of savings.
    pub numerator_price_pence: Option<f64>,
    /// The same price in the rest of the denominator set.
    pub other_price_pence: Option<f64>,
    /// Adjustment of the expectations.
    pub standardisation: Standardisation,
    /// The value by which ratios to expectations become values, as a ratio of integer units; standardised groups only. It is the rate of all
    /// cells of age and sex, and for roll-ups the typical value of single practices.
    pub practice_centre: Option<f64>,
    /// Name of the reference network that centre, gamma and phi come from.
    pub reference: Option<Arc<str>>,
    /// Sums of numerator and denominator of the units kept by the fit, for each of the 24 months up to the key's, oldest first. They
    /// give the season: what changed for everybody.
    pub season: Vec<Ratio>,
    /// Rates of the cells of age band and sex, as ratios of integer units; single practices of adjusted measures only.
    pub cells: Vec<CellRate>,
}

/// The rate of one cell of age band and sex.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellRate {
    /// Number of the cell: twice the number of the age band, plus 1 for male.
    pub cell: u8,
    /// Rate as a ratio of integer units.
    pub rate: f64,
}

/// The level of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum Level {
    Practice,
    Pcn,
    Locality,
}

/// Sums of all units of a role at one practice, primary care network or locality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceSums {
    /// Its level.
    pub level: Level,
    /// Its code.
    pub code: Arc<str>,
    /// Units with a value.
    pub members: u32,
    /// Facts in their denominators.
    pub facts: i64,
    /// Sum of their numerators, in the numerator's integer units.
    pub n: i64,
    /// Sum of their denominators, in the denominator's integer units.
    pub d: i64,
    /// Sum of their expectations at the rates of their patients' cells, in millionths; groups adjusted for age and sex only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
}

/// One chunk of a version of a peer group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeerSnapshot {
    /// The key of the group.
    pub key: PeerKey,
    /// Use of the figures.
    pub purpose: Purpose,
    /// The version of the group: fingerprint of figures, places and members.
    pub snapshot_id: SnapshotId,
    /// The cut that formed this version.
    pub as_of: Timestamp,
    /// Whether it was frozen when the month became final.
    pub frozen: bool,
    /// This chunk's number, from 0.
    pub chunk: u32,
    /// Number of chunks.
    pub chunks: u32,
    /// The figures; in chunk 0.
    pub figures: Option<GroupFigures>,
    /// Sums of practices, primary care networks and localities, in order of level and code; in chunk 0.
    pub places: Vec<PlaceSums>,
    /// Numerator and denominator of each unit in integer units, in ascending order of value, ties by denominator. In a standardised group
    /// the expectation in millionths replaces the denominator.
    pub values: Vec<Ratio>,
}
