//! Short histories with answers computed by hand.

use super::*;

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

fn window<'a>(card: &'a OracleCard, measure: &str, months: i32) -> &'a WindowAnswer {
    let found = card.content.measures.iter().find(|m| m.id == measure).expect("a measure of the set");
    found.windows.iter().find(|w| w.window == months).expect("1, 3 or 12")
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
    assert_eq!(window(first, "dna_rate", 1).value, Some(50.0));
    let dna = window(last, "dna_rate", 12);
    assert_eq!((dna.n, dna.d, dna.facts_d), (2, 3, 3));
    // 100 x 2 / 3 lies between 80 and 30: 6 x (80 - 66.67) / 50 = 1.6.
    assert!((dna.points.expect("points") - 1.6).abs() < 1e-12);
    assert_eq!(window(last, "dna_rate", 1).points, None);
    assert_eq!((last.content.exposure[0].encounters, last.content.exposure[0].minutes), (1, 9));
    assert_eq!(last.content.composite, None);
    assert_eq!(window(last, "fft_positive", 3).suppressed, Some("denominator_below_minimum"));
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
    assert_eq!((window(&cards[0], "fft_positive", 1).n, window(&cards[0], "fft_positive", 1).d), (1, 1));
    assert_eq!(window(&cards[0], "fft_positive", 3).points, Some(10.0));
}

#[test]
fn an_event_without_a_practice_gets_its_encounters_practice_or_else_its_feeds() {
    let mut h = History::default();
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
    let dna = window(&cards[0], "dna_rate", 1);
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
    assert_eq!(window(&answer.cuts[0].cards[0], "dna_rate", 1).suppressed, None);
    let hidden = window(&answer.cuts[1].cards[0], "dna_rate", 1);
    assert_eq!((hidden.suppressed, hidden.value, hidden.d), (Some("unknown_status_above_limit"), None, 9));
}

#[test]
fn two_practices_within_twelve_months_make_a_roll_up() {
    let mut h = History::default();
    h.event(1, "a", 1, &visit(1, "2026-02-10", "noshow")).visit("b", 1, 1, "2026-06-10", "attended");
    h.visit("c", 1, 1, "2026-06-10", "attended").cut("2026-07-04T03:00:00Z");
    let expected = ["1 A2 2026-02 #1 final first+1", "1 * 2026-06 #1 provisional first+2", "1 A1 2026-06 #1 provisional first+2"];
    assert_eq!(h.told(), [expected]);
    let cards = h.answer().cuts.remove(0).cards;
    let (all, one) = (window(&cards[1], "dna_rate", 12), window(&cards[2], "dna_rate", 12));
    assert_eq!((all.n, all.d), (1, 3));
    assert_eq!((one.n, one.d), (0, 2));
}

/// Six clinicians at one practice: clinician k has k no-shows in 10 slots.
fn six(h: &mut History) {
    for who in 1..=6 {
        h.registry += &format!("{{\"type\":\"role\",\"person\":\"gmc|{who}\",\"practice\":\"A1\",\"role\":\"gp\"}}\n");
        for slot in 0..10 {
            let status = if slot < who { "noshow" } else { "attended" };
            h.visit(&format!("{who}-{slot}"), 1, who, "2026-06-10", status);
        }
    }
}

#[test]
fn six_at_a_practice_are_its_peer_group_and_percentiles_count_the_lower_ones() {
    let mut h = History::default();
    six(&mut h);
    h.cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    let peer = window(&cards[2], "dna_rate", 1).peer.clone().expect("six are enough");
    assert_eq!((peer.level, peer.group.as_str(), peer.size, peer.percentile), ("practice", "A1", 6, 40.0));
    // 21 no-shows of 60; values 10, 20 ... 60: h = 5 x 0.5 = 2.5 and 5 x 0.1 = 0.5 and 5 x 0.9 = 4.5.
    for (found, expected) in [peer.mean, peer.deciles[0], peer.deciles[1], peer.deciles[2]].iter().zip([35.0, 15.0, 35.0, 55.0]) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn five_units_are_no_peer_group_and_another_role_is_no_peer() {
    let mut h = History::default();
    six(&mut h);
    h.registry += "{\"type\":\"role\",\"person\":\"gmc|6\",\"practice\":\"A1\",\"role\":\"nurse\"}\n";
    h.cut("2026-07-04T03:00:00Z");
    for card in &h.answer().cuts[0].cards {
        assert_eq!(window(card, "dna_rate", 1).peer, None);
    }
}

#[test]
fn peers_are_frozen_when_the_month_is_final() {
    let mut h = History::default();
    six(&mut h);
    h.cut("2026-07-04T03:00:00Z").cut("2026-08-05T03:00:00Z");
    // An amendment removes the no-shows of clinician 6, and a late encounter adds a seventh clinician.
    for slot in 0..6 {
        h.visit(&format!("6-{slot}"), 2, 6, "2026-06-10", "attended");
    }
    h.registry += "{\"type\":\"role\",\"person\":\"gmc|7\",\"practice\":\"A1\",\"role\":\"gp\"}\n";
    h.visit("7-1", 1, 7, "2026-06-10", "noshow").visit("7-2", 1, 7, "2026-06-10", "noshow").cut("2026-08-06T03:00:00Z");
    let last = h.told().pop().expect("three cuts");
    assert_eq!(last, ["6 A1 2026-06 #3 restated amended+6", "7 A1 2026-06 #1 final late+2"]);
    let cards = h.answer().cuts.pop().expect("three cuts").cards;
    let peer = |card| window(card, "dna_rate", 1).peer.clone().expect("six are frozen");
    assert_eq!((peer(&cards[0]).percentile, peer(&cards[0]).size), (0.0, 6));
    assert!((peer(&cards[0]).mean - 35.0).abs() < 1e-9);
    // All six are lower: 100 x 6 / 5 is capped.
    assert_eq!(peer(&cards[1]).percentile, 100.0);
}

#[test]
fn an_amendment_of_one_card_leaves_the_others_alone_before_the_month_is_final() {
    let mut h = History::default();
    six(&mut h);
    h.cut("2026-07-04T03:00:00Z").visit("1-0", 2, 1, "2026-06-10", "attended").cut("2026-07-05T03:00:00Z");
    assert_eq!(h.told()[1], ["1 A1 2026-06 #2 provisional amended+1"]);
}

#[test]
fn the_units_of_a_closed_practice_are_no_peers() {
    let mut h = History::default();
    six(&mut h);
    h.registry += "{\"type\":\"organisation\",\"code\":\"A1\",\"kind\":\"practice\",\"open_until\":\"2026-06-29\"}\n";
    h.cut("2026-07-04T03:00:00Z");
    assert!(h.answer().cuts[0].cards.iter().all(|card| window(card, "dna_rate", 1).peer.is_none()));
}

#[test]
fn a_saving_splits_the_own_quantity_at_own_prices() {
    let mut h = History::default();
    h.event(0, "g", 1, &drug("2026-06-10", "0703021Q0AAAAAA", 300, 600));
    h.event(0, "b", 1, &drug("2026-06-10", "0703021Q0BBAAAA", 100, 1_000)).cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    let brand = window(&cards[0], "brand", 12);
    assert_eq!((brand.n, brand.d), (100_000, 400_000));
    // The only unit of the network is its own target at every decile, so the saving is 0.
    let [p50, p10] = brand.saving.expect("a saving");
    assert!(p50.abs() < 1e-9 && p10.abs() < 1e-9);
}

#[test]
fn a_saving_at_a_lower_target_is_the_difference_of_prices() {
    let mut h = History::default();
    h.event(0, "g", 1, &drug("2026-06-10", "0703021Q0AAAAAA", 300, 600));
    h.event(0, "b", 1, &drug("2026-06-10", "0703021Q0BBAAAA", 100, 1_000));
    let other = drug("2026-06-10", "0703021Q0AAAAAA", 100, 200).replace(r#""value":"1""#, r#""value":"2""#);
    h.event(0, "o", 1, &other).cut("2026-07-04T03:00:00Z");
    let cards = h.answer().cuts.remove(0).cards;
    // Shares 0 and 0.25: the median is 0.125. 50 of 400 at 10 pence and 350 at 2 pence are 1,200 of 1,600.
    let [p50, p10] = window(&cards[0], "brand", 12).saving.expect("a saving");
    assert!((p50 - 400.0).abs() < 1e-9, "{p50}");
    // The first decile is 0.025: 10 at 10 pence and 390 at 2 pence are 880.
    assert!((p10 - 720.0).abs() < 1e-9, "{p10}");
    // The other has no price of its own for the brand: at the network's price of 10 pence, 12.5 of 100 cost 125, the rest 175.
    let [p50, _] = window(&cards[1], "brand", 12).saving.expect("a saving");
    assert!((p50 + 100.0).abs() < 1e-9, "{p50}");
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
        seen.extend(card.content.measures.iter().flat_map(|m| &m.windows).filter_map(|w| w.peer.as_ref()).map(|p| p.level));
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
        "practice",
        "pcn",
        "locality",
        "network",
    ] {
        assert!(seen.contains(word), "{word}");
    }
}
