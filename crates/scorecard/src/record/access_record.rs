//! A look at cards that name clinicians, by somebody else: the record of `access`. It changes no card.

use serde::Serialize;

use crate::time::calendar::{Month, Timestamp};

/// One look: at one card, or at all cards that a request selects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccessRecord {
    /// When.
    pub at: Timestamp,
    /// Id of the person who looked, or the name of a token.
    pub reader: String,
    /// Role of the reader: `lead`, or `token`.
    pub role: String,
    /// The page or route that was read: `month`, `measure`, `talks`, `card`, `cards`, `export` or `explain`.
    pub page: String,
    /// The clinician of the card; `None` for every clinician that the other fields select.
    pub clinician: Option<String>,
    /// The practice of the card, empty for the card over all of them; `None` for every practice.
    pub practice: Option<String>,
    /// The month of the card; `None` for every month.
    pub month: Option<Month>,
    /// The revision; `None` for the newest at that time.
    pub revision: Option<u32>,
}

impl AccessRecord {
    /// Whether the look was at this card, or at a selection that contains it.
    #[must_use]
    pub fn includes(&self, clinician: &str, practice: &str, month: Month) -> bool {
        self.clinician.as_deref().is_none_or(|of| of == clinician)
            && self.practice.as_deref().is_none_or(|of| of == practice)
            && self.month.is_none_or(|of| of == month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_includes_the_cards_that_it_selects() {
        let month: Month = "2026-10".parse().expect("a month");
        let all = AccessRecord { practice: Some("A1".into()), month: Some(month), ..AccessRecord::default() };
        let one = AccessRecord { clinician: Some("p1".into()), ..all.clone() };
        assert!(all.includes("p1", "A1", month) && all.includes("p2", "A1", month) && !all.includes("p1", "", month));
        assert!(one.includes("p1", "A1", month) && !one.includes("p2", "A1", month) && !one.includes("p1", "A1", month.plus(1)));
        assert!(AccessRecord::default().includes("p9", "", month));
    }
}
