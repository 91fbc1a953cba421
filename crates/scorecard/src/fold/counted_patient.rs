//! The properties of a fact's patient that decide to which cells of a row it adds.

use crate::fold::case_mix_cell::CaseMixCell;
use crate::fold::signs::Signs;

/// The patient of a fact, as its row counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedPatient {
    pub signs: Signs,
    /// `None` if age or sex is unknown.
    pub cell: Option<CaseMixCell>,
}
