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
    pub minutes: Option<i64>,
    pub planned: i64,
    /// A prescription.
    pub is_prescription: bool,
    pub code: DrugCode,
    pub repeat: bool,
    pub items: i64,
    pub quantity: Option<i64>,
    pub cost: Option<i64>,
    pub adq: Option<i64>,
    /// A feedback.
    pub is_feedback: bool,
    pub answer: Option<usize>,
    pub content: bool,
    /// Four numbers, each 1 or -1.
    pub signs: [i64; 4],
    /// The cell of age and sex: twice the band of its age, plus 1 for a man.
    pub cell: Option<usize>,
}

/// A drug's code in the two sets. The code files of the second set know more codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum DrugCode {
    /// Unknown in both.
    #[default]
    Unmapped,
    /// A BNF code.
    Bnf(String),
    /// Unknown in the first set and a BNF code in the second.
    BnfLater(String),
    /// Unknown in the first set and no drug in the second.
    NoDrugLater,
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
    pub unknown: i64,
    /// Signed sums of numerator and denominator.
    pub signed: [[i64; 4]; 2],
    /// Numerator and denominator by cell of age and sex, of measures that adjust.
    pub by_cell: [[i64; 16]; 2],
}

impl Numbers {
    /// Whether any fact counts, is adjusted, or is unknown.
    pub(crate) fn has_fact(&self) -> bool {
        [self.facts_n, self.facts_d, self.pca, self.unknown] != [0; 4]
    }
}
