//! Completeness: the gaps of feeds, the kinds of data that they do not send, and the months that measures leave out for it.

pub mod practice_feeds;
pub(crate) mod feed_selection;
pub mod feed_months;
pub(crate) mod weekday_runs;
pub mod month_flags;
