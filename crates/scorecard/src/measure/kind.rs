//! Kinds of measure. Each kind has one file that implements [`kind_rules::KindRules`] and one line in [`kinds`].
//!
//! A kind decides which amounts a measure may have and its confidence interval. The formulas themselves are in [`crate::statistics`]; a
//! kind only picks them. [`crate::verdict`] compares units of each kind.

pub mod kinds;
pub(crate) mod proportion;
pub(crate) mod rate;
pub(crate) mod mean;
pub(crate) mod share;
pub(crate) mod amount;
pub(crate) mod kind_rules;
