//! The comparison of published cards with those of the brute-force oracle, field by field.

use std::collections::{BTreeMap, BTreeSet};

use scorecard::card::scorecard::{CardMeasure, Comparator, MonthGaps, Scorecard};
use scorecard::event::Event;
use scorecard::time::calendar::Timestamp;
use sim::oracle::answer::{Cut, CutOutcome, CutQuestion, FeedLog, MeasureAnswer, OracleAnswer, OracleCard, answer};

use sim::oracle::sendings::{KINDS, MissingData};

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
    /// Adds an event as it was sent, with the signs that intake writes for its patient.
    pub fn log(&mut self, feed: &str, json: &str, decoded: &Event<'_>) {
        let pseudonym = decoded.patient.map_or(0, |patient| patient.0[0]);
        self.logged.entry(feed.to_owned()).or_default().push(json.to_owned());
        self.signs.entry(feed.to_owned()).or_default().push(decoded.signs.unwrap_or(pseudonym) & 0xf);
    }

    /// Adds a cut after all events so far.
    pub fn cut(&mut self, at: Timestamp) {
        self.cuts.push(at);
        self.before.push(self.logged.iter().map(|(feed, events)| (feed.clone(), events.len())).collect());
    }
}

/// The answer of the oracle to this traffic, with this registry (NDJSON) and the repository's measures.
///
/// # Panics
/// When the oracle cannot read the traffic, the registry or the repository's measures.
#[must_use]
pub fn ask(registry: &str, sent: &SentTraffic) -> OracleAnswer {
    ask_about(&measure_files(), registry, sent)
}

/// The answer of the oracle to this traffic, with these measure files and this registry (NDJSON).
///
/// # Panics
/// When the oracle cannot read the traffic, the registry or the measures.
#[must_use]
pub fn ask_about(measures: &[(String, String)], registry: &str, sent: &SentTraffic) -> OracleAnswer {
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
    let question = CutQuestion { feeds: &feeds, registry, measures, first: sent.first.0, cuts: &cuts };
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

fn compare_measure(got: &CardMeasure, want: &MeasureAnswer, roll_up: bool, at: &str) {
    assert_eq!((i32::from(got.window), usize::from(got.held)), (want.window, want.held), "{at}: months of the window");
    let sums = [got.n, got.d, got.facts_n, got.facts_d, got.pca, got.unknown].map(i128::from);
    let wanted = [want.n, want.d, want.facts_n, want.facts_d, want.pca, want.unknown];
    assert_eq!(sums, wanted, "{at}: n, d, facts in n, facts in d, pca, unknown");
    let months: Vec<(i128, i128)> =
        got.months_n.iter().zip(&got.months_d).map(|(n, d)| (i128::from(*n), i128::from(*d))).collect();
    assert_eq!(months, want.months, "{at}: months");
    assert_eq!(got.suppressed.as_deref(), want.suppressed, "{at}: suppression");
    close(got.value, want.value, &format!("{at}: value"));
    assert_eq!(got.comparator.is_some(), want.peers.is_some(), "{at}: colleagues");
    compare_mix(got, want, roll_up, at);
    // Roll-ups are ranked and valued by their expectation, which this oracle does not know.
    if roll_up {
        return;
    }
    close(got.saving.map(|s| s.p50_pence), want.saving.map(|s| s[0]), &format!("{at}: saving at the median"));
    close(got.saving.map(|s| s.p10_pence), want.saving.map(|s| s[1]), &format!("{at}: saving at the best decile"));
    if let (Some(shown), Some(peers)) = (&got.comparator, &want.peers) {
        let digits = if peers.size < 100 { 2 } else { 3 };
        let [p25, median, p75] = peers.quartiles.map(|value| rounded(value, digits));
        let quartiles = peers.size >= 20;
        let Comparator { median: shown_median, p25: shown_p25, p75: shown_p75, .. } = shown;
        assert_near_rounded(*shown_median, Some(median), digits, &format!("{at}: median"));
        assert_near_rounded(*shown_p25, quartiles.then_some(p25), digits, &format!("{at}: lower quartile"));
        assert_near_rounded(*shown_p75, quartiles.then_some(p75), digits, &format!("{at}: upper quartile"));
        if let Some(place) = got.place {
            assert!((place - peers.percentile).abs() <= 1e-3 * peers.percentile.max(1.0), "{at}: place {place}");
        }
    }
}

/// The adjustment for age and sex. Roll-ups are adjusted for their practices, too, at rates that this oracle does not know.
fn compare_mix(got: &CardMeasure, want: &MeasureAnswer, roll_up: bool, at: &str) {
    let unknown = got.case_mix.as_ref().and_then(|mix| mix.unknown).map(i128::from);
    assert_eq!(unknown, want.mix.as_ref().map(|mix| mix.unknown), "{at}: denominator of unknown age or sex");
    let (Some(got), Some(want)) = (&got.case_mix, &want.mix) else { return };
    let is_adjusted = got.is_adjusted_for_patients();
    if roll_up {
        assert!(!is_adjusted || want.adjusted.is_some(), "{at}: {got:?}, not {want:?}");
        return;
    }
    assert_eq!(is_adjusted, want.adjusted.is_some(), "{at}: {got:?}, not {want:?}");
    // The weights depend on the size of an event, which amounts have in digits of their own.
    for (got, want) in [(got.expected, 0), (got.standardised, 1)].map(|(got, place)| (got, want.adjusted.map(|of| of[place]))) {
        assert_eq!(got.is_some(), want.is_some(), "{at}: an expectation");
        let Some((got, want)) = got.zip(want) else { continue };
        assert!((got - want).abs() <= 1e-4 * want.abs().max(1e-3), "{at}: adjusted {got}, not {want}");
    }
}

fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().expect("a formatted real parses")
}

/// Equal, or one step of the last digit apart: the oracle's last bits may round the other way.
fn assert_near_rounded(got: Option<f64>, want: Option<f64>, digits: usize, what: &str) {
    match (got, want) {
        (None, None) => {}
        (Some(got), Some(want)) => {
            let step = 10f64.powi(1 - i32::try_from(digits).expect("two or three")) * want.abs().max(1e-12);
            assert!((got - want).abs() <= 1.1 * step, "{what}: {got}, not {want}");
        }
        _ => panic!("{what}: {got:?}, not {want:?}"),
    }
}

/// The published revisions of one roll-up, and the revisions that the oracle knows.
#[derive(Debug, Default)]
struct RollUpHistory<'a> {
    revision: u32,
    status: String,
    content_hash: String,
    /// Events of each counted cause in all published revisions, and in those of the oracle.
    published: BTreeMap<String, i64>,
    known: BTreeMap<String, i64>,
    last_known: Option<&'a OracleCard>,
}

impl<'a> RollUpHistory<'a> {
    /// A roll-up that this oracle expects in this cut, or one whose expectation alone changed.
    fn add(&mut self, got: &Scorecard, want: Option<&'a OracleCard>) {
        let at = format!("{} {} at {}", got.key(), got.revision, got.cut);
        assert_eq!(got.revision, self.revision + 1, "{at}: revisions have no gap");
        assert_ne!(got.content_hash, self.content_hash, "{at}: a revision has another content");
        let status = word(&got.content.status);
        let counted = |cause: &str, events: i64, sums: &mut BTreeMap<String, i64>| {
            if events > 0 {
                *sums.entry(cause.to_owned()).or_default() += events;
            }
        };
        // A first revision counts every event of its month.
        got.reasons.iter().for_each(|reason| counted(&word(&reason.cause), reason.events, &mut self.published));
        let expected = match want {
            Some(want) => {
                want.reasons.iter().for_each(|(cause, events)| counted(cause, *events, &mut self.known));
                assert_eq!(self.published, self.known, "{at}: events of the reasons, all revisions so far");
                let words: Vec<String> = got.reasons.iter().map(|reason| word(&reason.cause)).collect();
                let mut whole = want.reasons.iter().filter(|(_, events)| *events == 0);
                assert!(
                    whole.all(|(cause, _)| words.iter().any(|word| word == cause)),
                    "{at}: {words:?}, not {:?}",
                    want.reasons
                );
                self.last_known = Some(want);
                want.status.to_owned()
            }
            None if self.status == "final" => "restated".to_owned(),
            None => self.status.clone(),
        };
        assert_eq!(status, expected, "{at}: status");
        (self.revision, self.status) = (got.revision, status);
        self.content_hash.clone_from(&got.content_hash);
    }
}

fn compare_card(got: &Scorecard, want: &OracleCard) {
    let subject = &got.content.subject;
    let at = format!("{} {} at {}", got.key(), want.revision, got.cut);
    let reasons: Vec<(String, i64)> = got.reasons.iter().map(|r| (word(&r.cause), r.events)).collect();
    let expected: Vec<(String, i64)> = want.reasons.iter().map(|(cause, events)| ((*cause).to_owned(), *events)).collect();
    assert_eq!((&subject.clinician, &subject.practice), (&want.clinician, &want.practice));
    // [`RollUpHistory`] compares these of roll-ups.
    if !subject.practice.is_empty() {
        let status = word(&got.content.status);
        assert_eq!((got.revision, status, reasons), (want.revision, want.status.to_owned(), expected), "{at}");
    }
    if want.status == "withdrawn" {
        assert!(got.content.measures.is_empty(), "{at}: a withdrawn card is empty");
        return;
    }
    assert_eq!((&subject.role, subject.locum), (&want.content.role, want.content.locum), "{at}");
    for (got, want) in got.content.exposure.iter().zip(&want.content.exposure) {
        let work = [got.encounters, got.minutes, got.items, got.responses].map(i128::from);
        assert_eq!(work, [want.encounters, want.minutes, want.items, want.responses], "{at}");
    }
    let unknown: Vec<(&str, i128, i128)> =
        got.content.unknown.iter().map(|one| (one.kind.as_str(), one.unknown.into(), one.of.into())).collect();
    assert_eq!(unknown, want.content.unknown, "{at}: unknown values");
    assert_eq!(missing_data(got), want.content.missing, "{at}: missing data");
    let ids: Vec<String> = got.content.measures.iter().map(|one| one.id.to_string()).collect();
    assert_eq!(ids, want.content.measures.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), "{at}: measures");
    for (got, want) in got.content.measures.iter().zip(&want.content.measures) {
        compare_measure(got, want, subject.practice.is_empty(), &format!("{at}, {}", want.id));
    }
}

/// The missing data that a card shows, in the words of the oracle.
fn missing_data(card: &Scorecard) -> BTreeMap<sim::calendar::Month, MissingData> {
    let word = |word: &str| KINDS.into_iter().chain(["all"]).find(|kind| *kind == word).expect("a known kind");
    let of = |gaps: &MonthGaps| {
        let days = gaps.gaps.iter().map(|gap| (word(&gap.kind), gap.days)).collect();
        let month = gaps.month.to_string().parse().expect("a month");
        (month, MissingData { gaps: days, not_sent: gaps.not_sent.iter().map(|kind| word(kind)).collect() })
    };
    card.content.coverage.iter().map(of).collect()
}

/// Compares all revisions, cut by cut. Returns their number by status.
///
/// Roll-ups are valued by their expectation, which this oracle does not know. A revision of a roll-up may change the expectation alone:
/// then everything else must be that of the oracle's last revision, and a practice of the person must have a revision in the same cut.
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
    let mut roll_ups: BTreeMap<(String, String), RollUpHistory<'_>> = BTreeMap::new();
    for cut in &answer.cuts {
        let mut got = published.remove(&Timestamp(cut.at)).unwrap_or_default();
        let key = |card: &Scorecard| {
            let subject = &card.content.subject;
            (card.content.period.month.to_string(), subject.clinician.clone(), subject.practice.clone())
        };
        got.sort_by_key(key);
        let mut want: Vec<&OracleCard> = cut.cards.iter().collect();
        want.sort_by_key(|card| (card.month.to_string(), card.clinician.clone(), card.practice.clone()));
        let roll_up = |month: &str, clinician: &str| (month.to_owned(), clinician.to_owned());
        let of_cut = want.iter().filter(|card| card.practice.is_empty());
        let of_cut: BTreeMap<_, _> = of_cut.map(|card| (roll_up(&card.month.to_string(), &card.clinician), *card)).collect();
        let parts: BTreeSet<_> = got.iter().map(key).filter(|of| !of.2.is_empty()).map(|of| roll_up(&of.0, &of.1)).collect();
        got.retain(|card| {
            let (month, clinician, practice) = key(card);
            let at = roll_up(&month, &clinician);
            if !practice.is_empty() {
                return true;
            }
            let (want, history) = (of_cut.get(&at).copied(), roll_ups.entry(at.clone()).or_default());
            history.add(card, want);
            if want.is_some() {
                return true;
            }
            let last = history.last_known.expect("a roll-up that the oracle does not know");
            compare_card(card, last);
            assert!(parts.contains(&at), "{} at {}: no practice has a revision", card.key(), card.cut);
            false
        });
        let name = |month: String, clinician: &str, practice: &str, revision: u32| match practice {
            "" => format!("{month} {clinician}"),
            practice => format!("{month} {clinician} {practice} {revision}"),
        };
        let names = |cards: &[&OracleCard]| -> Vec<String> {
            cards.iter().map(|c| name(c.month.to_string(), &c.clinician, &c.practice, c.revision)).collect()
        };
        let published: Vec<String> = got
            .iter()
            .map(|c| {
                let (month, clinician, practice) = key(c);
                name(month, &clinician, &practice, c.revision)
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
