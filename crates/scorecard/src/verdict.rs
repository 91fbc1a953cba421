//! The second verdict layer, as arithmetic: everything that is said about a clinician from the sums of a network.
//!
//! The way of one measure:
//! 1. [`network_basis::NetworkBasis`] turns sums of any kind into events of a base, divided by the [`design_effect`].
//! 2. [`network_fit::NetworkFit`] finds the typical clinician's value and the spread between clinicians.
//! 3. [`z_score::ZScore`] says how far a unit is from the typical clinician; [`funnel_limits`] draws the same borders.
//! 4. [`findings`] decides over all measures of a card which ones the card names.
//! 5. [`place`] and [`change`] judge points, progress and change.
//!
//! Inputs are integer sums. Sums of reals run in the order of the slices, which is the order of the peer table, so that the same
//! inputs give the same bits on every platform.

pub mod change;
pub mod place;
pub mod findings;
pub mod detection;
pub mod funnel_limits;
pub mod fitted_network;
pub mod z_score;
pub mod network_fit;
pub(crate) mod centre_search;
pub(crate) mod spread_search;
pub mod design_effect;
pub mod month_dispersion;
pub mod sign_dispersion;
pub mod case_mix;
pub mod roll_up;
pub mod network_basis;
pub mod placed_unit;
pub mod unit_sums;
pub(crate) mod median;
pub mod root;
pub mod constants;
