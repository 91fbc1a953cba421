//! The words of a card's page, for each situation.

use page::pages::month_page::month_page;
use page::pages::open_card::RevisionNote;
use page::text::measure_words::verdict;
use scorecard::card::scorecard::{
    CardMeasure, Cause, Composite, Coverage, CoverageState, Exposure, Giants, MonthGaps, Reason, Scorecard, Status, UnknownCount,
    VerdictWord,
};
use scorecard::measure::measure_set::Direction;

use crate::html_check::{check, words};
use crate::network::{a_day, navigation, network, of_month};

fn card() -> Scorecard {
    network(1).cards[0].clone()
}

/// The words of the page of a card after a change.
fn said(change: impl FnOnce(&mut Scorecard), leads: &[&str]) -> String {
    let network = network(1);
    let mut card = network.cards[0].clone();
    change(&mut card);
    let leads: Vec<String> = leads.iter().map(|lead| (*lead).to_owned()).collect();
    let mut reading = network.reading(&card);
    reading.leads = &leads;
    let page = month_page(&reading, &navigation());
    check("month", &page);
    words(&page)
}

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn a_draft_says_when_it_becomes_final_and_who_sees_it_then() {
    let draft = said(|card| card.content.status = Status::Provisional, &["Dr Tom Okafor"]);
    holds(&draft, &["Draft, version 2. It may change until it becomes final on 5 December 2026."]);
    holds(&draft, &["Only you, until 5 December 2026. Then Dr Tom Okafor, your clinical lead, too."]);
    let last = said(|card| card.content.status = Status::Final, &["Dr Tom Okafor", "Dr Mei Lin"]);
    holds(&last, &["Final, version 2.", "You, and Dr Tom Okafor and Dr Mei Lin, your clinical lead."]);
    holds(
        &said(|card| card.content.status = Status::Restated, &[]),
        &["Final and corrected, version 2.", "names nobody else as clinical lead"],
    );
    let withdrawn = said(|card| card.content.status = Status::Withdrawn, &[]);
    holds(&withdrawn, &["Withdrawn, version 2.", "because no event of the month is left"]);
    assert!(!withdrawn.contains("All measures"));
}

#[test]
fn work_is_counted_with_one_and_many() {
    let exposure = |window, encounters, items, responses| Exposure { window, encounters, minutes: 0, items, responses };
    let text = said(|card| card.content.exposure = vec![exposure(1, 1, 0, 2), exposure(12, 2_846, 1, 197)], &[]);
    holds(&text, &["2,846 consultations, 1 item and 197 answers of patients in 12 months; 1, 0 and 2 of them in October"]);
    holds(&said(|card| card.content.exposure.clear(), &[]), &["Counted Nothing in 12 months."]);
}

#[test]
fn a_feed_that_is_silent_before_the_end_of_the_month_makes_numbers_too_low_and_one_after_it_does_not() {
    let feed = |state, newest_day| Coverage { feed: "a1-emis".to_owned(), state, newest_day };
    let early = scorecard::time::calendar::Day::from_ymd(2026, 10, 26);
    let with = |one: Coverage| said(move |card| card.quality.feeds = vec![one], &[]);
    holds(
        &with(feed(CoverageState::Silent, early)),
        &["nothing came from a1-emis after 26 October 2026, so numbers may be too low."],
    );
    holds(&with(feed(CoverageState::Behind, early)), &["Behind: the newest event of a1-emis is of 26 October 2026"]);
    let later = with(feed(CoverageState::Silent, Some(a_day())));
    holds(&later, &["Complete: a1-emis sent events up to 5 December 2026, and nothing after it."]);
    assert!(!later.contains("too low"));
    holds(&with(feed(CoverageState::Complete, None)), &["Complete: a1-emis sent events up to an unknown day."]);
}

#[test]
fn the_personal_qof_says_how_sure_it_is_and_why_it_is_withheld() {
    let composite = |percent, lower, upper, points, available| Composite { percent, lower, upper, points, available };
    let with = |of: Option<Composite>| said(move |card| card.content.composite = of, &[]);
    let whole = composite(Some(45.9), Some(38.2), Some(53.4), 42.25, 92.0);
    holds(&with(Some(whole)), &["Personal QOF: 42.2 of 92 points, 46% (likely 38% to 53%)."]);
    holds(&with(Some(composite(Some(45.9), None, None, 42.0, 92.0))), &["Personal QOF: 42 of 92 points, 46%."]);
    holds(&with(Some(composite(None, None, None, 2.5, 4.0))), &["2.5 of 4 points. Too few points apply for a percentage."]);
    holds(&with(Some(composite(None, None, None, 0.0, 0.0))), &["no points yet. Points need at least 20 colleagues"]);
    holds(&with(None), &["withheld, because of fewer than 20 consultations in 12 months."]);
}

#[test]
fn a_version_says_its_reasons_in_words() {
    let network = network(1);
    let note = |cause, events| RevisionNote { revision: 2, day: a_day(), reasons: vec![Reason { cause, events }] };
    for (cause, events, words_of) in [
        (Cause::First, 519, "made from 519 events."),
        (Cause::Late, 1, "1 event came late."),
        (Cause::Late, 2, "2 events came late."),
        (Cause::Amended, 1, "1 event was amended."),
        (Cause::Amended, 1_200, "1,200 events were amended."),
        (Cause::Retracted, 1, "1 event was retracted."),
        (Cause::Retracted, 3, "3 events were retracted."),
        (Cause::Attribution, 0, "the registry maps events to another person."),
        (Cause::DefinitionChange, 0, "the definition of a measure changed."),
        (Cause::Final, 0, "the month became final."),
        (Cause::Coverage, 0, "a gap in the data appeared or was filled."),
    ] {
        let notes = [note(cause, events)];
        let mut reading = network.reading(&network.cards[0]);
        reading.revisions = &notes;
        holds(&words(&month_page(&reading, &navigation())), &[&format!("Version 2, 5 December 2026: {words_of}")]);
    }
}

#[test]
fn giants_say_waste_chance_and_time_in_numbers_of_people() {
    let giants = Giants {
        waste_p50_pence: Some(8_412.0),
        waste_p10_pence: Some(26_000.0),
        waste_net_pence: None,
        variation: Some(1.2),
        outside_95: 1,
        outside_998: 0,
        noshow_slots: 155,
        noshow_minutes: 1_550,
        noshow_pence: 465_000,
    };
    let text = said(move |card| card.content.giants = Some(giants), &[]);
    // 8,412 pence are 84 pounds; 1,550 minutes are 25.8 hours; 465,000 pence are 4,650 pounds.
    holds(&text, &["about £84 in 12 months would not be spent at the median of colleagues, £260 at their best tenth."]);
    holds(&text, &["1 of your measures is outside what is usual for nineteen in twenty."]);
    holds(&text, &["155 booked patients did not come in 12 months. That is 26 hours of planned time, £4,650 at £3 a minute."]);
    let none = Giants { waste_p50_pence: None, noshow_slots: 0, outside_95: 0, ..giants };
    let text = said(move |card| card.content.giants = Some(none), &[]);
    holds(&text, &["Waste: not known.", "0 of your measures are outside", "0 booked patients did not come"]);
    assert!(!text.contains("of planned time"));
}

#[test]
fn the_unknown_is_named_with_its_numbers_and_never_zero() {
    let gaps = |missing| MonthGaps { month: of_month(), missing, gaps: Vec::new(), not_sent: vec!["costs".to_owned()] };
    let text = said(
        |card| {
            card.content.unknown = vec![UnknownCount { kind: "codes".to_owned(), unknown: 30, of: 3_142 }];
            card.content.coverage = vec![gaps(false)];
            for measure in &mut card.content.measures {
                (measure.suppressed, measure.value) = (Some("denominator_below_minimum".to_owned()), None);
            }
        },
        &[],
    );
    holds(
        &text,
        &["Drug codes without a meaning: 30 of 3,142 in 12 months.", "October 2026: costs not sent.", "Too few events:"],
    );
    holds(&text, &["not shown", "too few events"]);
    holds(&said(|card| card.content.coverage = vec![gaps(true)], &[]), &["October 2026: the log no longer holds this month."]);
}

/// The first measure of a card with this verdict.
fn judged(direction: Direction, word: Option<VerdictWord>, suppressed: Option<&str>) -> String {
    let mut card = card();
    let measure = &mut card.content.measures[0];
    *measure = CardMeasure { direction, verdict: word, suppressed: suppressed.map(str::to_owned), ..measure.clone() };
    verdict(measure)
}

#[test]
fn a_verdict_has_few_words_and_never_in_line_where_it_is_not() {
    use VerdictWord as V;
    for (direction, word, words) in [
        (Direction::Low, V::PleaseCheck, "please check"),
        (Direction::Low, V::BetterThanMost, "better than most"),
        (Direction::Low, V::WorthALook, "on the high side"),
        (Direction::High, V::WorthALook, "on the low side"),
        (Direction::None, V::Higher, "higher than most"),
        (Direction::None, V::Lower, "lower than most"),
        (Direction::Low, V::InLine, "in line with most"),
        (Direction::Low, V::NoEvidence, "no evidence of a difference"),
        (Direction::Low, V::TooFewToTell, "too few to tell"),
        (Direction::Low, V::WideDifferences, "colleagues differ widely"),
        (Direction::Low, V::Mixed, "colleagues differ in kind"),
    ] {
        assert_eq!(judged(direction, Some(word), None), words);
        assert_eq!(words.contains("in line"), word == V::InLine);
    }
    for (suppressed, words) in [
        ("denominator_below_minimum", "too few events"),
        ("not_sent", "not sent by your system"),
        ("unknown_above_limit", "not known"),
    ] {
        assert_eq!(judged(Direction::Low, None, Some(suppressed)), words);
    }
}

#[test]
fn one_thing_says_the_number_of_events_to_a_typical_colleague() {
    let network = network(1);
    let text = |n: i64, typical: f64, direction: Direction| {
        let mut card = network.cards[0].clone();
        let measure = card.content.measures.iter_mut().find(|measure| &*measure.id == "m00").expect("a proportion in percent");
        (measure.n, measure.facts_n, measure.d, measure.facts_d) = (n, n, 71, 71);
        measure.direction = direction;
        measure.comparator = Some(scorecard::card::scorecard::Comparator {
            snapshot_id: scorecard::card::snapshot_id::SnapshotId::default(),
            reference: None,
            typical: Some(typical),
            median: None,
            p25: None,
            p75: None,
        });
        card.content.one_thing = Some(scorecard::card::scorecard::Suggestion {
            measure: "m00".to_owned(),
            action: "Look.".to_owned(),
            reason: "A reason.".to_owned(),
        });
        words(&month_page(&network.reading(&card), &navigation()))
    };
    // 21 % of 71 are 14.9, so 41 - 14.9 = 26 fewer; 22 % of 71 are 15.6, so 15.6 - 15 = 1 more.
    holds(&text(41, 21.0, Direction::Low), &["26 fewer in that time would bring you to a typical colleague."]);
    holds(&text(15, 22.0, Direction::High), &["1 more in that time would bring you to a typical colleague."]);
    assert!(!text(10, 21.0, Direction::Low).contains("would bring you"), "better than typical");
}
