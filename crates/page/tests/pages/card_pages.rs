//! The pages of one card.

use page::frame::spreadsheet::Spreadsheet;
use page::pages::event_section::MeasureEvents;
use page::pages::measure_page::{measure_page, measure_sheet};
use page::pages::month_page::{month_page, month_sheet};
use page::text::measure_words::{value, verdict};
use scorecard::card::scorecard::{CaseMix, CaseMixState, StandardCheck};
use scorecard::fold::explanation::{Effect, Explanation, Line};
use scorecard::measure::measure_set::{Direction, Domain};
use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::Timestamp;

use crate::html_check::{check, texts, words};
use crate::network::{large_network, navigation, network, of_month};

#[test]
fn every_card_gives_sound_pages() {
    for seed in 1..=6 {
        let network = network(seed);
        for card in network.cards.iter().take(6) {
            check("month", &network.month_page(card));
            for measure in &card.content.measures {
                check(&format!("measure {} of seed {seed}", measure.id), &network.measure_page(card, &measure.id));
            }
        }
    }
}

#[test]
fn the_same_card_gives_the_same_bytes() {
    let (one, other) = (network(3), network(3));
    let pages = |of: &crate::network::Network| of.cards.iter().take(3).map(|card| of.month_page(card)).collect::<Vec<_>>();
    assert_eq!(pages(&one), pages(&other));
}

#[test]
fn each_row_of_the_table_shows_better_side_value_verdict_and_points_of_its_measure() {
    let network = large_network(1, 40);
    for card in network.cards.iter().take(10) {
        let page = network.month_page(card);
        let columns = |class: &str| texts(&page, &format!("table.ledger tbody .of-{class}"));
        let (names, better, own, said) = (columns("measure"), columns("better"), columns("you"), columns("words"));
        assert_eq!(names.len(), card.content.measures.len());
        for measure in &card.content.measures {
            let at = names.iter().position(|name| name.starts_with(&*measure.name)).expect("a row of the measure");
            let side = match measure.direction {
                Direction::Low => "lower",
                Direction::High => "higher",
                Direction::None => "neither",
            };
            assert_eq!(better[at], side, "{}", measure.id);
            let shown = measure.value.map_or("not shown".to_owned(), |number| value(number, &measure.unit));
            assert!(own[at].starts_with(&shown), "{} for {shown}", own[at]);
            assert!(said[at].starts_with(&verdict(measure)), "{} of {}", said[at], measure.id);
        }
    }
}

#[test]
fn offers_of_the_page_are_those_of_the_card() {
    let network = large_network(1, 40);
    let mut with_one = 0;
    for card in &network.cards {
        let page = network.month_page(card);
        let offered = texts(&page, ".offer .action");
        match &card.content.one_thing {
            Some(one) => {
                with_one += 1;
                assert_eq!(offered, std::slice::from_ref(&one.action));
                assert!(words(&page).contains(&one.reason), "{}", one.reason);
            }
            None => assert!(offered.is_empty() && words(&page).contains("Nothing is clear this month.")),
        }
        for id in &card.content.keep {
            let name = &card.content.measures.iter().find(|measure| *measure.id == **id).expect("a measure").name;
            assert!(words(&page).contains(&format!("{name}: ")), "{name}");
        }
    }
    assert!(with_one > 0, "no card has one thing to try");
}

#[test]
fn texts_of_others_are_never_markup() {
    let network = network(2);
    let attack = "<script>alert(1)</script>\"'&";
    let mut card = network.cards[0].clone();
    card.content.subject.clinician = attack.to_owned();
    card.content.subject.practice = attack.to_owned();
    card.engine_version = attack.to_owned();
    card.content.measures[0].name = attack.into();
    card.content.measures[0].sentence = attack.to_owned();
    let leads = [attack.to_owned()];
    let mut reading = network.reading(&card);
    (reading.name, reading.practice_name, reading.leads) = (Some(attack), Some(attack), &leads);
    let page = month_page(&reading, &navigation());
    check("month", &page);
    assert!(!page.contains("<script") && words(&page).contains("<script>alert(1)</script>"), "it is shown as a text");
    let id = card.content.measures[0].id.to_string();
    let explanation = explanation(&card.content.measures[0].id, attack, Some(1));
    let known = MeasureEvents::Known { explanation: &explanation, page: 1, all: true };
    let page = measure_page(&reading, &id, None, known, &navigation()).expect("a page");
    check("measure", &page);
    assert!(!page.contains("<script"));
    let sheet = measure_sheet(&reading, &id, known).expect("rows");
    assert!(cells(&sheet).iter().all(|cell| !cell.starts_with('=')));
}

fn cells(sheet: &Spreadsheet) -> Vec<String> {
    sheet.rows().iter().flatten().cloned().collect()
}

/// An explanation with events of this text, 40 of them in the numerator of 60.
fn explanation(measure: &str, what: &str, numerator: Option<i64>) -> Explanation {
    let line = |at: i32| Line {
        feed: "=feed".to_owned(),
        id: format!("=e{at}"),
        version: 1,
        day: Some(scorecard::time::calendar::Day(of_month().first_day().0 + at % 28)),
        month: of_month(),
        clinician: "p1".to_owned(),
        practice: "A1".to_owned(),
        kind: "prescription",
        what: what.to_owned(),
        effect: Effect::Counts,
        numerator: numerator.filter(|_| at < 40),
        denominator: Some(1),
    };
    Explanation {
        clinician: "p1".to_owned(),
        practice: "A1".to_owned(),
        month: of_month(),
        revision: 1,
        cut: Timestamp(0),
        measure: measure.to_owned(),
        window: 12,
        n: 40,
        d: 60,
        n_unit: "count".to_owned(),
        d_unit: "count".to_owned(),
        lines: (0..60).map(line).collect(),
    }
}

#[test]
fn events_come_fifteen_a_page_newest_first_and_where_high_is_good_those_that_do_not_count() {
    let network = large_network(1, 20);
    let card = &network.cards[0];
    let of = |direction: Direction| {
        card.content.measures.iter().find(|measure| measure.direction == direction).expect("a measure").id.to_string()
    };
    let events = explanation("m", "x", Some(1));
    let page_of = |id: &str, page: usize, all: bool| {
        let known = MeasureEvents::Known { explanation: &events, page, all };
        measure_page(&network.reading(card), id, None, known, &navigation()).expect("a page")
    };
    let ids = |page: &str| texts(page, "table.event-list tbody code");
    let low = page_of(&of(Direction::Low), 1, false);
    check("events", &low);
    // Numbers 0 to 39 count: the last 15 are 39 down to 25.
    assert_eq!((ids(&low).len(), ids(&low)[0].as_str(), ids(&low)[14].as_str()), (15, "=e39", "=e25"));
    assert!(words(&low).contains("The 40 events that count") && words(&low).contains("exactly 40 of 60"), "{}", words(&low));
    assert_eq!(ids(&page_of(&of(Direction::Low), 3, false)).len(), 10, "40 are 15, 15 and 10");
    assert_eq!(ids(&page_of(&of(Direction::Low), 99, false)).len(), 10, "behind the last page is the last page");
    let high = page_of(&of(Direction::High), 1, false);
    assert!(words(&high).contains("The 20 events that do not count"), "{}", words(&high));
    assert_eq!(ids(&high)[0], "=e59");
    assert!(words(&page_of(&of(Direction::High), 1, true)).contains("All 60 events"));
}

#[test]
fn few_answers_of_patients_are_shown_to_nobody() {
    let network = network(1);
    let mut card = network.cards[0].clone();
    let measure = &mut card.content.measures[0];
    (measure.domain, measure.facts_n, measure.facts_d) = (Domain::Perception, 3, 9);
    (measure.months_n, measure.months_d) = (vec![0; 24], vec![0; 24]);
    (measure.months_d[23], measure.months_d[22]) = (4, 5);
    let id = measure.id.to_string();
    let events = explanation("m", "an answer", Some(1));
    let known = MeasureEvents::Known { explanation: &events, page: 1, all: true };
    let reading = network.reading(&card);
    let page = measure_page(&reading, &id, None, known, &navigation()).expect("the card has the measure");
    assert!(!page.contains("an answer") && words(&page).contains("fewer than five patients"), "{}", words(&page));
    assert_eq!(measure_sheet(&reading, &id, known).expect("rows").rows().len(), 1, "neither months nor events");
    // Fewer than five answers in all: the measure is not on the page.
    card.content.measures[0].facts_d = 4;
    assert!(measure_page(&network.reading(&card), &id, None, known, &navigation()).is_none());
}

#[test]
fn a_lead_sees_no_measure_on_trial_and_reads_whose_card_it_is() {
    let network = network(1);
    let mut card = network.cards[0].clone();
    card.content.measures[0].trial = true;
    let name = card.content.measures[0].name.to_string();
    let mut reading = network.reading(&card);
    reading.name = Some("Dr Helen Marsh");
    assert!(words(&month_page(&reading, &navigation())).contains("On trial"));
    reading.audience = Audience::ClinicalLead;
    let page = month_page(&reading, &navigation());
    check("month for a lead", &page);
    assert!(words(&page).contains("October 2026 of Dr Helen Marsh"), "{}", words(&page));
    assert!(!texts(&page, "table.ledger tbody .of-measure a").contains(&name), "{name}");
    let rows = month_sheet(&reading).rows().len();
    reading.audience = Audience::Own;
    assert_eq!(month_sheet(&reading).rows().len(), rows + 1);
}

#[test]
fn a_spreadsheet_holds_the_numbers_of_the_page() {
    let network = network(4);
    let card = &network.cards[0];
    let sheet = month_sheet(&network.reading(card));
    let heading = |name: &str| sheet.rows()[0].iter().position(|one| one == name).expect("a heading");
    assert_eq!(sheet.rows().len(), card.content.measures.len() + 1);
    for measure in &card.content.measures {
        let row = sheet.rows().iter().find(|row| row[heading("measure")] == *measure.id).expect("a row");
        assert_eq!(row[heading("numerator")], measure.n.to_string());
        assert_eq!(row[heading("value")].parse::<f64>().ok(), measure.value);
        assert_eq!(row[heading("sentence")], measure.sentence);
    }
}

#[test]
fn a_standard_and_an_adjustment_are_said_on_the_page_of_the_measure() {
    let network = network(2);
    let mut card = network.cards[0].clone();
    let measure = &mut card.content.measures[0];
    let id = measure.id.to_string();
    (measure.unit, measure.direction) = ("%".into(), Direction::Low);
    measure.standard = Some(StandardCheck { standard: 12.0, beyond: true });
    let mix =
        CaseMix { state: CaseMixState::Practices, expected: Some(4.0), standardised: Some(9.0), ratio: Some(1.0), unknown: None };
    measure.case_mix = Some(mix);
    let page = network.measure_page(&card, &id);
    check("measure", &page);
    assert!(words(&page).contains("Above the standard of 12%, by more than chance."), "{}", words(&page));
    assert!(words(&page).contains("The value is adjusted for the practices, not for the patients."));
    card.content.measures[0].standard = Some(StandardCheck { standard: 12.0, beyond: false });
    card.content.measures[0].case_mix = Some(CaseMix { state: CaseMixState::PracticesAgeSex, ..mix });
    let page = network.measure_page(&card, &id);
    assert!(!words(&page).contains("the standard of") && words(&page).contains("for the age and sex of their patients"));
}
