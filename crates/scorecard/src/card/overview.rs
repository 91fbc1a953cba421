//! The parts of a card that draw on all its measures.

use serde::{Deserialize, Serialize};

use crate::measure::measure_set::Domain;

/// The comparisons of a card: how many there are, and how many look unusual by chance alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparisons {
    /// Measures with a better side that are compared.
    pub made: u32,
    /// How many of them chance alone is expected to bring to one in forty.
    pub expected: f64,
    /// How many of them are there.
    pub looks: u32,
}

/// One thing to try: reliable, in one's own control, and with room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Id of the measure.
    pub measure: String,
    /// The action, an imperative from the measure's file.
    pub action: String,
    /// Why this one, at most 140 characters.
    pub reason: String,
}

/// Points of one domain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainPoints {
    /// The domain.
    pub domain: Domain,
    /// Awarded points.
    pub points: f64,
    /// Available points: those of applicable measures.
    pub available: f64,
    /// Measures with a value.
    pub measures: u32,
}

/// The personal QOF.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composite {
    /// 100 x points / available; `None` when less than 60 % of all points are applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Lower end of its 80 % range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<f64>,
    /// Upper end of its 80 % range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<f64>,
    /// Awarded points.
    pub points: f64,
    /// Available points.
    pub available: f64,
}

/// Waste, variation and inefficiency of one clinician.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Giants {
    /// Sum of the possible savings at the colleagues' median, in pence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waste_p50_pence: Option<f64>,
    /// The same at the best decile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waste_p10_pence: Option<f64>,
    /// Signed sum at the median: good work shows as negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waste_net_pence: Option<f64>,
    /// Mean squared z over measures with a verdict; about 1 when ordinary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<f64>,
    /// Measures with a z beyond 1.96.
    pub outside_95: u32,
    /// Measures with a z beyond 3.09.
    pub outside_998: u32,
    /// Slots that nobody attended, in 12 months.
    pub noshow_slots: i64,
    /// Their planned minutes.
    pub noshow_minutes: i64,
    /// Their cost in pence at 300 pence a minute.
    pub noshow_pence: i64,
}
