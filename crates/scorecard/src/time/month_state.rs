//! The four states of a month, in the order in which it passes through them.

/// The state of a month at a cut. A month passes through the states in this order and never goes back.
///
/// | state | begins | cards of the month |
/// |---|---|---|
/// | `Running` | first | none |
/// | `Provisional` | 3 days after its base | compare with the peers of the cut |
/// | `Final` | 35 days after its base | compare with frozen peers; a changed card is restated |
/// | `Sealed` | 13 months after its base | never change again |
///
/// The base is the end of the month, or the deployment's first publication instant where that is later.
/// [`Schedule::state_of`] computes the state.
///
/// [`Schedule::state_of`]: crate::time::schedule::Schedule::state_of
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MonthState {
    /// The month has no cards.
    Running,
    /// Cards compare with the peers of the cut.
    Provisional,
    /// Cards compare with frozen peers.
    Final,
    /// Cards and rows never change.
    Sealed,
}
