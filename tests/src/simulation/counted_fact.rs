//! A fact as the verifier counts it, and the sums of one measure.

/// The verifier's view of a fact in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CountedFact {
    /// An administrative event, or one of a test patient.
    pub excluded: bool,
    /// Measures for which the patient is adjusted.
    pub adjusted: Vec<String>,
    /// An encounter, and the sides in which it counts.
    pub is_encounter: bool,
    pub activity: bool,
    pub attendance: bool,
    pub attended: bool,
    pub noshow: bool,
    pub minutes: i64,
    pub planned: i64,
    /// A prescription.
    pub is_prescription: bool,
    pub code: Option<String>,
    pub repeat: bool,
    pub items: i64,
    pub quantity: i64,
    pub cost: i64,
    /// A feedback.
    pub is_feedback: bool,
    pub answer: Option<usize>,
    pub content: bool,
}

/// The sums of one measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub facts_n: i64,
    pub facts_d: i64,
    pub n: i64,
    pub d: i64,
    pub n_squares: i128,
    pub d_squares: i128,
    pub n_quantity: i64,
    pub n_cost: i64,
    pub d_quantity: i64,
    pub d_cost: i64,
    pub pca: i64,
    pub excluded: i64,
}
