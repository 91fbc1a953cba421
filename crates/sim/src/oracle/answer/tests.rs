//! Short histories with answers computed by hand.

use super::*;
use crate::oracle::answer_card::saving_at;
use crate::oracle::colleagues::{Group, Member};

const DNA: &str = r#"
id = "dna_rate"
kind = "proportion"
scale = 100.0
direction = "low"
minimum = 2
unknown_status_limit_percent = 10
points = { available = 6.0, lower = 80.0, upper = 30.0 }
[numerator]
event = "attendance"
statuses = ["noshow"]
[denominator]
event = "attendance"
statuses = ["attended", "noshow"]
"#;
const FFT: &str = r#"
id = "fft_positive"
kind = "proportion"
scale = 100.0
direction = "high"
minimum = 1
window = 3
points = { available = 10.0, lower = 80.0, upper = 95.0 }
[numerator]
event = "feedback"
answers = ["very_good", "good"]
[denominator]
event = "feedback"
answers = ["very_good", "good", "neither", "poor", "very_poor", "dont_know"]
"#;
const BRAND: &str = r#"
id = "brand"
kind = "share"
scale = 100.0
direction = "low"
minimum = 1
saving = "ratio"
[numerator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0B"]
[denominator]
event = "prescription"
amount = "quantity"
codes = ["0703021Q0"]
"#;

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond()
}

/// A history of feeds `f1` (practice A1) and `f2` (practice A2) with events and cuts in order.
#[derive(Default)]
struct History {
    feeds: [Vec<String>; 2],
    cuts: Vec<Cut>,
    registry: String,
}

impl History {
    fn event(&mut self, feed: usize, id: &str, version: u32, rest: &str) -> &mut History {
        let json = format!(r#"{{"feed":"f{}","id":"{id}","version":{version},{rest}}}"#, feed + 1);
        self.feeds[feed].push(json);
        self
    }

    /// An encounter of clinician `gmc|{who}`.
    fn visit(&mut self, id: &str, version: u32, who: u32, day: &str, status: &str) -> &mut History {
        self.event(0, id, version, &visit(who, day, status))
    }

    fn retract(&mut self, id: &str, version: u32, kind: &str) -> &mut History {
        self.event(0, id, version, &format!(r#""type":"{kind}","action":"retract""#))
    }

    fn cut(&mut self, instant: &str) -> &mut History {
        self.cut_with(instant, CutOutcome::Published)
    }

    fn cut_with(&mut self, instant: &str, outcome: CutOutcome) -> &mut History {
        let before = self.feeds.iter().map(Vec::len).collect();
        self.cuts.push(Cut { at: at(instant), before, outcome });
        self
    }

    fn answer(&self) -> OracleAnswer {
        let feed = |n: usize| FeedLog {
            feed: format!("f{}", n + 1),
            practice: Some(format!("A{}", n + 1)),
            signs: Vec::new(),
            events: self.feeds[n].clone(),
        };
        let measures = [("dna_rate", DNA), ("fft_positive", FFT), ("brand", BRAND)];
        let question = CutQuestion {
            feeds: &[feed(0), feed(1)],
            registry: &self.registry,
            measures: &measures.map(|(name, text)| (name.to_owned(), text.to_owned())),
            first: at("2026-01-01T03:00:00Z"),
            cuts: &self.cuts,
        };
        answer(&question).expect("readable")
    }

    /// The revisions of each published cut, in short form.
    fn told(&self) -> Vec<Vec<String>> {
        self.answer().cuts.iter().map(|cut| cut.cards.iter().map(brief).collect()).collect()
    }
}

/// `clinician practice month #revision status cause+events...`
fn brief(card: &OracleCard) -> String {
    let reasons: Vec<String> = card.reasons.iter().map(|(cause, events)| format!(" {cause}+{events}")).collect();
    let who = card.clinician.trim_start_matches("gmc|");
    let practice = if card.practice.is_empty() { "*" } else { &card.practice };
    format!("{who} {practice} {} #{} {}{}", card.month, card.revision, card.status, reasons.concat())
}

fn visit(who: u32, day: &str, status: &str) -> String {
    format!(
        r#""type":"encounter","occurred_at":"{day}T10:00:00+01:00","clinician":{{"system":"gmc","value":"{who}"}},"encounter":{{"mode":"video","status":"{status}","minutes":9}}"#
    )
}

fn feedback(day: &str, answer: &str, link: &str) -> String {
    format!(
        r#""type":"feedback","occurred_at":"{day}T10:00:00+01:00","clinician":{{"system":"gmc","value":"1"}},"feedback":{{"answer":"{answer}","encounter":"{link}"}}"#
    )
}

fn drug(day: &str, code: &str, quantity: u32, pence: u32) -> String {
    format!(
        r#""type":"prescription","occurred_at":"{day}T10:00:00+01:00","clinician":{{"system":"gmc","value":"1"}},"prescription":{{"code":"{code}","code_system":"bnf","quantity":{quantity},"cost_pence":{pence}}}"#
    )
}

fn headline<'a>(card: &'a OracleCard, measure: &str) -> &'a MeasureAnswer {
    card.content.measures.iter().find(|m| m.id == measure).expect("a measure with a fact")
}

#[test]
fn a_month_is_provisional_then_final_then_restated_by_a_late_event() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").visit("b", 1, 1, "2026-06-11", "noshow");
    h.cut("2026-07-03T03:00:00Z").cut("2026-07-04T03:00:00Z").cut("2026-07-05T03:00:00Z").cut("2026-08-05T03:00:00Z");
    h.visit("c", 1, 1, "2026-06-12", "noshow").cut("2026-08-06T03:00:00Z").cut("2026-08-07T03:00:00Z");
    let expected: [&[&str]; 6] = [
        &[],
        &["1 A1 2026-06 #1 provisional first+2"],
        &[],
        &["1 A1 2026-06 #2 final final+0"],
        &["1 A1 2026-06 #3 restated late+1"],
        &[],
    ];
    assert_eq!(h.told(), expected);
    let answer = h.answer();
    let (first, last) = (&answer.cuts[1].cards[0], &answer.cuts[4].cards[0]);
    assert_eq!(headline(first, "dna_rate").value, Some(50.0));
    let dna = headline(last, "dna_rate");
    assert_eq!((dna.n, dna.d, dna.facts_d, dna.held), (2, 3, 3, 1));
    assert_eq!((dna.months.len(), dna.months[23], dna.months[22]), (24, (2, 3), (0, 0)));
    assert_eq!((last.content.exposure[0].encounters, last.content.exposure[0].minutes), (1, 9));
    assert!(last.content.measures.iter().all(|measure| measure.id != "fft_positive"), "no feedback in 24 months");
}

#[test]
fn an_amendment_moves_an_event_to_another_month_and_to_another_clinician() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").visit("b", 1, 1, "2026-06-11", "attended");
    h.visit("c", 1, 1, "2026-05-10", "attended").cut("2026-07-04T03:00:00Z");
    h.visit("a", 2, 1, "2026-05-20", "attended").cut("2026-07-05T03:00:00Z");
    h.visit("b", 2, 2, "2026-06-11", "attended").cut("2026-07-05T22:00:00Z");
    let expected: [&[&str]; 3] = [
        &["1 A1 2026-05 #1 provisional first+1", "1 A1 2026-06 #1 provisional first+2"],
        &["1 A1 2026-05 #2 provisional amended+1", "1 A1 2026-06 #2 provisional amended+1"],
        &["1 A1 2026-06 #3 withdrawn amended+1", "2 A1 2026-06 #1 provisional first+0"],
    ];
    assert_eq!(h.told(), expected);
}

#[test]
fn a_retraction_removes_an_event_for_good_even_when_it_arrives_first() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").retract("z", 2, "encounter").cut("2026-07-04T03:00:00Z");
    h.visit("z", 1, 1, "2026-06-10", "attended").retract("a", 2, "encounter").cut("2026-07-05T03:00:00Z");
    h.visit("a", 1, 1, "2026-06-10", "attended").cut("2026-07-06T03:00:00Z");
    h.visit("a", 3, 1, "2026-06-10", "attended").cut("2026-07-07T03:00:00Z");
    let expected: [&[&str]; 4] = [
        &["1 A1 2026-06 #1 provisional first+1"],
        &["1 A1 2026-06 #2 withdrawn retracted+1"],
        &[],
        &["1 A1 2026-06 #3 provisional late+1"],
    ];
    assert_eq!(h.told(), expected);
    let expected = OracleOutcomes { accepted: 4, duplicate: 0, stale: 2, conflict: 0, sealed: 0 };
    assert_eq!(h.answer().outcomes, expected);
}

#[test]
fn the_first_of_two_contents_of_one_version_counts() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").visit("a", 1, 1, "2026-06-10", "noshow");
    h.visit("a", 1, 1, "2026-06-10", "attended").cut("2026-07-04T03:00:00Z");
    let answer = h.answer();
    assert_eq!(answer.outcomes, OracleOutcomes { accepted: 1, duplicate: 1, stale: 0, conflict: 1, sealed: 0 });
    assert_eq!(answer.cuts[0].cards[0].content.exposure[0].encounters, 1);
}

#[test]
fn feedback_counts_on_the_day_of_its_recorded_encounter() {
    let mut h = History::default();
    h.event(0, "fb", 1, &feedback("2026-06-02", "good", "a")).cut("2026-07-04T03:00:00Z");
    h.visit("a", 1, 1, "2026-05-30", "attended").cut("2026-07-05T03:00:00Z");
    h.retract("a", 2, "encounter").cut("2026-07-05T22:00:00Z");
    let expected: [&[&str]; 3] = [
        &["1 A1 2026-06 #1 provisional first+1"],
        // The encounter is recorded, and the feedback moves to its day.
        &["1 A1 2026-05 #1 provisional first+1", "1 A1 2026-06 #2 withdrawn amended+1"],
        &["1 A1 2026-05 #2 withdrawn amended+1 retracted+1", "1 A1 2026-06 #3 provisional amended+1"],
    ];
    assert_eq!(h.told(), expected);
    let cards = h.answer().cuts.remove(1).cards;
    assert_eq!((headline(&cards[0], "fft_positive").n, headline(&cards[0], "fft_positive").d), (1, 1));
    assert_eq!(headline(&cards[0], "fft_positive").value, Some(100.0));
}

/// The operator states that clinician 1 works at these practices, so that a roll-up sums them.
fn works_at(h: &mut History, practices: &[&str]) {
    for practice in practices {
        h.registry += &format!("{{\"type\":\"role\",\"person\":\"gmc|1\",\"practice\":\"{practice}\",\"role\":\"gp\"}}\n");
    }
}

#[test]
fn an_event_without_a_practice_gets_its_encounters_practice_or_else_its_feeds() {
    let mut h = History::default();
    works_at(&mut h, &["A1", "B9"]);
    let elsewhere = visit(1, "2026-06-10", "attended").replace(r#""type""#, r#""practice":"B9","type""#);
    h.event(0, "a", 1, &elsewhere).event(0, "fb", 1, &feedback("2026-06-12", "good", "a"));
    h.event(0, "fc", 1, &feedback("2026-06-12", "good", "nobody")).cut("2026-07-04T03:00:00Z");
    let expected =
        ["1 * 2026-06 #1 provisional first+3", "1 A1 2026-06 #1 provisional first+1", "1 B9 2026-06 #1 provisional first+2"];
    assert_eq!(h.told(), [expected]);
}

#[test]
fn a_month_never_changes_after_13_months_and_an_event_that_leaves_it_counts_as_new() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").visit("b", 1, 1, "2026-06-10", "attended");
    h.cut("2026-07-04T03:00:00Z").cut("2027-07-31T03:00:00Z");
    // Still before the month's last cut.
    h.visit("c", 1, 1, "2026-06-11", "attended").cut("2027-08-01T03:00:00Z");
    h.visit("d", 1, 1, "2026-06-11", "attended").retract("a", 2, "encounter");
    h.visit("b", 2, 1, "2027-07-02", "attended").cut("2027-08-04T03:00:00Z");
    let expected: [&[&str]; 4] = [
        &["1 A1 2026-06 #1 provisional first+2"],
        &["1 A1 2026-06 #2 final final+0"],
        &["1 A1 2026-06 #3 restated late+1"],
        &["1 A1 2027-07 #1 provisional first+1"],
    ];
    assert_eq!(h.told(), expected);
    assert_eq!(h.answer().outcomes, OracleOutcomes { accepted: 4, duplicate: 0, stale: 0, conflict: 0, sealed: 2 });
}

#[test]
fn feedback_of_a_sealed_month_stays_when_its_encounter_leaves_it() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended").cut("2026-07-04T03:00:00Z");
    h.event(0, "fb", 1, &feedback("2026-06-12", "good", "a")).cut("2027-07-31T03:00:00Z").cut("2027-08-01T03:00:00Z");
    h.visit("a", 2, 1, "2027-07-30", "attended").cut("2027-08-04T03:00:00Z");
    assert_eq!(h.told().pop().expect("four cuts"), ["1 A1 2027-07 #1 provisional first+1"]);
}

#[test]
fn a_roll_up_begins_with_a_card_of_one_of_its_practices() {
    let mut h = History::default();
    works_at(&mut h, &["A1", "A2"]);
    h.visit("a", 1, 1, "2026-06-10", "attended").visit("b", 1, 1, "2026-06-10", "attended").cut("2026-07-04T03:00:00Z");
    // A second practice within the twelve months, but no change in June.
    h.event(1, "c", 1, &visit(1, "2026-02-10", "attended")).cut("2026-07-05T03:00:00Z");
    h.visit("d", 1, 1, "2026-06-11", "attended").cut("2026-07-05T05:00:00Z");
    let expected: [&[&str]; 3] = [
        &["1 A1 2026-06 #1 provisional first+2"],
        &["1 A2 2026-02 #1 final late+1"],
        &["1 * 2026-06 #1 provisional first+3", "1 A1 2026-06 #2 provisional late+1"],
    ];
    assert_eq!(h.told(), expected);
}

#[test]
fn a_skipped_cut_seals_and_publishes_nothing() {
    let mut h = History::default();
    h.visit("a", 1, 1, "2026-06-10", "attended")
        .cut_with("2026-07-04T03:00:00Z", CutOutcome::Skipped)
        .cut("2026-08-06T03:00:00Z");
    h.visit("b", 1, 1, "2026-06-11", "attended").cut_with("2027-08-01T03:00:00Z", CutOutcome::Skipped);
    h.visit("c", 1, 1, "2026-06-12", "attended").cut("2027-08-02T03:00:00Z").cut("2027-08-03T03:00:00Z");
    let expected: [&[&str]; 3] = [&["1 A1 2026-06 #1 final first+1"], &["1 A1 2026-06 #2 restated late+1"], &[]];
    assert_eq!(h.told(), expected);
    assert_eq!(h.answer().outcomes.sealed, 1);
}

#[test]
fn excluded_events_count_as_recorded_and_in_no_measure() {
    let mut h = History::default();
    let test = visit(1, "2026-06-10", "attended").replace(r#""type""#, r#""exclude":"test","type""#);
    h.event(0, "x", 1, &test).cut("2026-07-04T03:00:00Z");
    h.visit("a", 1, 1, "2026-06-10", "attended").cut("2026-07-05T03:00:00Z");
    // The exclusion changes the sums of the month and no field of the card.
    h.event(0, "y", 1, &test).cut("2026-07-06T03:00:00Z");
    let expected: [&[&str]; 3] = [&[], &["1 A1 2026-06 #1 provisional first+2"], &[]];
    assert_eq!(h.told(), expected);
}

#[test]
fn patient_adjustment_removes_a_failure_from_both_sides_and_keeps_a_success() {
    let mut h = History::default();
    let adjusted = |status| visit(1, "2026-06-10", status).replace(r#""type""#, r#""pca":["dna_rate"],"type""#);
    h.event(0, "a", 1, &adjusted("noshow")).event(0, "b", 1, &adjusted("attended"));
    h.visit("c", 1, 1, "2026-06-10", "noshow").cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    let dna = headline(&cards[0], "dna_rate");
    assert_eq!((dna.n, dna.d, dna.pca), (1, 2, 1));
}

#[test]
fn more_than_a_tenth_with_unknown_status_hides_the_measure() {
    let mut h = History::default();
    for n in 0..9 {
        h.visit(&format!("a{n}"), 1, 1, "2026-06-10", "attended");
    }
    h.visit("u", 1, 1, "2026-06-10", "unknown").cut("2026-07-04T03:00:00Z");
    h.visit("v", 1, 1, "2026-06-10", "unknown").cut("2026-07-05T03:00:00Z");
    let answer = h.answer();
    assert_eq!(headline(&answer.cuts[0].cards[0], "dna_rate").suppressed, None);
    let hidden = headline(&answer.cuts[1].cards[0], "dna_rate");
    assert_eq!((hidden.suppressed, hidden.value, hidden.d), (Some("unknown_above_limit"), None, 9));
}

#[test]
fn two_practices_within_twelve_months_make_a_roll_up() {
    let mut h = History::default();
    works_at(&mut h, &["A1", "A2"]);
    h.event(1, "a", 1, &visit(1, "2026-02-10", "noshow")).visit("b", 1, 1, "2026-06-10", "attended");
    h.visit("c", 1, 1, "2026-06-10", "attended").cut("2026-07-04T03:00:00Z");
    let expected = ["1 A2 2026-02 #1 final first+1", "1 * 2026-06 #1 provisional first+2", "1 A1 2026-06 #1 provisional first+2"];
    assert_eq!(h.told(), [expected]);
    let cards = h.answer().cuts.remove(0).cards;
    let (all, one) = (headline(&cards[1], "dna_rate"), headline(&cards[2], "dna_rate"));
    assert_eq!((all.n, all.d), (1, 3));
    assert_eq!((one.n, one.d), (0, 2));
}

/// Six clinicians at one practice: clinician k has k no-shows in 10 slots.
fn ten(h: &mut History) {
    for who in 1..=10 {
        h.registry += &format!("{{\"type\":\"role\",\"person\":\"gmc|{who}\",\"practice\":\"A1\",\"role\":\"gp\"}}\n");
        for slot in 0..20 {
            let status = if slot < who { "noshow" } else { "attended" };
            h.visit(&format!("{who}-{slot}"), 1, who, "2026-06-10", status);
        }
    }
}

#[test]
fn ten_of_one_role_are_a_network_and_percentiles_count_the_lower_ones() {
    let mut h = History::default();
    ten(&mut h);
    h.cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    // Cards come in order of the text of their clinician: 1, 10, 2, 3.
    let peers = headline(&cards[3], "dna_rate").peers.clone().expect("ten are enough");
    assert_eq!(peers.size, 10);
    assert!((peers.percentile - 100.0 * 2.0 / 9.0).abs() < 1e-9);
    // Values 5, 10 ... 50: h = 9 x 0.25 = 2.25, 4.5 and 6.75.
    for (found, expected) in peers.quartiles.iter().zip([16.25, 27.5, 38.75]) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn nine_units_are_no_network_and_another_role_is_no_colleague() {
    let mut h = History::default();
    ten(&mut h);
    h.registry += "{\"type\":\"role\",\"person\":\"gmc|6\",\"practice\":\"A1\",\"role\":\"nurse\"}\n";
    h.cut("2026-07-04T03:00:00Z");
    for card in &h.answer().cuts[0].cards {
        assert_eq!(headline(card, "dna_rate").peers, None);
    }
}

#[test]
fn colleagues_of_a_provisional_month_change_at_the_first_cut_of_a_week_if_ten_differ() {
    let mut h = History::default();
    ten(&mut h);
    let missed = |h: &mut History, clinicians: std::ops::RangeInclusive<u32>, slots: std::ops::Range<u32>| {
        for clinician in clinicians {
            for slot in slots.clone() {
                h.visit(&format!("extra-{clinician}-{slot}"), 1, clinician, "2026-06-10", "noshow");
            }
        }
    };
    h.cut("2026-07-04T03:00:00Z");
    missed(&mut h, 1..=9, 0..40);
    h.cut("2026-07-11T03:00:00Z");
    missed(&mut h, 10..=10, 0..40);
    h.cut("2026-07-17T03:00:00Z");
    missed(&mut h, 1..=1, 40..45);
    h.cut("2026-07-18T03:00:00Z");
    let answer = h.answer();
    let lowest = |cut: usize| headline(&answer.cuts[cut].cards[0], "dna_rate").peers.clone().expect("ten").quartiles[0];
    assert!((lowest(1) - lowest(0)).abs() < 1e-12, "nine differ, and the groups are those of the first cut");
    assert!((lowest(2) - lowest(0)).abs() < 1e-12, "ten differ, six days later");
    // Clinician 1 is now at 46 of 65, clinician n at 40 + n of 60: 70, 70.77, 71.67, 73.33 % and so on. h = 9 x 0.25 = 2.25.
    let expected = 71.0 + 2.0 / 3.0 + 0.25 * (5.0 / 3.0);
    assert!((lowest(0) - 16.25).abs() < 1e-9 && (lowest(3) - expected).abs() < 1e-9, "{}", lowest(3));
}

#[test]
fn peers_are_frozen_when_the_month_is_final() {
    let mut h = History::default();
    ten(&mut h);
    h.cut("2026-07-04T03:00:00Z").cut("2026-08-05T03:00:00Z");
    // An amendment removes the no-shows of clinician 6, and a late encounter adds another clinician.
    for slot in 0..6 {
        h.visit(&format!("6-{slot}"), 2, 6, "2026-06-10", "attended");
    }
    h.registry += "{\"type\":\"role\",\"person\":\"gmc|77\",\"practice\":\"A1\",\"role\":\"gp\"}\n";
    h.visit("77-1", 1, 77, "2026-06-10", "noshow").visit("77-2", 1, 77, "2026-06-10", "noshow").cut("2026-08-06T03:00:00Z");
    let last = h.told().pop().expect("three cuts");
    assert_eq!(last, ["6 A1 2026-06 #3 restated amended+6", "77 A1 2026-06 #1 final late+2"]);
    let cards = h.answer().cuts.pop().expect("three cuts").cards;
    let peers = |card| headline(card, "dna_rate").peers.clone().expect("ten are frozen");
    assert_eq!((peers(&cards[0]).percentile, peers(&cards[0]).size), (0.0, 10));
    assert!((peers(&cards[0]).quartiles[1] - 27.5).abs() < 1e-9);
    // All ten are lower: 100 x 10 / 9 is capped.
    assert_eq!(peers(&cards[1]).percentile, 100.0);
}

#[test]
fn an_amendment_of_one_card_leaves_the_others_alone_before_the_month_is_final() {
    let mut h = History::default();
    ten(&mut h);
    h.cut("2026-07-04T03:00:00Z").visit("1-0", 2, 1, "2026-06-10", "attended").cut("2026-07-05T03:00:00Z");
    assert_eq!(h.told()[1], ["1 A1 2026-06 #2 provisional amended+1"]);
}

#[test]
fn the_units_of_a_closed_practice_are_no_peers() {
    let mut h = History::default();
    ten(&mut h);
    h.registry += "{\"type\":\"organisation\",\"code\":\"A1\",\"kind\":\"practice\",\"open_until\":\"2026-06-29\"}\n";
    h.cut("2026-07-04T03:00:00Z");
    assert!(h.answer().cuts[0].cards.iter().all(|card| headline(card, "dna_rate").peers.is_none()));
}

#[test]
fn a_saving_splits_the_own_quantity_at_own_prices_or_at_those_of_the_network() {
    let measure = Measure::read("brand", BRAND).expect("a measure");
    let own = |n: i128, d: i128, money| Member { n, d, spread: 0, money, months: Vec::new(), expected: None };
    // 300 at 2 pence and 100 of the brand at 10 pence; the other has 100 at 2 pence.
    let one = own(100_000, 400_000, [100_000, 1_000, 400_000, 1_600]);
    let other = own(0, 100_000, [0, 0, 100_000, 200]);
    let network = Group { members: vec![other.clone(), one.clone()], size: 2, rates: None };
    let saving = |own, percent| saving_at(&measure, own, &network, network.quantile(percent).expect("two")).expect("a saving");
    // Shares 0 and 0.25: the median is 0.125. 50 of 400 at 10 pence and 350 at 2 pence are 1,200 of 1,600.
    assert!((saving(&one, 50) - 400.0).abs() < 1e-9);
    // The first decile is 0.025: 10 at 10 pence and 390 at 2 pence are 880.
    assert!((saving(&one, 10) - 720.0).abs() < 1e-9);
    // The other has no price of its own for the brand: at the network's price of 10 pence, 12.5 of 100 cost 125, the rest 175.
    assert!((saving(&other, 50) + 100.0).abs() < 1e-9);
    let mut h = History::default();
    h.event(0, "g", 1, &drug("2026-06-10", "0703021Q0AAAAAA", 300, 600));
    h.event(0, "b", 1, &drug("2026-06-10", "0703021Q0BBAAAA", 100, 1_000)).cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    let brand = headline(&cards[0], "brand");
    assert_eq!((brand.n, brand.d, brand.saving), (100_000, 400_000, None));
}

/// Default traffic up to 35 days after its last month, with a cut every day.
#[test]
fn a_default_population_has_cards_of_every_status_and_revisions_without_gaps() {
    use crate::traffic::deliveries;
    use crate::traffic::population;
    let population = population::Population::generate(&population::PopulationConfig::default());
    let end = London::default().end_of("2026-10".parse().expect("a month"));
    let config = deliveries::TrafficConfig { deliver_until: Some(end + 40 * 86_400_000), ..deliveries::TrafficConfig::default() };
    let deliveries: Vec<deliveries::Delivery> = deliveries::Traffic::new(&population, &config).collect();
    let mut feeds: Vec<FeedLog> = population
        .feeds()
        .map(|(feed, practice)| FeedLog {
            feed: feed.to_owned(),
            practice: Some(practice.to_owned()),
            events: Vec::new(),
            signs: Vec::new(),
        })
        .collect();
    let mut cuts = Vec::new();
    let mut rest = deliveries.iter().peekable();
    let first = at("2026-08-02T03:00:00Z");
    for day in 0..135 {
        let instant = first + day * 86_400_000;
        while let Some(delivery) = rest.next_if(|d| d.arrival < instant) {
            let log = feeds.iter_mut().find(|log| log.feed == delivery.feed).expect("a feed of the population");
            log.events.push(delivery.json.clone());
        }
        cuts.push(Cut {
            at: instant,
            before: feeds.iter().map(|log| log.events.len()).collect(),
            outcome: CutOutcome::Published,
        });
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../measures");
    let files = std::fs::read_dir(folder).expect("the folder of measures").map(|file| file.expect("a file").path());
    let measures: Vec<(String, String)> =
        files.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("text"))).collect();
    let registry = population.registry();
    let question = CutQuestion { feeds: &feeds, registry: &registry, measures: &measures, first, cuts: &cuts };
    let answer = answer(&question).expect("readable");
    let mut revisions: BTreeMap<(String, String, Month), u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for card in answer.cuts.iter().flat_map(|cut| &cut.cards) {
        let last = revisions.entry((card.clinician.clone(), card.practice.clone(), card.month)).or_default();
        assert_eq!(card.revision, *last + 1, "{}", brief(card));
        *last = card.revision;
        assert!(!card.reasons.is_empty(), "{}", brief(card));
        seen.insert(card.status);
        seen.extend(card.reasons.iter().map(|(cause, _)| *cause));
        seen.insert(if card.practice.is_empty() { "roll-up" } else { "at a practice" });
        seen.extend(card.content.measures.iter().filter(|one| one.peers.is_some()).map(|_| "network"));
    }
    for word in [
        "provisional",
        "final",
        "restated",
        "withdrawn",
        "first",
        "late",
        "amended",
        "retracted",
        "roll-up",
        "at a practice",
        "network",
    ] {
        assert!(seen.contains(word), "{word}");
    }
}
