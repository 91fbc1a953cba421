//! The talks of a practice, for its clinical lead: praise that is due, what to check and then to ask about, and how the practice is.
//!
//! Conversations, not ranks: nothing is sorted by a score, and points are never shown.

use maud::{Markup, html};
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{CardMeasure, Movement, Scorecard, VerdictWord};
use scorecard::measure::measure_set::{Direction, MeasureSet};
use scorecard::time::calendar::{Day, Month};

use crate::frame::addresses::{Addresses, as_csv};
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::{Spreadsheet, number};
use crate::pages::card_facts::feed_state;
use crate::pages::month_links::month_links;
use crate::pages::practice_team::{Colleague, NamedCard, team};
use crate::pages::talks_pictures::pictures;
use crate::text::measure_words::value_with_unit;
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month};

/// Least events of the numerator for a talk about them.
const LEAST_EVENTS: i64 = 10;

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct TalksContent<'a> {
    /// Code of the practice.
    pub practice: &'a str,
    /// Its name, if the registry has one.
    pub practice_name: Option<&'a str>,
    /// The month.
    pub month: Month,
    /// The day on which the month becomes final.
    pub final_on: Day,
    /// The measures.
    pub measures: &'a MeasureSet,
    /// The public groups of the month.
    pub groups: &'a [PeerGroup],
    /// The final cards of the practice.
    pub cards: &'a [NamedCard<'a>],
    /// Names of clinicians whose card is not final.
    pub waiting: &'a [String],
    /// Months with final cards of the practice, oldest first.
    pub months: &'a [Month],
}

/// The page.
#[must_use]
pub fn talks_page(reading: &TalksContent<'_>, navigation: &Navigation) -> String {
    let title = say("talks.heading", &[("month", &month(reading.month))]);
    let team = team(reading.cards);
    let addresses = &navigation.addresses;
    let place =
        reading.practice_name.map_or_else(|| reading.practice.to_owned(), |name| format!("{name} ({})", reading.practice));
    let main = html! {
        h1 { (title) }
        p.lead { (say("talks.practice", &[("practice", &place)])) " " (counted("clinicians", i64::try_from(team.len()).unwrap_or(i64::MAX))) }
        dl.facts {
            dt { (text("talks.you_see")) } dd { (text("talks.you_see_text")) }
            dt { (text("talks.final")) } dd { (say("talks.final_text", &[("final_on", &day(reading.final_on))])) }
            @if !reading.waiting.is_empty() { dt { (text("talks.waiting")) } dd { (reading.waiting.join(&text("lists.semicolon"))) } }
            dt { (text("facts.data")) } dd { (feeds(&team)) }
            dt { (text("talks.order")) } dd { (text("talks.order_text")) }
        }
        @if team.is_empty() { p.note { (text("talks.empty")) } }
        @else {
            (praise(&team, addresses))
            (to_check(reading, &team, addresses))
            (nothing_to_raise(&team, addresses))
            (pictures((reading.measures, reading.groups), &team))
        }
        (guide())
        p.screen-only { a href=(as_csv(&addresses.talks(reading.practice, reading.month))) { (text("talks.csv")) } }
        (month_links(reading.month, reading.months, |month| addresses.talks(reading.practice, month)))
    };
    document(navigation, &title, &main)
}

fn feeds(team: &[Colleague<'_>]) -> String {
    let mut states: Vec<String> = team
        .iter()
        .flat_map(|one| one.card.quality.feeds.iter().map(|feed| feed_state(feed, one.card.content.period.month)))
        .collect();
    states.sort();
    states.dedup();
    if states.is_empty() { text("data.no_feed") } else { states.join(" ") }
}

/// Favourable findings, and signals to the better side.
fn praised(card: &Scorecard) -> Vec<String> {
    let measures = card.content.measures.iter();
    let found = measures.filter(|measure| measure.verdict == Some(VerdictWord::BetterThanMost) || improved(measure));
    let spoken = |measure: &CardMeasure| Some(format!("{} {}", measure.name, value_with_unit(measure.value?, &measure.unit)));
    found.filter_map(spoken).collect()
}

fn improved(measure: &CardMeasure) -> bool {
    let better = match measure.direction {
        Direction::Low => Movement::Down,
        Direction::High => Movement::Up,
        Direction::None => return false,
    };
    measure.change.as_ref().is_some_and(|change| change.signal && change.direction == better)
}

fn praise(team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let due: Vec<(&Colleague<'_>, Vec<String>)> =
        team.iter().map(|one| (one, praised(&one.card))).filter(|(_, due)| !due.is_empty()).collect();
    html! {
        section aria-labelledby="praise" {
            h2 #praise { (text("talks.praise")) }
            @if due.is_empty() { p { (text("talks.no_praise")) } }
            @else { ul { @for (one, due) in due { li { (name(one, addresses)) ": " (due.join("; ")) "." } } } }
        }
    }
}

/// The name with a link to the card.
fn name(one: &Colleague<'_>, addresses: &Addresses) -> Markup {
    let (of_month, practice) = (one.card.content.period.month, &one.card.content.subject.practice);
    let address = addresses.of(&one.card.content.subject.clinician).month(of_month, practice);
    html! { a href=(address) { (one.name) } }
}

/// Adverse findings with enough events.
fn findings(card: &Scorecard) -> Vec<&CardMeasure> {
    let is_one = |measure: &&CardMeasure| {
        measure.verdict == Some(VerdictWord::PleaseCheck)
            && measure.facts_n.max(measure.facts_d - measure.facts_n) >= LEAST_EVENTS
    };
    card.content.measures.iter().filter(is_one).collect()
}

fn to_check(reading: &TalksContent<'_>, team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let rows: Vec<(&Colleague<'_>, &CardMeasure)> =
        team.iter().flat_map(|one| findings(&one.card).into_iter().map(move |measure| (one, measure))).collect();
    html! {
        section aria-labelledby="to-check" {
            h2 #to-check { (text("talks.check")) }
            @if rows.is_empty() { p { (text("talks.no_check")) } }
            @else {
                p { (text("talks.check_text")) }
                table.stacked role="table" {
                    caption { (text("talks.check_caption")) }
                    thead role="rowgroup" {
                        tr role="row" {
                            @for heading in ["clinician", "what", "checked", "depends"] { th scope="col" role="columnheader" { (text(&format!("talks.{heading}"))) } }
                        }
                    }
                    tbody role="rowgroup" {
                        @for (one, measure) in rows {
                            tr role="row" {
                                th scope="row" role="rowheader" { (name(one, addresses)) }
                                td role="cell" { strong { (measure.name) } ". " (measure.sentence) }
                                td role="cell" { (checks(&one.card, measure)) }
                                td role="cell" { (depends(reading, measure)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The checks of the data that are done.
fn checks(card: &Scorecard, measure: &CardMeasure) -> String {
    let gaps =
        card.content.coverage.iter().filter(|gaps| gaps.missing || !gaps.gaps.is_empty() || !gaps.not_sent.is_empty()).count();
    let events = counted("events_all", measure.facts_d);
    let data = if gaps == 0 { text("talks.no_gap") } else { counted("gap_months", i64::try_from(gaps).unwrap_or(i64::MAX)) };
    let unknown = if measure.unknown == 0 { String::new() } else { format!(" {}", counted("left_out", measure.unknown)) };
    format!("{events} {data}{unknown} {}", say("talks.version", &[("version", &measure.version.to_string())]))
}

fn depends(reading: &TalksContent<'_>, measure: &CardMeasure) -> String {
    let found = reading.measures.index_of(&measure.id).map(|index| &reading.measures.measures()[index].definition);
    text(if found.is_some_and(|definition| definition.controllable) { "talks.own_choice" } else { "talks.shared" })
}

fn nothing_to_raise(team: &[Colleague<'_>], addresses: &Addresses) -> Markup {
    let is_quiet = |one: &&Colleague<'_>| findings(&one.card).is_empty() && praised(&one.card).is_empty();
    let quiet: Vec<&Colleague<'_>> = team.iter().filter(is_quiet).collect();
    html! {
        @if !quiet.is_empty() {
            p {
                strong { (text("talks.nothing")) }
                @for one in &quiet { " " span.apart { (name(one, addresses)) } }
                (text("talks.nothing_text"))
            }
        }
    }
}

fn guide() -> Markup {
    html! {
        section aria-labelledby="guide" {
            h2 #guide { (text("guide.heading")) }
            ol { @for step in ["first", "second", "third", "fourth", "fifth"] { li { (text(&format!("guide.{step}"))) } } }
            p { (text("guide.never")) }
        }
    }
}

/// The values of the practice's clinicians as rows; no points.
#[must_use]
pub fn talks_sheet(reading: &TalksContent<'_>) -> Spreadsheet {
    let mut sheet = Spreadsheet::with_headings([
        "practice",
        "month",
        "clinician",
        "id",
        "role",
        "measure",
        "name",
        "value",
        "unit",
        "facts",
        "verdict",
    ]);
    for one in &team(reading.cards) {
        for measure in &one.card.content.measures {
            sheet.add([
                reading.practice,
                &reading.month.to_string(),
                one.name,
                &one.card.content.subject.clinician,
                &one.card.content.subject.role,
                &measure.id,
                &measure.name,
                &number(measure.value),
                &measure.unit,
                &grouped(measure.facts_d).replace(',', ""),
                &crate::text::measure_words::verdict(measure),
            ]);
        }
    }
    sheet
}
