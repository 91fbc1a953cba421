//! The traffic of a history: participants, the stories of their events, and the source that delivers them.

pub(crate) mod source;
pub(crate) mod busy_feed;
pub(crate) mod stories;
pub(crate) mod participants;
