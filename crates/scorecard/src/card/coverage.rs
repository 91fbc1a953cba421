//! The gaps of a card's data: months without rows, gaps, kinds that are not sent, unknown values; and the state of its feeds.

use serde::{Deserialize, Serialize};

use crate::time::calendar::{Day, Month};

/// One gap: weekdays in a row without an event of a kind that the feed usually has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The kind: `attendance`, `booking`, `minutes`, `prescriptions`, `costs`, `quantities`, `feedback`, `referrals`, `tests`, `imaging`,
    /// or `all`.
    pub kind: String,
    /// Weekdays without an event of this kind.
    pub days: u32,
}

/// One month of which data are missing. In the content hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MonthGaps {
    /// The month.
    pub month: Month,
    /// Whether the log no longer holds the month's rows: its n and d are unknown and shown as 0.
    pub missing: bool,
    /// Its gaps, in order of the kind.
    pub gaps: Vec<Gap>,
    /// The kinds that the feeds do not send, in order.
    pub not_sent: Vec<String>,
}

/// A count of unknown values in 12 months. In the content hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCount {
    /// The kind of value: `codes`, `statuses`, `costs`, `quantities`, `adq`.
    pub kind: String,
    /// Number of unknown values.
    pub unknown: i64,
    /// Number of all values of this kind.
    pub of: i64,
}

/// The completeness of a feed at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverageState {
    /// Nothing arrived in the three days before the cut.
    Silent,
    /// Its newest event is before the month's end, or it has no event on the last five weekdays of the month.
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
    /// The newest day with an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_day: Option<Day>,
}

/// The quality of the data. Never in the content hash: it may change without a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Coverage of each feed with a row in this card's month, in order of the name.
    pub feeds: Vec<Coverage>,
    /// Days with at least one event of these feeds, for each of the 12 months up to the card's, oldest first. `None`: a sealed month.
    pub days_seen: Vec<Option<u32>>,
    /// Days from Monday to Friday of each of these months.
    pub days_expected: Vec<u32>,
    /// XXH3-128 of the sums of the card's own month, 32 hexadecimal digits. A later cut recomputes the card when it differs.
    pub month_sums: String,
    /// Cumulative first versions of events of the month.
    pub recorded: i64,
    /// Cumulative amendments of events of the month.
    pub amended: i64,
    /// Cumulative retractions of events of the month.
    pub retracted: i64,
}
