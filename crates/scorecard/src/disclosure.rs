//! Who may see what of a card: one pure function of card and audience, so that every page, interface and export shows the same.
//!
//! Source: the rule of NHS Digital's Hospital Episode Statistics for small numbers (counts from 1 to 7 hidden, others rounded to the
//! nearest 5, 0 stays 0, percentages from the rounded counts).
//!
//! What is left after hiding must not bring the hidden back: every figure that is shown is computed from rounded counts, so the
//! difference of two windows, of two cards, or of two revisions is a difference of rounded counts; figures that are exact by nature
//! (limits, points, savings, trends, sentences) are left out. A change that does not move a rounded count changes nothing that
//! is shown.

use crate::card::{CardMeasure, Content, Exposure, Scorecard, WindowValue};
use crate::round::published;

/// Group statistics need so many clinicians.
const LEAST_GROUP: u32 = 5;
/// Counts from 1 to this are hidden.
const HIDDEN_UP_TO: i64 = 7;
/// Other counts are rounded to a multiple of this.
const ROUNDED_TO: i64 = 5;

/// Who looks at a card. Relations in force and their dates are the caller's to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The clinician: everything.
    Own,
    /// The clinical lead of the practice: everything.
    ClinicalLead,
    /// The lead of a locality: counts and shares by the rule, and nobody's name.
    LocalityLead,
    /// Who works with aggregates: as the lead of a locality.
    Analyst,
}

/// One window of a measure under the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosedWindow {
    /// Months of the window.
    pub window: u8,
    /// Facts in the numerator.
    pub n: Count,
    /// Facts in the denominator.
    pub d: Count,
    /// The value: of measures that count facts on both sides, from the rounded counts. `None` where one of these is hidden, where
    /// the denominator is 0, where the card itself has none, and for all other measures.
    pub value: Option<f64>,
    /// Median of the peers, where there are enough.
    pub peers_p50: Option<f64>,
}

/// A count under the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// From 1 to 7; shown as `*`.
    Hidden,
    /// 0, or rounded to the nearest 5.
    Rounded(i64),
}

impl Count {
    /// This count as others may see it.
    #[must_use]
    pub fn of(count: i64) -> Count {
        if (1..=HIDDEN_UP_TO).contains(&count) {
            return Count::Hidden;
        }
        Count::Rounded((count + ROUNDED_TO / 2).div_euclid(ROUNDED_TO) * ROUNDED_TO)
    }

    /// The number, where it is shown.
    #[must_use]
    pub fn shown(self) -> Option<i64> {
        match self {
            Count::Hidden => None,
            Count::Rounded(count) => Some(count),
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Count::Hidden => f.write_str("*"),
            Count::Rounded(count) => write!(f, "{count}"),
        }
    }
}

/// What a window holds of the clinician's work, under the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisclosedWork {
    /// Months of the window.
    pub window: u8,
    /// Attended encounters.
    pub encounters: Count,
    /// Items prescribed.
    pub items: Count,
    /// Feedback responses.
    pub responses: Count,
}

/// One measure under the rule.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosedMeasure {
    /// Its id.
    pub id: String,
    /// Version of its definition.
    pub version: u32,
    /// The windows in order of their length.
    pub windows: Vec<DisclosedWindow>,
}

/// A card without a name and without a small number.
#[derive(Clone, Debug, PartialEq)]
pub struct Blinded {
    /// Role as of the month's last day.
    pub role: String,
    /// Locality of the practice; neither practice nor network, which may be one clinician's.
    pub locality: Option<String>,
    /// The month, as `2026-10`.
    pub month: String,
    /// The clinician's work, by window.
    pub work: Vec<DisclosedWork>,
    /// The measures in order of their ids.
    pub measures: Vec<DisclosedMeasure>,
}

/// What an audience sees of a card.
#[derive(Clone, Debug, PartialEq)]
pub enum Disclosed<'a> {
    /// The card as it is.
    Whole(&'a Scorecard),
    /// Figures alone.
    Blinded(Blinded),
}

/// What this audience may see of this card.
#[must_use]
pub fn disclose(card: &Scorecard, audience: Audience) -> Disclosed<'_> {
    match audience {
        Audience::Own | Audience::ClinicalLead => Disclosed::Whole(card),
        Audience::LocalityLead | Audience::Analyst => Disclosed::Blinded(blinded(&card.content)),
    }
}

fn blinded(content: &Content) -> Blinded {
    Blinded {
        role: content.subject.role.clone(),
        locality: content.subject.locality.clone(),
        month: content.period.month.to_string(),
        work: content.exposure.iter().map(work).collect(),
        measures: content.measures.iter().map(measure).collect(),
    }
}

fn work(exposure: &Exposure) -> DisclosedWork {
    DisclosedWork {
        window: exposure.window,
        encounters: Count::of(exposure.encounters),
        items: Count::of(exposure.items),
        responses: Count::of(exposure.responses),
    }
}

fn measure(measure: &CardMeasure) -> DisclosedMeasure {
    let windows = measure.windows.iter().map(|w| window(measure, w)).collect();
    DisclosedMeasure { id: measure.id.to_string(), version: measure.version, windows }
}

fn window(measure: &CardMeasure, window: &WindowValue) -> DisclosedWindow {
    let (n, d) = (Count::of(window.facts_n), Count::of(window.facts_d));
    let counts_facts = |unit: &str| unit == "count";
    let counted = counts_facts(&measure.n_unit) && counts_facts(&measure.d_unit);
    let peer = window.peer.as_ref().filter(|peer| peer.size >= LEAST_GROUP);
    DisclosedWindow {
        window: window.window,
        n,
        d,
        value: window.value.filter(|_| counted).and_then(|value| recomputed(value, window, n, d)),
        peers_p50: peer.and_then(|peer| peer.p50),
    }
}

/// The value from the rounded counts, on the scale of the exact one.
fn recomputed(exact: f64, window: &WindowValue, n: Count, d: Count) -> Option<f64> {
    let (n, d) = (n.shown()?, d.shown().filter(|d| *d > 0)?);
    if n == 0 {
        return Some(0.0);
    }
    // The measure's scale is not on the card; it is what takes the exact ratio to the exact value.
    let scale = exact * window.d as f64 / window.n as f64;
    published(round_off(scale) * n as f64 / d as f64)
}

/// The scale as the measure file has it: six digits take the rounding of the exact value away, which would tell of it.
fn round_off(scale: f64) -> f64 {
    format!("{scale:.5e}").parse().expect("a real that was just written")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card::{Period, Quality, Status, Subject};
    use crate::measure::{Direction, Domain, Kind};

    fn card(n: i64, d: i64) -> Scorecard {
        let window = WindowValue {
            window: 12,
            incomplete: false,
            n,
            d,
            facts_n: n,
            facts_d: d,
            pca: 0,
            value: (d > 0).then(|| published(100.0 * n as f64 / d as f64)).flatten(),
            ci95: None,
            suppressed: None,
            peer: None,
            funnel: None,
            reliability: None,
            grade: None,
            shrunk: None,
            qof: None,
            saving: None,
            trend: None,
            sentence: Some(format!("{n} of {d}.")),
        };
        let measure = CardMeasure {
            id: "dna_rate".into(),
            version: 1,
            kind: Kind::Proportion,
            domain: Domain::Resource,
            giant: None,
            unit: "%".into(),
            n_unit: "count".into(),
            d_unit: "count".into(),
            direction: Direction::Low,
            headline: 12,
            windows: vec![window],
        };
        let content = Content {
            subject: Subject {
                clinician: "gmc|7012345".to_owned(),
                role: "gp".to_owned(),
                locum: false,
                practice: "A81001".to_owned(),
                pcn: Some("U12345".to_owned()),
                locality: Some("QJK".to_owned()),
            },
            period: Period {
                month: "2026-10".parse().unwrap(),
                zone: "Europe/London".to_owned(),
                start: crate::calendar::Timestamp(0),
                end: crate::calendar::Timestamp(1),
            },
            status: Status::Final,
            exposure: vec![Exposure { window: 12, encounters: d, minutes: 10 * d, items: n, responses: 3 }],
            measures: vec![measure],
            domains: Vec::new(),
            composite: None,
            giants: None,
            highlights: Vec::new(),
        };
        Scorecard {
            scorecard_id: String::new(),
            revision: 1,
            supersedes: None,
            reasons: Vec::new(),
            cut: crate::calendar::Timestamp(0),
            run_id: String::new(),
            engine_version: String::new(),
            measure_set: String::new(),
            content_hash: String::new(),
            content,
            quality: Quality::default(),
        }
    }

    fn seen(n: i64, d: i64) -> Blinded {
        match disclose(&card(n, d), Audience::Analyst) {
            Disclosed::Blinded(blinded) => blinded,
            Disclosed::Whole(_) => panic!("an analyst sees no whole card"),
        }
    }

    #[test]
    fn one_to_seven_are_hidden_the_rest_is_rounded_to_five_and_nothing_stays_nothing() {
        let shown = [0, 1, 7, 8, 12, 13, 17, 18, 102, 103].map(|count| Count::of(count).to_string());
        assert_eq!(shown, ["0", "*", "*", "10", "10", "15", "15", "20", "100", "105"]);
    }

    #[test]
    fn the_clinician_and_the_lead_see_the_card_itself() {
        let card = card(3, 40);
        for audience in [Audience::Own, Audience::ClinicalLead] {
            assert_eq!(disclose(&card, audience), Disclosed::Whole(&card));
        }
    }

    #[test]
    fn others_see_no_name_no_practice_and_shares_of_rounded_counts() {
        let blinded = seen(21, 98);
        let text = format!("{blinded:?}");
        for name in ["7012345", "A81001", "U12345", "of 98"] {
            assert!(!text.contains(name), "{text}");
        }
        // 20 of 100, not 21 of 98.
        assert_eq!(blinded.measures[0].windows[0].value, Some(20.0));
        assert_eq!(seen(3, 40).measures[0].windows[0].value, None);
        assert_eq!(seen(0, 40).measures[0].windows[0].value, Some(0.0));
        assert_eq!(blinded.work[0].responses, Count::Hidden);
    }

    proptest! {
        #[test]
        fn equal_rounded_counts_look_equal_so_a_revision_or_another_card_tells_no_small_difference(
            n in 8i64..500, d in 500i64..2_000, more in 0i64..5, others in 0i64..5,
        ) {
            let same = |a: i64, b: i64| Count::of(a) == Count::of(b);
            if same(n, n + more) && same(d, d + others) {
                prop_assert_eq!(seen(n, d), seen(n + more, d + others));
            } else {
                // What differs differs by whole fives.
                for (a, b) in [(n, n + more), (d, d + others)] {
                    let (a, b) = (Count::of(a).shown().expect("large"), Count::of(b).shown().expect("large"));
                    prop_assert_eq!((b - a) % ROUNDED_TO, 0);
                }
            }
        }

        #[test]
        fn what_is_shown_never_lies_between_one_and_seven(count in 0i64..10_000) {
            if let Some(shown) = Count::of(count).shown() {
                prop_assert!(shown == 0 || shown >= 10);
                prop_assert!((shown - count).abs() <= 2);
            } else {
                prop_assert!((1..=7).contains(&count));
            }
        }
    }
}
