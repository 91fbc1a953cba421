//! The rows of publish: their values by cut, their digests, and the units of a month that sum them.

pub(crate) mod ledger;
pub(crate) mod month_units;
pub(crate) mod month_coverage;
pub(crate) mod row_versions;
