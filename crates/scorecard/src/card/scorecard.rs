//! The scorecard: one published revision of one clinician's month.
//!
//! `codec::avro::card` lists the fields of each record in the order of `schemas/scorecard.avsc`, and tests compare the two. In JSON a
//! field without a value is left out.

use serde::{Deserialize, Serialize};

use crate::card::instant_text;
use crate::time::calendar::{Month, Timestamp};

pub use crate::card::card_measure::{
    CardMeasure, CaseMix, CaseMixState, Change, Comparator, Grade, Interval, MeasurePoints, Movement, PointsBasis,
    SavingEstimate, StandardCheck, VerdictWord, YearDifference,
};
pub use crate::card::coverage::{Coverage, CoverageState, Gap, MonthGaps, Quality, UnknownCount};
pub use crate::card::overview::{Comparisons, Composite, DomainPoints, Giants, Suggestion};
pub use crate::card::revision::{Cause, NoReasonError, Reason, Reasons, Status};
pub use crate::card::subject::{Exposure, Period, Subject};

/// The number of the card's schema in JSON.
pub const SCHEMA: u32 = 1;

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
    /// The comparisons of these measures.
    pub comparisons: Comparisons,
    /// One thing to try, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_thing: Option<Suggestion>,
    /// Ids of at most three measures to check or to look at.
    pub check: Vec<String>,
    /// Ids of at most three measures to keep doing.
    pub keep: Vec<String>,
    /// Ids of at most three measures that changed.
    pub changed: Vec<String>,
    /// Points by domain.
    pub domains: Vec<DomainPoints>,
    /// The personal QOF; withheld below 20 attended encounters in 12 months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composite: Option<Composite>,
    /// The three giants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub giants: Option<Giants>,
    /// The months of which data are missing, oldest first.
    pub coverage: Vec<MonthGaps>,
    /// Unknown values in 12 months, in order of the kind; only kinds with any.
    pub unknown: Vec<UnknownCount>,
}

/// One revision of one card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scorecard {
    /// The number of this schema, [`SCHEMA`].
    pub schema: u32,
    /// UUIDv5 of key and revision.
    pub scorecard_id: String,
    /// The number of the revision: 1, 2, 3 and so on, without gaps.
    pub revision: u32,
    /// The id of the previous revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// The reasons for the revision.
    pub reasons: Reasons,
    /// The cut at which it was published.
    #[serde(with = "instant_text")]
    pub cut: Timestamp,
    /// Id of the run that published it.
    pub run_id: String,
    /// Version of the engine that computed it.
    pub engine_version: String,
    /// Fingerprint of the measure set, 32 hexadecimal digits.
    pub measure_set: String,
    /// SHA-256 of the canonical JSON of the content, 64 hexadecimal digits.
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
