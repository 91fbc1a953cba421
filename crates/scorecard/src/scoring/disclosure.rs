//! Disclosure: the parts of a card that each audience sees. One pure function decides it for every page, interface and export.
//!
//! Source: the rule of NHS Digital's Hospital Episode Statistics for small numbers (counts from 1 to 7 hidden, others rounded to the
//! nearest 5, 0 stays 0, percentages from the rounded counts).
//!
//! The shown figures must not reveal the hidden ones:
//! * Every shown figure is computed from rounded counts. Exact figures (points, savings, changes, sentences) are left out. Figures of the
//!   group are those of the card: rounded, and from 10 members on.
//! * Only the headline window is shown, and no roll-up over practices. Months add up to a quarter and practices to a roll-up, so a
//!   sum and its other parts could determine a hidden part.
//! * If measures divide one whole and one part is hidden, the smallest other part is hidden too.
//! * A total over cards is [`total`], the sum of the shown figures. The difference of two totals that differ by one card is the figure
//!   that this card shows.
//! * Neither the number of a revision nor its reasons are shown. A count that changes by a step of five then does not reveal a single
//!   event, and most changes change nothing.

use crate::card::round::published;
use crate::card::scorecard::{CardMeasure, Content, Exposure, Scorecard};
use crate::measure::measure_set::Domain;

/// Least number of cards of a total.
const LEAST_CARDS: usize = 5;
/// Least number of answers for figures on patients' answers. With fewer, nobody else may learn them.
const LEAST_ANSWERS: i64 = 5;
/// Counts from 1 to this are hidden.
const HIDDEN_UP_TO: i64 = 7;
/// Other counts are rounded to the nearest multiple of this.
const ROUNDED_TO: i64 = 5;

/// The reader of a card. The caller checks that the relation is in force on the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The clinician: sees everything except the answers of fewer than five patients.
    Own,
    /// The clinical lead of the practice: sees the same as the clinician, without measures on trial.
    ClinicalLead,
    /// The lead of a locality: sees counts and shares under the rule, and no names.
    LocalityLead,
    /// An analyst of aggregates: sees the same as the lead of a locality.
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
    /// The value from the rounded counts, for measures that count facts on both sides. `None` for other measures, if a count is hidden,
    /// if the denominator is 0, or if the card has no value.
    pub value: Option<f64>,
    /// Median of the group, as on the card.
    pub peers_p50: Option<f64>,
}

/// A count under the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// A count from 1 to 7; shown as `*`.
    Hidden,
    /// 0, or rounded to the nearest 5.
    Rounded(i64),
}

impl Count {
    /// This count under the rule.
    #[must_use]
    pub fn of(count: i64) -> Count {
        if (1..=HIDDEN_UP_TO).contains(&count) {
            return Count::Hidden;
        }
        Count::Rounded((count + ROUNDED_TO / 2).div_euclid(ROUNDED_TO) * ROUNDED_TO)
    }

    /// The number, if it is shown.
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

/// The sum of the shown counts of several cards. Hidden counts add nothing. `None` for fewer than five cards with a shown count.
#[must_use]
pub fn total(counts: impl IntoIterator<Item = Count>) -> Option<i64> {
    let shown: Vec<i64> = counts.into_iter().filter_map(Count::shown).collect();
    (shown.len() >= LEAST_CARDS).then(|| shown.iter().sum())
}

/// The clinician's work in 12 months, under the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisclosedWork {
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
    /// Its headline window.
    pub headline: DisclosedWindow,
}

/// A card without a name and without a small number.
#[derive(Clone, Debug, PartialEq)]
pub struct BlindedCard {
    /// Role as of the month's last day.
    pub role: String,
    /// Locality of the practice. Practice and primary care network are left out, because they can have a single clinician.
    pub locality: Option<String>,
    /// The month, as `2026-10`.
    pub month: String,
    /// The clinician's work; `None` on a withdrawn card.
    pub work: Option<DisclosedWork>,
    /// The measures in order of their ids.
    pub measures: Vec<DisclosedMeasure>,
}

/// The view of a card for an audience.
#[derive(Clone, Debug, PartialEq)]
pub enum CardView<'a> {
    /// The whole card.
    Whole(&'a Scorecard),
    /// The card without the answers of fewer than five patients, and for others than the clinician without measures on trial.
    Curtailed(Box<Scorecard>),
    /// Only figures.
    Blinded(BlindedCard),
    /// Nothing, because the card is the sum of shown cards.
    Withheld,
}

/// The view of this card for this audience.
#[must_use]
pub fn disclose(card: &Scorecard, audience: Audience) -> CardView<'_> {
    match audience {
        Audience::Own | Audience::ClinicalLead => curtailed(card, audience),
        Audience::LocalityLead | Audience::Analyst if card.content.subject.practice.is_empty() => CardView::Withheld,
        Audience::LocalityLead | Audience::Analyst => CardView::Blinded(blinded(&card.content)),
    }
}

fn curtailed(card: &Scorecard, audience: Audience) -> CardView<'_> {
    let hidden = |measure: &CardMeasure| has_few_answers(measure) || (measure.trial && audience != Audience::Own);
    if !card.content.measures.iter().any(|measure| hidden(measure) || has_months_of_few_answers(measure)) {
        return CardView::Whole(card);
    }
    let mut card = card.clone();
    let content = &mut card.content;
    let gone: Vec<String> =
        content.measures.iter().filter(|measure| hidden(measure)).map(|measure| measure.id.to_string()).collect();
    content.measures.retain(|measure| !hidden(measure));
    for measure in content.measures.iter_mut().filter(|measure| has_months_of_few_answers(measure)) {
        (measure.months_n, measure.months_d) = (Vec::new(), Vec::new());
    }
    for list in [&mut content.check, &mut content.keep, &mut content.changed] {
        list.retain(|id| !gone.contains(id));
    }
    content.one_thing = content.one_thing.take().filter(|one| !gone.contains(&one.measure));
    CardView::Curtailed(Box::new(card))
}

fn has_few_answers(measure: &CardMeasure) -> bool {
    measure.domain == Domain::Perception && (1..LEAST_ANSWERS).contains(&measure.facts_d)
}

/// Whether a month holds the answers of one to four patients. A patient may give several answers, so counts of answers hide no less.
fn has_months_of_few_answers(measure: &CardMeasure) -> bool {
    let few = |d: &i64| (1..LEAST_ANSWERS).contains(d);
    measure.domain == Domain::Perception && measure.months_d.iter().any(few)
}

fn blinded(content: &Content) -> BlindedCard {
    BlindedCard {
        role: content.subject.role.clone(),
        locality: content.subject.locality.clone(),
        month: content.period.month.to_string(),
        work: content.exposure.iter().max_by_key(|exposure| exposure.window).map(work),
        measures: measures(&content.measures),
    }
}

fn work(exposure: &Exposure) -> DisclosedWork {
    DisclosedWork {
        encounters: Count::of(exposure.encounters),
        items: Count::of(exposure.items),
        responses: Count::of(exposure.responses),
    }
}

fn measures(measures: &[CardMeasure]) -> Vec<DisclosedMeasure> {
    let shown: Vec<&CardMeasure> = measures.iter().filter(|measure| !measure.trial).collect();
    let hidden_with: Vec<usize> = (0..shown.len()).filter_map(|at| hidden_with(&shown, at)).collect();
    let of = |(at, measure): (usize, &&CardMeasure)| {
        let n = if hidden_with.contains(&at) { Count::Hidden } else { Count::of(measure.facts_n) };
        DisclosedMeasure { id: measure.id.to_string(), version: measure.version, headline: disclosed(measure, n) }
    };
    shown.iter().enumerate().map(of).collect()
}

/// The part to hide together with a hidden one: the smallest other shown part of the same whole. Parts of one whole have the same
/// denominator. Another measure with the same denominator by accident loses a figure, which reveals nothing.
fn hidden_with(shown: &[&CardMeasure], at: usize) -> Option<usize> {
    let own = shown[at];
    let part = |other: &usize| shown[*other].window == own.window && shown[*other].facts_d == own.facts_d;
    let count = |other: &usize| Count::of(shown[*other].facts_n);
    let parts = || (0..shown.len()).filter(|other| *other != at).filter(part);
    let alone = count(&at) == Count::Hidden && parts().all(|other| count(&other) != Count::Hidden);
    let others = parts().filter(|other| count(other) != Count::Rounded(0));
    others.filter(|_| alone).min_by_key(|other| shown[*other].facts_n)
}

fn disclosed(measure: &CardMeasure, n: Count) -> DisclosedWindow {
    let d = Count::of(measure.facts_d);
    let counts_facts = |unit: &str| unit == "count";
    let counted = counts_facts(&measure.n_unit) && counts_facts(&measure.d_unit);
    DisclosedWindow {
        window: measure.window,
        n,
        d,
        value: measure.value.filter(|_| counted).and_then(|value| recomputed(value, measure, n, d)),
        peers_p50: measure.comparator.as_ref().and_then(|comparator| comparator.median),
    }
}

/// The value from the rounded counts, on the scale of the exact one.
fn recomputed(exact: f64, window: &CardMeasure, n: Count, d: Count) -> Option<f64> {
    let (n, d) = (n.shown()?, d.shown().filter(|d| *d > 0)?);
    if n == 0 {
        return Some(0.0);
    }
    // The measure's scale is not on the card; it is the exact value over the exact ratio.
    let scale = exact * window.d as f64 / window.n as f64;
    published(round_off(scale) * n as f64 / d as f64)
}

/// The scale as in the measure file. Six digits remove the rounding of the exact value, which could reveal the value.
fn round_off(scale: f64) -> f64 {
    format!("{scale:.5e}").parse().expect("a formatted real parses")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card::scorecard::{Cause, Comparator, Comparisons, Period, Quality, Reasons, Status, Subject};
    use crate::measure::measure_set::Direction;
    use crate::scoring::sample::card_measure;
    use crate::time::calendar::Timestamp;

    fn measure(id: &str, domain: Domain, n: i64, d: i64) -> CardMeasure {
        CardMeasure {
            value: (d > 0).then(|| published(100.0 * n as f64 / d as f64)).flatten(),
            sentence: format!("{n} of {d}."),
            ..card_measure(id, domain, Direction::Low, n, d)
        }
    }

    fn card(n: i64, d: i64) -> Scorecard {
        card_of(vec![measure("dna_rate", Domain::Resource, n, d)], n, d)
    }

    fn card_of(measures: Vec<CardMeasure>, n: i64, d: i64) -> Scorecard {
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
                start: Timestamp(0),
                end: Timestamp(1),
            },
            status: Status::Final,
            exposure: vec![Exposure { window: 12, encounters: d, minutes: 10 * d, items: n, responses: 3 }],
            measures,
            comparisons: Comparisons::default(),
            one_thing: None,
            check: vec!["dna_rate".to_owned()],
            keep: Vec::new(),
            changed: Vec::new(),
            domains: Vec::new(),
            composite: None,
            giants: None,
            coverage: Vec::new(),
            unknown: Vec::new(),
        };
        Scorecard {
            schema: 1,
            scorecard_id: String::new(),
            revision: 1,
            supersedes: None,
            reasons: Reasons::one(Cause::First, 0),
            cut: Timestamp(0),
            run_id: String::new(),
            engine_version: String::new(),
            measure_set: String::new(),
            content_hash: String::new(),
            content,
            quality: Quality::default(),
        }
    }

    fn seen(n: i64, d: i64) -> BlindedCard {
        seen_of(&card(n, d))
    }

    fn seen_of(card: &Scorecard) -> BlindedCard {
        match disclose(card, Audience::Analyst) {
            CardView::Blinded(blinded) => blinded,
            other => panic!("an analyst sees figures of a practice's card, not {other:?}"),
        }
    }

    #[test]
    fn counts_from_one_to_seven_are_hidden_and_others_rounded_to_five_with_zero_unchanged() {
        let shown = [0, 1, 7, 8, 12, 13, 17, 18, 102, 103].map(|count| Count::of(count).to_string());
        assert_eq!(shown, ["0", "*", "*", "10", "10", "15", "15", "20", "100", "105"]);
    }

    #[test]
    fn the_clinician_and_the_lead_see_the_card_itself() {
        let card = card(3, 40);
        for audience in [Audience::Own, Audience::ClinicalLead] {
            assert_eq!(disclose(&card, audience), CardView::Whole(&card));
        }
    }

    #[test]
    fn other_audiences_see_no_name_no_practice_and_shares_of_rounded_counts() {
        let blinded = seen(21, 98);
        let text = format!("{blinded:?}");
        for name in ["7012345", "A81001", "U12345", "of 98"] {
            assert!(!text.contains(name), "{text}");
        }
        // 20 of 100, not 21 of 98.
        assert_eq!(blinded.measures[0].headline.value, Some(20.0));
        assert_eq!(seen(3, 40).measures[0].headline.value, None);
        assert_eq!(seen(0, 40).measures[0].headline.value, Some(0.0));
        assert_eq!(blinded.work.map(|work| work.responses), Some(Count::Hidden));
    }

    #[test]
    fn nobody_sees_the_answers_of_fewer_than_five_patients() {
        let months = |mut measure: CardMeasure, months: &[i64]| {
            measure.months_d = months.to_vec();
            measure.months_n.clone_from(&measure.months_d);
            measure
        };
        let card = card_of(
            vec![
                months(measure("fft_few", Domain::Perception, 4, 4), &[4]),
                months(measure("fft_months", Domain::Perception, 4, 9), &[5, 4]),
                months(measure("fft_whole", Domain::Perception, 4, 15), &[5, 10, 0]),
                months(measure("dna_rate", Domain::Resource, 3, 4), &[1, 3]),
            ],
            5,
            40,
        );
        for audience in [Audience::Own, Audience::ClinicalLead] {
            let CardView::Curtailed(seen) = disclose(&card, audience) else { panic!("these see the card") };
            let shown: Vec<(&str, usize)> = seen.content.measures.iter().map(|m| (&*m.id, m.months_d.len())).collect();
            assert_eq!(shown, [("fft_months", 0), ("fft_whole", 3), ("dna_rate", 2)]);
        }
    }

    #[test]
    fn a_measure_on_trial_is_for_the_clinicians_own_eyes() {
        let trial = CardMeasure { trial: true, ..measure("dna_rate", Domain::Resource, 20, 100) };
        let card = card_of(vec![trial, measure("other", Domain::Resource, 10, 100)], 20, 100);
        assert_eq!(disclose(&card, Audience::Own), CardView::Whole(&card));
        let CardView::Curtailed(seen) = disclose(&card, Audience::ClinicalLead) else { panic!("the lead sees the rest") };
        assert_eq!((seen.content.measures.len(), seen.content.check.len()), (1, 0));
        assert_eq!(seen_of(&card).measures.len(), 1);
    }

    #[test]
    fn a_roll_up_is_not_shown_because_it_is_the_sum_of_shown_cards() {
        // 1 at one practice, 8 and 8 at two others: shown as *, 10 and 10. A roll-up of 17, shown as 15, would reveal the hidden 1: 10 means
        // at least 8, and 15 means at most 17.
        let mut roll_up = card(17, 400);
        roll_up.content.subject.practice = String::new();
        for audience in [Audience::LocalityLead, Audience::Analyst] {
            assert_eq!(disclose(&roll_up, audience), CardView::Withheld);
        }
        assert!(matches!(disclose(&roll_up, Audience::Own), CardView::Whole(_)));
    }

    #[test]
    fn months_that_add_up_to_a_window_are_not_shown() {
        let seen = seen(120, 1_200);
        assert_eq!(seen.measures.iter().map(|measure| measure.headline.window).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn a_hidden_part_of_a_whole_hides_the_smallest_other_part() {
        let parts = |counts: &[i64]| {
            let part = |(at, n): (usize, &i64)| measure(&format!("part_{at}"), Domain::Clinical, *n, 40);
            let seen = seen_of(&card_of(counts.iter().enumerate().map(part).collect(), 40, 40));
            seen.measures.iter().map(|measure| measure.headline.n.to_string()).collect::<Vec<_>>()
        };
        // 40 minus 10 and 25 leaves at most 9 for the first; without the 10 it can be any hidden count.
        assert_eq!(parts(&[4, 10, 25]), ["*", "*", "25"]);
        assert_eq!(parts(&[4, 5, 25]), ["*", "*", "25"], "two that are hidden hide each other");
        assert_eq!(parts(&[8, 10, 22]), ["10", "10", "20"]);
        assert_eq!(parts(&[4, 0, 0]), ["*", "0", "0"], "there is nothing to hide it with");
        let alone = vec![measure("a", Domain::Clinical, 4, 40), measure("b", Domain::Clinical, 20, 90)];
        let seen = seen_of(&card_of(alone, 40, 40));
        assert_eq!(seen.measures[1].headline.n, Count::Rounded(20), "of another whole");
    }

    #[test]
    fn the_groups_median_is_that_of_the_card() {
        let mut card = card(20, 100);
        assert_eq!(seen_of(&card).measures[0].headline.peers_p50, None);
        card.content.measures[0].comparator = Some(Comparator {
            snapshot_id: crate::card::snapshot_id::SnapshotId::default(),
            reference: None,
            typical: None,
            median: Some(2.1),
            p25: None,
            p75: None,
        });
        assert_eq!(seen_of(&card).measures[0].headline.peers_p50, Some(2.1));
    }

    proptest! {
        #[test]
        fn equal_rounded_counts_give_equal_views_so_no_small_difference_is_revealed(
            n in 8i64..500, d in 500i64..2_000, more in 0i64..5, others in 0i64..5,
        ) {
            let same = |a: i64, b: i64| Count::of(a) == Count::of(b);
            if same(n, n + more) && same(d, d + others) {
                prop_assert_eq!(seen(n, d), seen(n + more, d + others));
            } else {
                // Differences are multiples of five.
                for (a, b) in [(n, n + more), (d, d + others)] {
                    let (a, b) = (Count::of(a).shown().expect("large"), Count::of(b).shown().expect("large"));
                    prop_assert_eq!((b - a) % ROUNDED_TO, 0);
                }
            }
        }

        #[test]
        fn the_difference_of_two_totals_is_the_figure_on_the_extra_card(
            counts in proptest::collection::vec(0i64..60, 6..30), one in 0usize..6,
        ) {
            let all: Vec<Count> = counts.iter().map(|count| Count::of(*count)).collect();
            let but_one = all.iter().enumerate().filter(|(at, _)| *at != one).map(|(_, count)| *count);
            if let (Some(all_together), Some(others)) = (total(all.clone()), total(but_one)) {
                prop_assert_eq!(all_together - others, all[one].shown().unwrap_or(0));
            }
            prop_assert_eq!(total(all[..4].iter().copied()), None);
        }

        #[test]
        fn one_more_event_changes_nothing_or_one_whole_step(n in 0i64..500) {
            match (Count::of(n), Count::of(n + 1)) {
                (Count::Rounded(before), Count::Rounded(after)) => prop_assert!([0, ROUNDED_TO].contains(&(after - before))),
                // From hidden to shown, or from 0 to hidden: neither side reveals a number.
                (before, after) => prop_assert!([before, after].contains(&Count::Hidden)),
            }
            let (before, mut after) = (card(n, 600), card(n, 600));
            after.revision = 2;
            after.reasons = Reasons::one(Cause::Late, 1);
            prop_assert_eq!(seen_of(&before), seen_of(&after));
        }

        #[test]
        fn shown_counts_are_never_from_one_to_seven(count in 0i64..10_000) {
            if let Some(shown) = Count::of(count).shown() {
                prop_assert!(shown == 0 || shown >= 10);
                prop_assert!((shown - count).abs() <= 2);
            } else {
                prop_assert!((1..=7).contains(&count));
            }
        }
    }
}
