//! The key of a card, the same for all its revisions.

use scorecard::time::calendar::Month;

/// Clinician, month and practice of a card.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardKey {
    /// Person or `system|value`.
    pub clinician: String,
    /// Calendar month.
    pub month: Month,
    /// Practice, empty for the roll-up over all of them.
    pub practice: String,
}
