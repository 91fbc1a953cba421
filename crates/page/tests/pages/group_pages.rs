//! The pages of a practice, of the network, and those without a card.

use page::frame::navigation::Navigation;
use page::pages::catalogue_page::catalogue_page;
use page::pages::meeting_page::{MeetingContent, PracticeCards, meeting_page, meeting_sheet};
use page::pages::network_page::{NetworkContent, network_page, network_sheet};
use page::pages::notice_page::{Notice, notice_page};
use page::pages::operations_page::{OperationsContent, RejectNote, operations_page};
use page::pages::practice_team::NamedCard;
use page::pages::reader_choice::{ReaderChoice, ReaderLink, reader_choice_page};
use page::pages::sign_in_page::{SignInWays, sign_in_page};
use page::pages::talks_page::{TalksContent, talks_page, talks_sheet};
use scorecard::card::scorecard::{Coverage, CoverageState, Scorecard, VerdictWord};

use crate::html_check::{check, texts, words};
use crate::network::{Network, a_day, large_network, navigation, of_month};

fn talks<'a>(network: &'a Network, cards: &'a [NamedCard<'a>]) -> TalksContent<'a> {
    TalksContent {
        practice: "A1",
        practice_name: Some("Elm <Grove>"),
        month: of_month(),
        final_on: a_day(),
        measures: &network.random.measures,
        groups: &network.groups,
        cards,
        waiting: &[],
        months: &[],
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("Dr {} Name{:03}", ["Ann", "Bea", "Cid"][at % 3], 999 - at)).collect()
}

#[test]
fn talks_are_in_order_of_names_and_show_neither_points_nor_ranks() {
    let network = large_network(1, 40);
    let names = names(12);
    let cards: Vec<NamedCard<'_>> = names.iter().zip(&network.cards).map(|(name, card)| NamedCard { name, card }).collect();
    let page = talks_page(&talks(&network, &cards), &navigation());
    check("talks", &page);
    let listed = texts(&page, "details table tbody th");
    assert!(
        listed.len() >= 3 && listed.windows(2).all(|pair| pair[0].rsplit(' ').next() < pair[1].rsplit(' ').next()),
        "{listed:?}"
    );
    assert!(!words(&page).to_lowercase().contains("points of") && !page.contains("of-points"), "no points");
    let other_order: Vec<NamedCard<'_>> = cards.iter().rev().copied().collect();
    assert_eq!(talks_page(&talks(&network, &other_order), &navigation()), page, "the order of cards says nothing");
}

#[test]
fn a_finding_of_at_least_ten_events_is_a_talk_with_its_checks_and_another_is_none() {
    let network = large_network(1, 40);
    let mut card = network.cards[0].clone();
    for measure in &mut card.content.measures {
        measure.verdict = None;
    }
    let found = &mut card.content.measures[0];
    (found.verdict, found.facts_n, found.facts_d) = (Some(VerdictWord::PleaseCheck), 12, 300);
    found.sentence = "The sentence of the finding.".to_owned();
    let named = [NamedCard { name: "Dr Ann Lee", card: &card }];
    let page = talks_page(&talks(&network, &named), &navigation());
    assert_eq!(texts(&page, "#to-check ~ table tbody th"), ["Dr Ann Lee"]);
    assert!(words(&page).contains("The sentence of the finding. 300 events."), "{}", words(&page));
    let mut few = card.clone();
    (few.content.measures[0].facts_n, few.content.measures[0].facts_d) = (9, 12);
    let named = [NamedCard { name: "Dr Ann Lee", card: &few }];
    assert!(words(&talks_page(&talks(&network, &named), &navigation())).contains("Nothing beyond chance and usual differences"));
}

#[test]
fn clinicians_with_the_same_letters_are_distinguished() {
    let network = large_network(1, 40);
    let names = ["Dr Ann Lee", "Dr Amy Long", "gmc|7000156", "gmc|7100156"];
    let cards: Vec<NamedCard<'_>> = names.iter().zip(&network.cards).map(|(name, card)| NamedCard { name, card }).collect();
    let text = words(&talks_page(&talks(&network, &cards), &navigation()));
    for letters in ["AL Dr Ann Lee", "AL2 Dr Amy Long", "56 gmc|7000156", "562 gmc|7100156"] {
        assert!(text.contains(letters), "{letters} in {text}");
    }
}

/// Six practices with the cards of a large network in turn.
fn practices(network: &Network) -> Vec<PracticeCards<'_>> {
    const CODES: [&str; 6] = ["A1", "A2", "A3", "A4", "A5", "A6"];
    let of = |at: usize| network.cards.iter().enumerate().filter(move |(index, _)| index % 6 == at).map(|(_, card)| card);
    CODES.iter().enumerate().map(|(at, practice)| PracticeCards { practice, cards: of(at).collect() }).collect()
}

fn meeting<'a>(network: &'a Network, practices: &'a [PracticeCards<'a>]) -> MeetingContent<'a> {
    MeetingContent {
        practice: "A1",
        practice_name: None,
        month: of_month(),
        measures: &network.random.measures,
        practices,
        months: &[],
    }
}

#[test]
fn a_meeting_names_nobody_and_its_numbers_are_those_of_rounded_counts() {
    let network = large_network(1, 130);
    let practices = practices(&network);
    let reading = meeting(&network, &practices);
    let page = meeting_page(&reading, &navigation());
    check("meeting", &page);
    for card in &network.cards {
        assert!(!page.contains(&card.content.subject.clinician), "{}", card.content.subject.clinician);
    }
    let out_of: Vec<i64> =
        texts(&page, "table.ledger tbody .of-points").iter().map(|text| text.replace(',', "").parse().unwrap()).collect();
    assert!(!out_of.is_empty() && out_of.iter().all(|count| count % 5 == 0), "{out_of:?}");
    assert_eq!(meeting_sheet(&reading).rows().len(), out_of.len() + 1);
}

#[test]
fn counts_that_round_alike_give_the_same_meeting() {
    let network = large_network(1, 130);
    let mut cards: Vec<Scorecard> = network.cards.clone();
    let with = |cards: &[Scorecard]| {
        let of = |at: usize| cards.iter().enumerate().filter(move |(index, _)| index % 6 == at).map(|(_, card)| card);
        let practices: Vec<PracticeCards<'_>> = ["A1", "A2", "A3", "A4", "A5", "A6"]
            .iter()
            .enumerate()
            .map(|(at, practice)| PracticeCards { practice, cards: of(at).collect() })
            .collect();
        meeting_page(&meeting(&network, &practices), &navigation())
    };
    let before = with(&cards);
    // One event more of a count that stays within its step of five: 18 to 22 are all 20.
    let moved = |n: i64| n > 8 && (n + 2) % 5 != 4;
    let measure = cards[0].content.measures.iter_mut().find(|measure| {
        measure.n_unit.as_ref() == "count" && measure.value.is_some() && moved(measure.n) && measure.n == measure.facts_n
    });
    let measure = measure.expect("a measure of counts");
    measure.n += 1;
    measure.facts_n += 1;
    assert_eq!(with(&cards), before);
}

#[test]
fn few_practices_or_few_clinicians_are_no_comparison() {
    let network = large_network(1, 130);
    let all = practices(&network);
    assert!(words(&meeting_page(&meeting(&network, &all[..4]), &navigation())).contains("A comparison needs five practices"));
    let small: Vec<PracticeCards<'_>> = all
        .iter()
        .map(|one| PracticeCards { practice: one.practice, cards: one.cards.iter().take(4).copied().collect() })
        .collect();
    let page = meeting_page(&meeting(&network, &small), &navigation());
    check("small meeting", &page);
    assert!(words(&page).contains("A comparison needs five practices"));
}

#[test]
fn a_question_that_one_person_makes_is_not_asked() {
    let network = large_network(1, 130);
    let practices = practices(&network);
    let index =
        network.random.measures.measures().iter().position(|measure| &*measure.definition.id == "m00").expect("a proportion");
    let id = network.random.measures.measures()[index].definition.id.clone();
    // 200 of 1,000 everywhere, and in A1 one clinician with 900 of 1,000 or all with 400.
    let with = |own: &dyn Fn(usize) -> i64| {
        let card = |practice: usize, at: usize| {
            let mut card = practices[practice].cards[at].clone();
            card.content.measures.retain(|measure| *measure.id == *id);
            if let Some(measure) = card.content.measures.first_mut() {
                let n = if practice == 0 { own(at) } else { 190 + 10 * i64::try_from(practice).expect("small") };
                (measure.n, measure.facts_n, measure.d, measure.facts_d) = (n, n, 1_000, 1_000);
                (measure.value, measure.suppressed) = (Some(n as f64 / 10.0), None);
            }
            card
        };
        let cards: Vec<Vec<Scorecard>> = (0..6).map(|practice| (0..8).map(|at| card(practice, at)).collect()).collect();
        let codes = ["A1", "A2", "A3", "A4", "A5", "A6"];
        let practices: Vec<PracticeCards<'_>> =
            codes.iter().zip(&cards).map(|(practice, cards)| PracticeCards { practice, cards: cards.iter().collect() }).collect();
        texts(&meeting_page(&meeting(&network, &practices), &navigation()), "#questions ~ ol li")
    };
    assert_eq!(with(&|at| if at == 0 { 900 } else { 200 }), Vec::<String>::new());
    let asked = with(&|_| 400);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].contains("We are at 40%") && asked[0].contains("Lower is better."), "{asked:?}");
}

fn network_reading<'a>(network: &'a Network, cards: &'a [&'a Scorecard], feeds: &'a [Coverage]) -> NetworkContent<'a> {
    NetworkContent { month: of_month(), measures: &network.random.measures, groups: &network.groups, cards, feeds, months: &[] }
}

#[test]
fn the_network_shows_groups_alone_and_counts_of_clinicians_in_steps_of_five() {
    let network = large_network(1, 40);
    let cards: Vec<&Scorecard> = network.cards.iter().collect();
    let feeds = [Coverage { feed: "a1-emis".to_owned(), state: CoverageState::Silent, newest_day: None }];
    let reading = network_reading(&network, &cards, &feeds);
    let page = network_page(&reading, &navigation());
    check("network", &page);
    for card in &network.cards {
        assert!(!page.contains(&card.content.subject.clinician));
    }
    let enough = texts(&page, "table tbody td:last-child");
    let in_steps = |text: &String| text == "*" || text.parse::<i64>().is_ok_and(|count| count % 5 == 0);
    assert!(!enough.is_empty() && enough.iter().all(in_steps), "{enough:?}");
    assert!(words(&page).contains("Silent: nothing came from a1-emis"));
    assert_eq!(network_sheet(&reading).rows().len(), enough.len() + 1);
    let nobody = NetworkContent { groups: &[], ..reading };
    assert!(words(&network_page(&nobody, &navigation())).contains("No role has 20 clinicians"));
}

#[test]
fn every_other_page_is_sound() {
    let network = large_network(1, 20);
    check("catalogue", &catalogue_page(&network.random.measures, &navigation()));
    let notes: Vec<RejectNote> = (0..60)
        .map(|at| RejectNote {
            feed: None,
            reason: "not_json".to_owned(),
            field: String::new(),
            cure: "<b>".to_owned(),
            records: at,
        })
        .collect();
    let feeds = [CoverageState::Complete, CoverageState::Behind, CoverageState::Silent].map(|state| Coverage {
        feed: format!("{state:?}"),
        state,
        newest_day: Some(a_day()),
    });
    let operations = OperationsContent {
        month: Some(of_month()),
        feeds: &feeds,
        rejects: &notes,
        counts: &[("events", 12_345)],
        unmapped: &[],
    };
    let page = operations_page(&operations, &navigation());
    check("operations", &page);
    assert!(words(&page).contains("10 more groups") && words(&page).contains("12,345"));
    let reader = ReaderLink { label: "<i>".to_owned(), address: "/as/analyst".to_owned(), note: String::new() };
    let readers = vec![reader; 200];
    let choice = ReaderChoice {
        folder: "out",
        clinicians: &readers,
        all: 2_000,
        around: (Some("/?page=1"), Some("/?page=3")),
        leads: &readers,
        others: &[],
    };
    check("choice", &reader_choice_page(&choice, &Navigation::default()));
    let ways = SignInWays { organisation: Some("/login"), mail: Some("/link"), links: true, open: Some("/") };
    check("sign in", &sign_in_page(&ways, &Navigation::default()));
    check("sign in without a way", &sign_in_page(&SignInWays::default(), &Navigation::default()));
    assert!(talks_sheet(&talks(&network, &[])).rows().len() == 1);
    check("empty talks", &talks_page(&talks(&network, &[]), &navigation()));
}

#[test]
fn an_empty_state_says_the_date_of_what_comes_and_an_error_its_status() {
    let newest = Some((of_month(), "/me/2026-10".to_owned()));
    for (notice, status, said) in [
        (
            Notice::FirstCard { on: a_day(), month: of_month(), events: Some(40) },
            200,
            "Your first card comes on 5 December 2026 40 events of yours arrived so far. It is the card of October 2026.",
        ),
        (Notice::NoEvents { person: "gmc|1".to_owned() }, 200, "Nothing arrived under gmc|1."),
        (Notice::NothingInMonth { month: of_month(), newest: newest.clone() }, 404, "You have no events in October 2026"),
        (Notice::NotFinal { month: of_month(), on: a_day() }, 404, "October 2026 becomes final on 5 December 2026."),
        (Notice::NotShownYet { month: of_month(), days: 7 }, 404, "Its clinician sees it alone for 7 days first."),
        (Notice::NotRecorded, 503, "Your own card opens as always."),
        (Notice::SignInFailed { reason: "No.".to_owned() }, 403, "You are not signed in No."),
        (Notice::NoPractice, 200, "No practice to lead"),
        (Notice::NoCards { reason: "Nobody.".to_owned() }, 200, "No cards yet Nobody."),
        (Notice::NotFound { hint: "Is it /me?".to_owned() }, 404, "This page is not here Is it /me?"),
        (Notice::NotAllowed, 403, "You may not see this"),
        (Notice::BadAddress { problem: "No.".to_owned() }, 400, "This address has a mistake No."),
        (Notice::Busy { newest }, 503, "Open October 2026"),
        (Notice::SignedOut, 401, "Sign in again"),
        (Notice::Failure { number: "7f3a".to_owned() }, 500, "The log has it under 7f3a."),
    ] {
        let page = notice_page(&notice, "/", &Navigation::default());
        check(said, &page);
        assert_eq!(notice.status(), status, "{said}");
        assert!(words(&page).contains(said), "{said} in {}", words(&page));
        assert_eq!(words(&page).contains(&format!("Error {status}.")), status >= 400);
    }
}
