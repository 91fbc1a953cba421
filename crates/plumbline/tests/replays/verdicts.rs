//! Four synthetic practices whose truth is known: `replay` says the right sentence about each clinician, word by word.
//!
//! The expected words follow from the counts of each generator. Nobody computed them with this program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::support::{Place, assert_accounted_for};
use serde_json::Value;

/// Writes native events of one feed.
struct EventWriter {
    text: String,
    events: u32,
    practice: &'static str,
}

impl Default for EventWriter {
    fn default() -> EventWriter {
        EventWriter { text: String::new(), events: 0, practice: "A81001" }
    }
}

impl EventWriter {
    /// An event of a clinician in a month, which is counted from January 2024.
    fn add(&mut self, kind: &str, clinician: usize, month: usize, content: &str) {
        self.events += 1;
        let (id, day, minute) = (self.events, 1 + self.events % 28, self.events % 60);
        let (year, month) = (2024 + month / 12, 1 + month % 12);
        let at = format!("{year}-{month:02}-{day:02}T10:{minute:02}:00Z");
        writeln!(
            self.text,
            r#"{{"id":"e{id}","type":"{kind}","occurred_at":"{at}","recorded_at":"{at}","clinician":{{"system":"gmc","value":"{}"}},"practice":"{}","patient":"p{id}","{kind}":{content}}}"#,
            7_000_000 + clinician,
            self.practice
        )
        .expect("memory takes all");
    }

    fn encounters(&mut self, clinician: usize, month: usize, count: usize, status: &str) {
        for _ in 0..count {
            self.add("encounter", clinician, month, &format!(r#"{{"mode":"telephone","status":"{status}","minutes":9}}"#));
        }
    }

    fn antibiotics(&mut self, clinician: usize, month: usize, count: usize) {
        for _ in 0..count {
            let content =
                r#"{"code":"0501013B0AAABAB","code_system":"bnf","quantity":21,"items":1,"cost_pence":143,"repeat":false}"#;
            self.add("prescription", clinician, month, content);
        }
    }

    fn referrals(&mut self, clinician: usize, month: usize, count: usize) {
        for _ in 0..count {
            self.add("order", clinician, month, r#"{"category":"referral"}"#);
        }
    }

    /// A questionnaire whose four answers are all the best ones or none of them.
    fn questionnaire(&mut self, clinician: usize, month: usize, best: bool) {
        let answer = if best { "yes_definitely" } else { "no" };
        let items = ["explained", "listened", "respected", "enough_time"].map(|question| format!(r#""{question}":"{answer}""#));
        self.add("feedback", clinician, month, &format!(r#"{{"items":{{{}}}}}"#, items.join(",")));
    }

    /// The newest cards of July 2026, by number of the clinician: those of one measure.
    fn cards_of(self, measure: &str) -> BTreeMap<usize, Value> {
        let place = Place::new();
        place.put("surgery/events.ndjson", self.text);
        let summary = place.replay("out", &["surgery"], &[]);
        assert_accounted_for(&summary);
        assert_eq!(summary.accepted, u64::from(self.events));
        let mut newest = BTreeMap::new();
        for card in place.lines("out/scorecards.ndjson") {
            if card["period"]["month"] == "2026-07" {
                let clinician = card["subject"]["clinician"].as_str().expect("an id").trim_start_matches("gmc|").parse::<usize>();
                newest.insert(clinician.expect("a number") - 7_000_000, card);
            }
        }
        let of = |card: &Value| card["measures"].as_array()?.iter().find(|one| one["id"] == measure).cloned();
        newest.iter().filter_map(|(clinician, card)| Some((*clinician, of(card)?))).collect()
    }
}

/// July 2026, counted from January 2024.
const LAST: usize = 30;

/// The twelve months up to July 2026.
const YEAR: std::ops::RangeInclusive<usize> = LAST - 11..=LAST;

/// Draws with a seed, each true with a probability in percent: a linear congruential generator with Knuth's constants for MMIX.
fn chances(seed: u64) -> impl FnMut(u64) -> bool {
    let mut state = seed;
    move |percent| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100 < percent
    }
}

#[test]
fn one_at_67_percent_among_199_at_10_is_asked_to_check_and_nobody_else() {
    let mut events = EventWriter::default();
    for month in YEAR {
        for clinician in 0..200 {
            // 13 and 14 of 20 in turn are 67.5 %.
            let missed = if clinician == 199 { 13 + month % 2 } else { 2 };
            events.encounters(clinician, month, missed, "noshow");
            events.encounters(clinician, month, 20 - missed, "attended");
        }
    }
    let cards = events.cards_of("dna_rate");
    assert_eq!(cards.len(), 200);
    assert_eq!(
        cards[&199]["sentence"],
        "68% in 12 months; a typical colleague 10%. Lower is better. Please check: more than chance and usual differences."
    );
    assert!(cards[&199]["z"].as_f64() > Some(6.0) && cards[&199].get("grade").is_none(), "{}", cards[&199]);
    for card in cards.values().take(199) {
        assert_eq!(card["sentence"], "10% in 12 months; a typical colleague 10%. Lower is better. In line with most colleagues.");
    }
}

#[test]
fn an_account_with_a_quarter_of_all_work_is_compared_with_the_others_and_not_with_itself() {
    let mut events = EventWriter::default();
    for month in YEAR {
        for clinician in 0..30 {
            // 3,000 encounters and 720 items against 300 and 24.
            let (encounters, items) = if clinician == 0 { (250, 60) } else { (25, 2) };
            events.encounters(clinician, month, encounters, "attended");
            events.antibiotics(clinician, month, items);
        }
    }
    // The root of 24 events is that of ((sqrt 24 + sqrt 25) / 2)^2 - 1/4 = 24.25 expected ones, and 24.25 of 300 are 80.8 per 1,000.
    let cards = events.cards_of("antibiotics_per_1000");
    assert_eq!(cards.len(), 30);
    assert_eq!(
        cards[&0]["sentence"],
        "240 per 1,000 in 12 months; a typical colleague 81. Lower is better. Please check: more than chance and usual differences."
    );
    for card in cards.values().skip(1) {
        assert_eq!(
            card["sentence"],
            "80 per 1,000 attended encounters in 12 months; a typical colleague 81. Lower is better. In line with most colleagues."
        );
    }
}

#[test]
fn four_answers_of_one_questionnaire_are_one_opinion() {
    let mut events = EventWriter::default();
    let mut happens = chances(20_261_130);
    for month in YEAR {
        for clinician in 0..100 {
            events.encounters(clinician, month, 2, "attended");
            // Nobody differs: each patient of each clinician gives the best answers with the probability 0.8.
            (0..5).for_each(|_| events.questionnaire(clinician, month, happens(80)));
        }
    }
    let cards = events.cards_of("communication_top_box");
    assert_eq!(cards.len(), 100);
    let of = |verdict: &str| cards.values().filter(|card| card["verdict"] == verdict).count();
    // By chance p is at most 0.0025 in half a card of a hundred, and twice in one network of ten.
    let different = of("please_check") + of("better_than_most");
    assert!(different <= 1, "{different} of 100 are called different");
    let phi = cards[&0]["phi"].as_f64().expect("a design effect");
    assert!((3.0..5.5).contains(&phi), "four answers of one mind vary four times as much: {phi}");
    let reliable = cards.values().filter(|card| card["reliability"].as_f64() >= Some(0.5)).count();
    assert_eq!(reliable, 0, "nobody differs, so no value tells of the clinician");
    let first = cards[&0]["sentence"].as_str().expect("a sentence");
    assert!(first.contains(" in 12 months; a typical colleague ") && first.contains("%. Higher is better"), "{first}");
}

#[test]
fn rare_events_do_not_drift_and_a_doubling_of_many_is_found() {
    let mut events = EventWriter::default();
    let mut happens = chances(7);
    for month in LAST - 23..=LAST {
        for clinician in 0..60 {
            events.encounters(clinician, month, 20, "attended");
            // Half an event a month, now as before.
            events.referrals(clinician, month, usize::from(happens(50)));
        }
        events.encounters(60, month, 100, "attended");
        // Twenty a month, and forty in the last nine months.
        events.referrals(60, month, if month > LAST - 9 { 40 } else { 20 });
    }
    let cards = events.cards_of("referral_rate");
    assert_eq!(cards.len(), 61);
    assert_eq!(
        cards[&60]["change"]["sentence"],
        "More than before: 400 per 1,000 attended encounters in the last 9 months; 200 in the 12 months up to a year ago."
    );
    for card in cards.values().take(60) {
        assert_eq!((&card["change"]["signal"], card["change"].get("sentence")), (&Value::Bool(false), None), "{card}");
    }
}

#[test]
fn a_roll_up_of_a_proportion_is_compared_with_its_expectation_at_both_practices() {
    let mut events = EventWriter::default();
    // Each month 8 of 40 miss the one practice and 16 the other. One person has half of both; another works more where most miss.
    for (practice, missed) in [("A81001", 8), ("B82002", 16)] {
        events.practice = practice;
        for month in YEAR {
            for clinician in 0..30 {
                let (missed, of) = match clinician {
                    0 => (missed / 2, 40),
                    1 if practice == "B82002" => (missed * 3, 120),
                    _ => (missed, 40),
                };
                events.encounters(clinician, month, missed, "noshow");
                events.encounters(clinician, month, of - missed, "attended");
            }
        }
    }
    let place = Place::new();
    place.put("surgery/events.ndjson", &events.text);
    let roles = (0..30).flat_map(|clinician| {
        ["A81001", "B82002"].map(|practice| {
            format!(r#"{{"type":"role","person":"gmc|{}","practice":"{practice}","role":"gp"}}"#, 7_000_000 + clinician)
        })
    });
    let persons = (0..30).map(|clinician| format!(r#"{{"type":"person","id":"gmc|{}"}}"#, 7_000_000 + clinician));
    let practices =
        ["A81001", "B82002"].map(|code| format!(r#"{{"type":"organisation","code":"{code}","kind":"practice","setting":"gp"}}"#));
    let entries: Vec<String> = persons.chain(practices).chain(roles).collect();
    let registry = place.put("registry.ndjson", entries.join("\n")).display().to_string();
    let summary = place.replay("out", &["surgery"], &["--registry", &registry]);
    assert_accounted_for(&summary);
    let mut roll_ups = BTreeMap::new();
    for card in place.lines("out/scorecards.ndjson") {
        let subject = &card["subject"];
        if card["period"]["month"] == "2026-07" && subject.get("practice").is_none_or(|practice| practice == "") {
            let measure = card["measures"].as_array().and_then(|all| all.iter().find(|one| one["id"] == "dna_rate")).cloned();
            roll_ups.insert(subject["clinician"].as_str().expect("an id").to_owned(), measure.expect("the measure"));
        }
    }
    assert_eq!(roll_ups.len(), 30);
    // At 20 % and 40 % of the same work everybody has 30 %, and the one who works more where most miss has 35 %.
    let value = |clinician: usize| roll_ups[&format!("gmc|{}", 7_000_000 + clinician)]["value"].as_f64();
    assert_eq!([value(0), value(1), value(2)], [Some(15.0), Some(35.0), Some(30.0)]);
    let verdict = |clinician: usize| &roll_ups[&format!("gmc|{}", 7_000_000 + clinician)]["verdict"];
    assert_eq!(verdict(0), "better_than_most");
    for clinician in 1..30 {
        assert_eq!(verdict(clinician), "in_line", "{}", roll_ups[&format!("gmc|{}", 7_000_000 + clinician)]);
    }
}

#[test]
fn cards_of_a_practice_out_of_scope_are_counted_as_compared_with_nobody() {
    let mut events = EventWriter::default();
    for clinician in 0..23 {
        // The last three work in a prison. Half of all patients miss there.
        events.practice = if clinician < 20 { "A81001" } else { "Y00001" };
        events.encounters(clinician, LAST, 20, "attended");
        events.encounters(clinician, LAST, if clinician < 20 { 1 + clinician % 3 } else { 20 }, "noshow");
    }
    let place = Place::new();
    place.put("surgery/events.ndjson", events.text);
    let prison = r#"{"type":"organisation","code":"Y00001","kind":"practice","setting":"prison"}"#;
    let registry = place.put("registry.ndjson", prison).display().to_string();
    let summary = place.replay("out", &["surgery"], &["--registry", &registry]);
    assert_eq!(summary.not_compared, BTreeMap::from([("unknown".to_owned(), 3)]));
    assert!(summary.report(&place.path("out")).contains("\ncompared with nobody in the newest month: unknown (3 cards). "));
}

#[test]
fn a_network_in_which_nobody_is_compared_is_said_with_its_role() {
    let mut events = EventWriter::default();
    for clinician in 0..20 {
        events.encounters(clinician, LAST, 20, "attended");
        events.encounters(clinician, LAST, 1 + clinician % 3, "noshow");
    }
    let place = Place::new();
    place.put("surgery/events.ndjson", events.text);
    // Code 4 is a GP practice, code 25 a prison.
    for (setting, alone) in [("4", BTreeMap::new()), ("25", BTreeMap::from([("unknown".to_owned(), 20)]))] {
        let practice = format!(r#"{{"type":"organisation","code":"A81001","kind":"practice","setting":"{setting}"}}"#);
        let registry = place.put("registry.ndjson", practice).display().to_string();
        let summary = place.replay("out", &["surgery"], &["--registry", &registry]);
        assert_eq!(summary.not_compared, alone, "{setting}");
        let report = summary.report(&place.path("out"));
        assert_eq!(report.contains("\ncompared with nobody in the newest month: unknown (20 cards). "), !alone.is_empty());
    }
}
