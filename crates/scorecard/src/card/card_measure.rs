//! One measure on a card.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::card::snapshot_id::SnapshotId;
use crate::measure::measure_set::{Direction, Domain, Kind};

/// An interval in the measure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// The one comparator of a measure: clinicians of the same role in the network, the clinician included.
///
/// Figures are rounded to what the size of the group supports, as in the public group of this id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparator {
    /// The version of the group.
    pub snapshot_id: SnapshotId,
    /// Name of the reference network, if the clinician's own network is too small and the deployment configures one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Arc<str>>,
    /// Value of the typical colleague, in the measure's unit; from 20 members on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<f64>,
    /// Median of the values, two digits; from 10 members on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// Lower quartile; from 20 members on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p25: Option<f64>,
    /// Upper quartile; from 20 members on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p75: Option<f64>,
}

/// Result of the comparison, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// On the adverse side by more than chance and usual differences.
    PleaseCheck,
    /// On the favourable side by more than chance and usual differences.
    BetterThanMost,
    /// On the adverse side as far as chance alone brings one in forty. A mark, not a finding.
    WorthALook,
    /// Clearly higher, of a measure without a better side.
    Higher,
    /// Clearly lower, of a measure without a better side.
    Lower,
    /// In line with most colleagues.
    InLine,
    /// No evidence of a difference.
    NoEvidence,
    /// Too few events: even twice or half the typical value would not show.
    TooFewToTell,
    /// Colleagues differ so widely that even twice or half the typical value would not show.
    WideDifferences,
    /// Colleagues differ in kind, so nobody is compared.
    Mixed,
}

/// The grade of a reliability: how far a value reflects the clinician rather than chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Suppressed, or fewer than ten facts in the denominator.
    Insufficient,
    /// Reliability below 0.5, or unknown.
    Low,
    /// Reliability below 0.7.
    Moderate,
    /// Reliability of 0.7 or more.
    Good,
}

/// Which way a value moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Movement {
    Up,
    Down,
}

/// The last 12 months against the 12 before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct YearDifference {
    /// Ratio of the two values, for rates and amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Difference of the two values in the measure's unit, for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// Lower end of the 95 % interval of the ratio or difference.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// The monitor of change: the last months against a fixed baseline of earlier months.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Probability of such a change by chance, over all looks of the monitor.
    pub p: f64,
    /// Months of the look with the largest change.
    pub months: u8,
    /// Which way the value moved.
    pub direction: Movement,
    /// Whether it is a signal: more than chance, over all measures of the card, and large enough to matter.
    pub signal: bool,
    /// The last 12 months against the 12 before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<YearDifference>,
    /// At most 140 characters of plain language; only for a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

/// Reason of the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PointsBasis {
    /// The place among clinicians.
    Achievement,
    /// The improvement over the 12 months before.
    Improvement,
}

/// Points of the personal QOF for one measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasurePoints {
    /// Awarded points: the higher of achievement and improvement.
    pub points: f64,
    /// Available points.
    pub available: f64,
    /// Lower end of the 80 % range of the awarded points, at most the points.
    pub low: f64,
    /// Upper end of the 80 % range of the awarded points, at least the points.
    pub high: f64,
    /// Which of the two is awarded.
    pub basis: PointsBasis,
    /// Improvement points; only where both years are reliable enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub improvement: Option<f64>,
    /// Value at which achievement points begin, in the measure's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begins: Option<f64>,
    /// Value that earns all achievement points, in the measure's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<f64>,
}

/// Estimated saving in pence; a positive amount could be saved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavingEstimate {
    /// At the colleagues' median.
    pub p50_pence: f64,
    /// At the colleagues' best decile.
    pub p10_pence: f64,
}

/// Adjustment of the expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseMixState {
    /// The measure asks for an adjustment, and has none: too few patients have a known age and sex, or the network is too small.
    NotAdjusted,
    /// Age band and sex of the patients.
    AgeSex,
    /// The practices of a roll-up.
    Practices,
    /// The practices of a roll-up, and age band and sex of the patients.
    PracticesAgeSex,
}

/// The value compared with the expected one. Both are crude for a measure without this part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseMix {
    /// Adjustment of the expected value.
    pub state: CaseMixState,
    /// Expected numerator in its integer unit, at the rates of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// Standardised value in the measure's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardised: Option<f64>,
    /// Numerator over its expectation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// The part of the denominator, in its integer unit, of patients whose age or sex is unknown; measures with `adjust` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<i64>,
}

impl CaseMix {
    /// Whether the value is compared as if everybody saw patients of the same age and sex.
    #[must_use]
    pub fn is_adjusted_for_patients(&self) -> bool {
        matches!(self.state, CaseMixState::AgeSex | CaseMixState::PracticesAgeSex)
    }
}

/// A standard that the measure file sets. It is no comparison with colleagues.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardCheck {
    /// The standard, in the measure's unit.
    pub standard: f64,
    /// Whether the whole 95 % interval lies on its adverse side.
    pub beyond: bool,
}

/// One measure of a card. A measure without a fact in 24 months is not on the card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardMeasure {
    /// Id of the measure.
    pub id: Arc<str>,
    /// Version of its definition.
    pub version: u32,
    /// Its short name, at most 36 characters.
    pub name: Arc<str>,
    /// The kind of the measure, which decides the statistics.
    pub kind: Kind,
    /// The part of the card.
    pub domain: Domain,
    /// The direction of good values.
    pub direction: Direction,
    /// Whether the measure is on trial: for the clinician's own eyes, without points.
    pub trial: bool,
    /// Unit of its value.
    pub unit: Arc<str>,
    /// Integer unit of its numerator.
    pub n_unit: Arc<str>,
    /// Integer unit of its denominator.
    pub d_unit: Arc<str>,
    /// Months of the headline window: 3 or 12.
    pub window: u8,
    /// Months of the window in which the clinician has any fact.
    pub held: u8,
    /// Numerator of the window in its integer units.
    pub n: i64,
    /// Denominator of the window in its integer units.
    pub d: i64,
    /// Facts in the numerator.
    pub facts_n: i64,
    /// Facts in the denominator.
    pub facts_d: i64,
    /// Facts left out because a value that the measure needs is unknown.
    pub unknown: i64,
    /// Facts left out by personalised care adjustment.
    pub pca: i64,
    /// Numerator of each of the 24 months up to the card's, oldest first. The last is the card's month, the last three are its quarter.
    pub months_n: Vec<i64>,
    /// Denominator of each of these months.
    pub months_d: Vec<i64>,
    /// The reason why the value is not shown: `denominator_below_minimum`, `unknown_above_limit`, `not_sent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// Value of the window in the measure's unit; `None` without a denominator or when suppressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// 95 % confidence interval of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Option<Interval>,
    /// The comparator; `None` for groups below 10 members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparator: Option<Comparator>,
    /// Result of the comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictWord>,
    /// Distance from the typical colleague in standard deviations of chance and of usual differences; positive on the high side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z: Option<f64>,
    /// The same of chance alone, without the design effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z_raw: Option<f64>,
    /// Design effect of the network: how much more than independent events vary by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phi: Option<f64>,
    /// Reliability from 0 to 1: the part of the variance that belongs to clinicians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliability: Option<f64>,
    /// The grade of the reliability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Percentage of colleagues with a lower value; only at a reliability of 0.5 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<f64>,
    /// The monitor of change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<MeasurePoints>,
    /// Saving; in groups of 20 members or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<SavingEstimate>,
    /// The expected value; only where the measure or a roll-up asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_mix: Option<CaseMix>,
    /// The standard of the measure file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<StandardCheck>,
    /// At most 140 characters of plain language.
    pub sentence: String,
}
