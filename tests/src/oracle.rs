//! The comparison of published cards with those of the brute-force oracle, field by field.

use std::collections::BTreeMap;

use scorecard::card::scorecard::{Scorecard, WindowValue};
use scorecard::time::calendar::Timestamp;
use sim::oracle::answer::{Cut, CutOutcome, CutQuestion, FeedLog, OracleAnswer, OracleCard, WindowAnswer, answer};

use crate::world::measure_files;

/// The logged events, and their number before each cut.
#[derive(Clone, Debug, Default)]
pub struct SentTraffic {
    /// The deployment's first publication instant.
    pub first: Timestamp,
    /// The cuts in order; all are published.
    pub cuts: Vec<Timestamp>,
    /// Events of each feed as JSON, in order of the log.
    pub logged: BTreeMap<String, Vec<String>>,
    /// Four signs of the patient of each event, one a bit.
    pub signs: BTreeMap<String, Vec<u8>>,
    /// Number of events of each feed before each cut.
    pub before: Vec<BTreeMap<String, usize>>,
}

impl SentTraffic {
    /// Adds a cut after all events so far.
    pub fn cut(&mut self, at: Timestamp) {
        self.cuts.push(at);
        self.before.push(self.logged.iter().map(|(feed, events)| (feed.clone(), events.len())).collect());
    }
}

/// The answer of the oracle to this traffic, with this registry (NDJSON).
///
/// # Panics
/// When the oracle cannot read the traffic, the registry or the repository's measures.
#[must_use]
pub fn ask(registry: &str, sent: &SentTraffic) -> OracleAnswer {
    let names: Vec<&String> = sent.logged.keys().collect();
    let of = |(feed, events): (&String, &Vec<String>)| {
        let signs = sent.signs.get(feed).cloned().unwrap_or_default();
        FeedLog { feed: feed.clone(), practice: None, events: events.clone(), signs }
    };
    let feeds: Vec<FeedLog> = sent.logged.iter().map(of).collect();
    let before = |counts: &BTreeMap<String, usize>| names.iter().map(|n| counts.get(*n).copied().unwrap_or(0)).collect();
    let cuts: Vec<Cut> = sent
        .cuts
        .iter()
        .zip(&sent.before)
        .map(|(at, counts)| Cut { at: at.0, before: before(counts), outcome: CutOutcome::Published })
        .collect();
    let question = CutQuestion { feeds: &feeds, registry, measures: &measure_files(), first: sent.first.0, cuts: &cuts };
    answer(&question).expect("traffic, registry and measures that the oracle can read")
}

/// The word of a field with an enumerated value.
fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("a word can be written");
    value.as_str().expect("a word is a text").to_owned()
}

fn close(got: Option<f64>, want: Option<f64>, what: &str) {
    match (got, want) {
        (None, None) => {}
        (Some(got), Some(want)) => assert!((got - want).abs() <= 1e-8 * want.abs().max(1e-3), "{what}: {got}, not {want}"),
        _ => panic!("{what}: {got:?}, not {want:?}"),
    }
}

fn compare_window(got: &WindowValue, want: &WindowAnswer, at: &str) {
    let sums = [got.n, got.d, got.facts_n, got.facts_d, got.pca].map(i128::from);
    assert_eq!(sums, [want.n, want.d, want.facts_n, want.facts_d, want.pca], "{at}: n, d, facts in n, facts in d, pca");
    assert_eq!(got.suppressed.as_deref(), want.suppressed, "{at}: suppression");
    close(got.value, want.value, &format!("{at}: value"));
    close(got.qof.map(|q| q.points), want.points, &format!("{at}: points"));
    close(got.saving.map(|s| s.p50_pence), want.saving.map(|s| s[0]), &format!("{at}: saving at the median"));
    close(got.saving.map(|s| s.p10_pence), want.saving.map(|s| s[1]), &format!("{at}: saving at the best decile"));
    compare_standing(got, want, at);
    let Some(peer) = &want.peer else {
        assert!(got.peer.is_none(), "{at}: {:?} where there are no peers", got.peer);
        return;
    };
    let shown = got.peer.as_ref().unwrap_or_else(|| panic!("{at}: no peers, not {peer:?}"));
    assert_eq!(
        (word(&shown.level), &*shown.group, shown.size as usize),
        (peer.level.to_owned(), peer.group.as_str(), peer.size),
        "{at}"
    );
    close(shown.percentile, Some(peer.percentile), &format!("{at}: percentile"));
    close(shown.mean, Some(peer.mean), &format!("{at}: mean"));
    for (got, want) in [shown.p10, shown.p50, shown.p90].into_iter().zip(peer.deciles) {
        close(got, Some(want), &format!("{at}: deciles"));
    }
}

/// Compares over-dispersion, reliability and trend, which the oracle computes on its own.
fn compare_standing(got: &WindowValue, want: &WindowAnswer, at: &str) {
    assert_eq!(got.funnel.is_some(), want.place.is_some(), "{at}: control limits");
    if let (Some(funnel), Some(place)) = (&got.funnel, &want.place) {
        close(funnel.phi, place.phi, &format!("{at}: phi"));
        close(funnel.tau2, place.tau2, &format!("{at}: tau squared"));
        close(funnel.z_raw, place.z, &format!("{at}: z"));
        close(funnel.z_adjusted, place.z_adjusted, &format!("{at}: adjusted z"));
        close(got.reliability, place.reliability, &format!("{at}: reliability"));
        close(got.shrunk, place.shrunk, &format!("{at}: shrunk value"));
        assert_eq!(got.grade.map(|grade| word(&grade)).as_deref(), Some(place.grade), "{at}: grade");
    }
    assert_eq!(got.trend.is_some(), want.moved.is_some(), "{at}: trend");
    if let (Some(trend), Some(moved)) = (got.trend, want.moved) {
        close(trend.difference, moved.difference, &format!("{at}: difference to the month before"));
        assert_eq!(trend.run_length, moved.run, "{at}: run");
        close(trend.cusum, moved.cusum, &format!("{at}: cumulative sum"));
    }
}

fn compare_card(got: &Scorecard, want: &OracleCard) {
    let subject = &got.content.subject;
    let at = format!("{} {} at {}", got.key(), want.revision, got.cut);
    let reasons: Vec<(String, i64)> = got.reasons.iter().map(|r| (word(&r.cause), r.events)).collect();
    let expected: Vec<(String, i64)> = want.reasons.iter().map(|(cause, events)| ((*cause).to_owned(), *events)).collect();
    assert_eq!((&subject.clinician, &subject.practice), (&want.clinician, &want.practice));
    assert_eq!((got.revision, word(&got.content.status), reasons), (want.revision, want.status.to_owned(), expected), "{at}");
    if want.status == "withdrawn" {
        assert!(got.content.measures.is_empty(), "{at}: a withdrawn card is empty");
        return;
    }
    assert_eq!((&subject.role, subject.locum), (&want.content.role, want.content.locum), "{at}");
    for (got, want) in got.content.exposure.iter().zip(&want.content.exposure) {
        let work = [got.encounters, got.minutes, got.items, got.responses].map(i128::from);
        assert_eq!(work, [want.encounters, want.minutes, want.items, want.responses], "{at}");
    }
    assert_eq!(got.content.measures.len(), want.content.measures.len());
    for (got, want) in got.content.measures.iter().zip(&want.content.measures) {
        assert_eq!(*got.id, want.id);
        for (got, want) in got.windows.iter().zip(&want.windows) {
            compare_window(got, want, &format!("{at}, {} months of a measure", want.window));
        }
    }
    let composite = |c: (Option<f64>, f64, f64)| [c.0, Some(c.1), Some(c.2)];
    let got_composite = got.content.composite.map(|c| composite((c.percent, c.points, c.available)));
    let want_composite = want.content.composite.map(|c| composite((c.percent, c.points, c.available)));
    for (got, want) in got_composite.into_iter().flatten().zip(want_composite.into_iter().flatten()) {
        close(got, want, &format!("{at}: composite"));
    }
    assert_eq!(got_composite.is_some(), want_composite.is_some(), "{at}: composite");
}

/// Compares all revisions, cut by cut. Returns their number by status.
///
/// # Panics
/// When a card differs, is missing or is not in the oracle's answer. The message names it with both values.
#[must_use]
pub fn compare(revisions: Vec<Scorecard>, answer: &OracleAnswer) -> BTreeMap<&'static str, usize> {
    let mut published: BTreeMap<Timestamp, Vec<Scorecard>> = BTreeMap::new();
    for card in revisions {
        published.entry(card.cut).or_default().push(card);
    }
    let mut seen = BTreeMap::new();
    for cut in &answer.cuts {
        let mut got = published.remove(&Timestamp(cut.at)).unwrap_or_default();
        let key = |card: &Scorecard| {
            let subject = &card.content.subject;
            (card.content.period.month.to_string(), subject.clinician.clone(), subject.practice.clone())
        };
        got.sort_by_key(key);
        let mut want: Vec<&OracleCard> = cut.cards.iter().collect();
        want.sort_by_key(|card| (card.month.to_string(), card.clinician.clone(), card.practice.clone()));
        let names = |cards: &[&OracleCard]| -> Vec<String> {
            cards.iter().map(|c| format!("{} {} {} {}", c.month, c.clinician, c.practice, c.revision)).collect()
        };
        let published: Vec<String> = got
            .iter()
            .map(|c| {
                let (month, clinician, practice) = key(c);
                format!("{month} {clinician} {practice} {}", c.revision)
            })
            .collect();
        let names = names(&want);
        let extra: Vec<_> = published.iter().filter(|n| !names.contains(n)).collect();
        let missing: Vec<_> = names.iter().filter(|n| !published.contains(n)).collect();
        assert!(extra.is_empty() && missing.is_empty(), "at {}: published {extra:?}, not {missing:?}", Timestamp(cut.at));
        for (got, want) in got.iter().zip(want) {
            compare_card(got, want);
            *seen.entry(want.status).or_default() += 1;
        }
    }
    assert!(published.is_empty(), "cards at cuts that the oracle does not know: {:?}", published.keys());
    seen
}
