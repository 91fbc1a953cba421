//! The rows that publish reads: their values by cut, their digests, and the units of a month that they make.

pub(crate) mod ledger;
pub(crate) mod month_units;
pub(crate) mod row_versions;
