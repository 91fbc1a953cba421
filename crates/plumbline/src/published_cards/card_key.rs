//! What names a card, whatever its revision.

use scorecard::time::calendar::Month;

/// Which card.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardKey {
    /// Person or `system|value`.
    pub clinician: String,
    /// Calendar month.
    pub month: Month,
    /// Practice, empty for the roll-up over all of them.
    pub practice: String,
}
