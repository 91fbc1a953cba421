//! The scorecard: one published revision of one clinician's month.
//!
//! Each type derives the compact JSON of the content hash. `codec::avro::card` lists the fields of each record in the order of
//! `schemas/scorecard.avsc`, and tests compare the two.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::card::peer_group::Level;
use crate::measure::measure_set::{Direction, Domain, Giant, Kind};
use crate::time::calendar::{Month, Timestamp};

/// The state of a card's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// More events are expected.
    Provisional,
    /// Recomputed once against the peers that were frozen.
    Final,
    /// Recomputed after that because of its own events, its attribution or its measures.
    Restated,
    /// No events are left in it.
    Withdrawn,
}

/// The cause of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The first revision.
    First,
    /// Events that arrived after the last revision.
    Late,
    /// Events that were amended.
    Amended,
    /// Events that were retracted.
    Retracted,
    /// The registry maps the clinician to another person.
    Attribution,
    /// The measures changed.
    DefinitionChange,
    /// The month became final.
    Final,
}

impl Cause {
    /// The word for a cause in the data.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Cause::First => "first",
            Cause::Late => "late",
            Cause::Amended => "amended",
            Cause::Retracted => "retracted",
            Cause::Attribution => "attribution",
            Cause::DefinitionChange => "definition_change",
            Cause::Final => "final",
        }
    }
}

/// One reason of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The cause.
    pub cause: Cause,
    /// Number of events; 0 where the cause is not about events.
    pub events: i64,
}

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
    pub pcn: Option<String>,
    /// Its locality as of the month's last day.
    pub locality: Option<String>,
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

/// The month. In the content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The month.
    pub month: Month,
    /// IANA name of the zone whose calendar counts.
    pub zone: String,
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// An interval in the measure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
}

/// The peers of one measure and window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// The narrowest level with at least five other units.
    pub level: Level,
    /// Code of the group at that level.
    pub group: Arc<str>,
    /// Number of units with a value.
    pub size: u32,
    /// Value of their sums, in the measure's unit.
    pub mean: Option<f64>,
    /// First decile of their values.
    pub p10: Option<f64>,
    /// Their median.
    pub p50: Option<f64>,
    /// Ninth decile.
    pub p90: Option<f64>,
    /// 100 x (rank - 1) / (size - 1); ties share the lowest rank.
    pub percentile: Option<f64>,
    /// Fingerprint of the peer group of the comparison.
    pub snapshot_id: Arc<str>,
}

/// The position of a value between the control limits with over-dispersion, or between the plain limits where there are none.
///
/// A far value is an outlier; a value outside merits a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below the lower 99.8 % limit, with good reliability.
    FarBelow,
    /// Below the lower 95 % limit otherwise.
    Below,
    /// Within the 95 % limits.
    Within,
    /// Above the upper 95 % limit otherwise.
    Above,
    /// Above the upper 99.8 % limit, with good reliability.
    FarAbove,
}

/// Control limits around the target, in the measure's unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Funnel {
    /// The network's value for this role.
    pub target: f64,
    /// 95 % limits.
    pub limits_95: Interval,
    /// 99.8 % limits.
    pub limits_998: Interval,
    /// 95 % limits with over-dispersion.
    pub over_dispersed_95: Option<Interval>,
    /// 99.8 % limits with over-dispersion.
    pub over_dispersed_998: Option<Interval>,
    /// z score on the transformed scale.
    pub z_raw: Option<f64>,
    /// z score with over-dispersion.
    pub z_adjusted: Option<f64>,
    /// Mean squared winsorised z.
    pub phi: Option<f64>,
    /// Variance between units on the transformed scale.
    pub tau2: Option<f64>,
    /// The position of the value.
    pub band: Band,
}

/// Points of the personal QOF for one measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Qof {
    /// Points begin here, in the measure's unit.
    pub lower: f64,
    /// All points are awarded from here.
    pub upper: f64,
    /// Available points.
    pub points_available: f64,
    /// Awarded points.
    pub points: f64,
}

/// Estimated saving in pence; a positive amount could be saved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavingEstimate {
    /// At the peers' median.
    pub p50_pence: f64,
    /// At the peers' best decile.
    pub p10_pence: f64,
}

/// Movement of the value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Value less the previous month's, in the measure's unit.
    pub difference: Option<f64>,
    /// Months in a row, up to this one, on one side of the unit's own 12 months: positive above, negative below.
    pub run_length: i32,
    /// Tabular cumulative sum of the unit's own months around its 12 months, in standard deviations: positive when they drifted up.
    pub cusum: Option<f64>,
}

/// The grade of a reliability: how far a value reflects the clinician rather than chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// One window of one measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowValue {
    /// Months of the window: 1, 3 or 12.
    pub window: u8,
    /// Whether a month of it is missing.
    pub incomplete: bool,
    /// Numerator in its integer units.
    pub n: i64,
    /// Denominator in its integer units.
    pub d: i64,
    /// Facts in the numerator.
    pub facts_n: i64,
    /// Facts in the denominator.
    pub facts_d: i64,
    /// Facts left out by personalised care adjustment.
    pub pca: i64,
    /// Value in the measure's unit; `None` without a denominator or when suppressed.
    pub value: Option<f64>,
    /// 95 % confidence interval, in the measure's unit.
    pub ci95: Option<Interval>,
    /// The reason why the value is not shown: `denominator_below_minimum`, `unknown_status_above_limit`.
    pub suppressed: Option<String>,
    /// The peers.
    pub peer: Option<Peer>,
    /// Control limits; headline window only.
    pub funnel: Option<Funnel>,
    /// Reliability from 0 to 1; headline window only.
    pub reliability: Option<f64>,
    /// The grade of the reliability; headline window only, and only where a network gives the variance between units.
    pub grade: Option<Grade>,
    /// Value shrunk towards the target; headline window only.
    pub shrunk: Option<f64>,
    /// Points; headline window only.
    pub qof: Option<Qof>,
    /// Saving; headline window only.
    pub saving: Option<SavingEstimate>,
    /// Movement; headline window only.
    pub trend: Option<Trend>,
    /// At most 140 characters of plain language; headline window only.
    pub sentence: Option<String>,
}

impl WindowValue {
    /// A window of this many months without facts, value or comparison.
    #[must_use]
    pub fn empty(window: u8) -> WindowValue {
        WindowValue {
            window,
            incomplete: false,
            n: 0,
            d: 0,
            facts_n: 0,
            facts_d: 0,
            pca: 0,
            value: None,
            ci95: None,
            suppressed: None,
            peer: None,
            funnel: None,
            reliability: None,
            grade: None,
            shrunk: None,
            qof: None,
            saving: None,
            trend: None,
            sentence: None,
        }
    }
}

/// One measure of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardMeasure {
    /// Id of the measure.
    pub id: Arc<str>,
    /// Version of its definition.
    pub version: u32,
    /// The kind of the measure, which decides the statistics.
    pub kind: Kind,
    /// The part of the card.
    pub domain: Domain,
    /// The giant that it fights.
    pub giant: Option<Giant>,
    /// Unit of its value.
    pub unit: Arc<str>,
    /// Integer unit of its numerator.
    pub n_unit: Arc<str>,
    /// Integer unit of its denominator.
    pub d_unit: Arc<str>,
    /// The direction of good values.
    pub direction: Direction,
    /// Months of the headline window.
    pub headline: u8,
    /// The windows in order of their length.
    pub windows: Vec<WindowValue>,
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
    /// 100 x points / available; `None` when less than 60 % of all points are applicable, or nothing is reliable.
    pub percent: Option<f64>,
    /// Awarded points.
    pub points: f64,
    /// Available points.
    pub available: f64,
}

/// Waste, variation and inefficiency of one clinician.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Giants {
    /// Sum of the possible savings at the peers' median, in pence.
    pub waste_p50_pence: Option<f64>,
    /// The same at the best decile.
    pub waste_p10_pence: Option<f64>,
    /// Signed sum at the median: good work shows as negative.
    pub waste_net_pence: Option<f64>,
    /// Mean squared adjusted z over reliable measures; about 1 when ordinary.
    pub variation: Option<f64>,
    /// Measures outside the 95 % limits.
    pub outside_95: u32,
    /// Measures outside the 99.8 % limits.
    pub outside_998: u32,
    /// Slots that nobody attended, in the headline window of 12 months.
    pub noshow_slots: i64,
    /// Their planned minutes.
    pub noshow_minutes: i64,
    /// Their cost in pence at 300 pence a minute.
    pub noshow_pence: i64,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Highlight {
    /// Id of the measure.
    pub measure: String,
    /// Whether the finding is good news; otherwise it is for discussion.
    pub good: bool,
    /// At most 140 characters.
    pub sentence: String,
}

/// The completeness of a feed at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// Nothing arrived in the three days before the cut.
    Silent,
    /// Its newest event is before the month's end.
    Behind,
    /// Neither.
    Complete,
}

/// Coverage of one feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The feed.
    pub feed: String,
    /// Its completeness at the cut.
    pub state: CoverageState,
    /// Days of the month with at least one event.
    pub days_seen: u32,
}

/// The quality of the data. Never in the content hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Coverage of each feed with a row in this card's month, in order of the name.
    pub coverage: Vec<Coverage>,
    /// Windows with a missing month.
    pub incomplete_windows: Vec<u8>,
    /// XXH3-128 of the sums of the card's own month, 32 hexadecimal digits. A later cut recomputes the card when it differs.
    pub month_sums: String,
    /// Cumulative first versions of events of the month.
    pub recorded: i64,
    /// Cumulative amendments of events of the month.
    pub amended: i64,
    /// Cumulative retractions of events of the month.
    pub retracted: i64,
    /// Number of open disputes.
    pub disputes_open: u32,
}

/// The content of a card: the part that the content hash covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The subject.
    pub subject: Subject,
    /// The month.
    pub period: Period,
    /// The state of the month.
    pub status: Status,
    /// The clinician's work, by window.
    pub exposure: Vec<Exposure>,
    /// The measures in order of their ids.
    pub measures: Vec<CardMeasure>,
    /// Points by domain.
    pub domains: Vec<DomainPoints>,
    /// The personal QOF; withheld below 20 attended encounters in 12 months.
    pub composite: Option<Composite>,
    /// The three giants.
    pub giants: Option<Giants>,
    /// At most three good findings and three for discussion.
    pub highlights: Vec<Highlight>,
}

/// One revision of one card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    /// UUIDv5 of key and revision.
    pub scorecard_id: String,
    /// The number of the revision: 1, 2, 3 and so on, without gaps.
    pub revision: u32,
    /// The id of the previous revision.
    pub supersedes: Option<String>,
    /// The reasons for the revision.
    pub reasons: Vec<Reason>,
    /// The cut at which it was published.
    pub cut: Timestamp,
    /// Id of the run that published it.
    pub run_id: String,
    /// Version of the engine that computed it.
    pub engine_version: String,
    /// Fingerprint of the measure set, 32 hexadecimal digits.
    pub measure_set: String,
    /// XXH3-128 of the content's canonical bytes, 32 hexadecimal digits.
    pub content_hash: String,
    /// The part that the hash covers.
    #[serde(flatten)]
    pub content: Content,
    /// The quality of the data.
    pub quality: Quality,
}

impl Scorecard {
    /// `clinician|practice|month`, each part percent-encoded for `|` and `%`.
    #[must_use]
    pub fn key(&self) -> String {
        key(&self.content.subject.clinician, &self.content.subject.practice, self.content.period.month)
    }
}

/// The key of a card. `|` and `%` inside a part are percent-encoded.
#[must_use]
pub fn key(clinician: &str, practice: &str, month: Month) -> String {
    let encode = |part: &str| part.replace('%', "%25").replace('|', "%7C");
    format!("{}|{}|{month}", encode(clinician), encode(practice))
}
