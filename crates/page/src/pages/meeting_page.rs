//! The page for a practice meeting: the practice among practices. Nobody is named, and small counts are hidden.

use maud::{Markup, html};
use scorecard::card::scorecard::Scorecard;
use scorecard::measure::measure_set::{Direction, Measure, MeasureSet};
use scorecard::time::calendar::Month;

use crate::figure::strip::{StripValues, strip};
use crate::frame::addresses::{Addresses, as_csv};
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::Spreadsheet;
use crate::pages::measure_ledger::DOMAINS;
use crate::pages::month_links::month_links;
use crate::pages::practice_sums::{PracticeSum, has_sums, practice_sum, quantile};
use crate::text::measure_words::{better, better_sentence, domain, unit_words, value};
use crate::text::page_words::{say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::day;

/// Least practices of a comparison.
const LEAST_PRACTICES: usize = 5;
/// Most questions.
const MOST_QUESTIONS: usize = 3;

/// The cards of one practice.
#[derive(Clone, Debug)]
pub struct PracticeCards<'a> {
    /// Code of the practice.
    pub practice: &'a str,
    /// The cards of its clinicians, of one role.
    pub cards: Vec<&'a Scorecard>,
}

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct MeetingContent<'a> {
    /// Code of the practice.
    pub practice: &'a str,
    /// Its name, if the registry has one.
    pub practice_name: Option<&'a str>,
    /// The month.
    pub month: Month,
    /// The measures.
    pub measures: &'a MeasureSet,
    /// The final cards of every practice of the network, in order of the code.
    pub practices: &'a [PracticeCards<'a>],
    /// Months with final cards of the practice, oldest first.
    pub months: &'a [Month],
}

/// One measure of the practice among practices.
struct PracticeRow<'a> {
    measure: &'a Measure,
    own: PracticeSum,
    quartiles: (f64, f64),
    median: f64,
}

/// The page.
#[must_use]
pub fn meeting_page(reading: &MeetingContent<'_>, navigation: &Navigation) -> String {
    let title = text("meeting.heading");
    let rows = rows(reading);
    let place =
        reading.practice_name.map_or_else(|| reading.practice.to_owned(), |name| format!("{name} ({})", reading.practice));
    let until = day(reading.month.last_day());
    let main = html! {
        h1 { (title) }
        p.lead { (say("meeting.practice", &[("practice", &place), ("until", &until)])) }
        section aria-labelledby="questions" { h2 #questions { (text("meeting.questions")) } (questions(reading, &rows)) }
        h2 { (text("meeting.how")) }
        @if rows.is_empty() { p.note { (text("meeting.empty")) } }
        @else {
            p { (text("meeting.how_text")) }
            @for of in DOMAINS { (table(of, &rows, &navigation.addresses)) }
        }
        section aria-labelledby="agreed" { h2 #agreed { (text("meeting.agreed")) } p.small.soft { (text("meeting.agreed_text")) } div.line {} div.line {} }
        p.small.soft { (text("disclosure.rule")) " " (text("disclosure.only_counts")) }
        p.screen-only { a href=(as_csv(&navigation.addresses.meeting(reading.practice, reading.month))) { (text("disclosure.csv")) } }
        (month_links(reading.month, reading.months, |month| navigation.addresses.meeting(reading.practice, month)))
    };
    document(navigation, &title, &main)
}

/// The measures with a value of the practice and a comparison.
fn rows<'a>(reading: &MeetingContent<'a>) -> Vec<PracticeRow<'a>> {
    let of = |measure: &'a std::sync::Arc<Measure>| {
        let own = reading.practices.iter().find(|practice| practice.practice == reading.practice)?;
        let own = practice_sum(&own.cards, measure).filter(|_| has_sums(measure))?;
        let sums = reading.practices.iter().filter_map(|practice| practice_sum(&practice.cards, measure));
        let mut values: Vec<f64> = sums.map(|sum| sum.value).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| quantile(&values, share).filter(|_| values.len() >= LEAST_PRACTICES);
        Some(PracticeRow { measure, own, quartiles: (at(0.25)?, at(0.75)?), median: at(0.5)? })
    };
    reading.measures.measures().iter().filter_map(of).collect()
}

/// Questions that are asked also without any one of us. A question about one person is not asked in a meeting.
fn questions(reading: &MeetingContent<'_>, rows: &[PracticeRow<'_>]) -> Markup {
    let Some(own) = reading.practices.iter().find(|practice| practice.practice == reading.practice) else {
        return html! { p { (text("meeting.no_question")) } };
    };
    let mut asked: Vec<(f64, &PracticeRow<'_>)> = rows.iter().filter_map(|row| Some((distance(row, &own.cards)?, row))).collect();
    asked.sort_by(|a, b| b.0.total_cmp(&a.0));
    asked.truncate(MOST_QUESTIONS);
    html! {
        @if asked.is_empty() { p { (text("meeting.no_question")) } }
        @else {
            ol { @for (_, row) in asked { li { (question(row)) } } }
            p.small.soft { (text("meeting.without_one")) }
        }
    }
}

/// The least distance from the practices' median on the adverse side, over all ways to leave one clinician out, in middle halves.
fn distance(row: &PracticeRow<'_>, cards: &[&Scorecard]) -> Option<f64> {
    let adverse = |value: f64| match row.measure.definition.direction {
        Direction::Low => Some(value - row.median),
        Direction::High => Some(row.median - value),
        Direction::None => None,
    };
    let without = |left_out: usize| {
        let others: Vec<&Scorecard> = cards.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, card)| *card).collect();
        practice_sum(&others, row.measure).map(|sum| sum.value)
    };
    let mut least = adverse(row.own.value)?;
    for left_out in 0..cards.len() {
        least = least.min(adverse(without(left_out)?)?);
    }
    let width = (row.quartiles.1 - row.quartiles.0).max(f64::MIN_POSITIVE);
    (least > 0.0).then_some(least / width)
}

fn question(row: &PracticeRow<'_>) -> Markup {
    let definition = &row.measure.definition;
    let spoken = |number: f64| value(number, &definition.unit);
    let key = if definition.direction == Direction::High { "meeting.question_high" } else { "meeting.question_low" };
    let values = [("own", &*spoken(row.own.value)), ("out_of", &grouped(row.own.d)), ("median", &spoken(row.median))];
    html! {
        strong { (definition.short_name()) "." } " " (say(key, &values)) " " (better_sentence(definition.direction)) "."
        @if let Some(action) = definition.actions.first() { " " (say("meeting.talk", &[("action", action)])) }
    }
}

fn table(of: scorecard::measure::measure_set::Domain, rows: &[PracticeRow<'_>], addresses: &Addresses) -> Markup {
    let rows: Vec<&PracticeRow<'_>> = rows.iter().filter(|row| row.measure.definition.domain == of).collect();
    html! {
        @if !rows.is_empty() {
            table.ledger.of-practice role="table" {
                caption { (domain(of)) }
                thead role="rowgroup" {
                    tr role="row" {
                        @for (class, key) in [("measure", "ledger.measure"), ("better", "ledger.better"), ("you", "meeting.we"), ("among", "meeting.among"), ("points", "meeting.out_of")] {
                            th.(format!("of-{class}")) scope="col" role="columnheader" { (text(key)) }
                        }
                    }
                }
                tbody role="rowgroup" { @for row in rows { (table_row(row, addresses)) } }
            }
        }
    }
}

fn table_row(row: &PracticeRow<'_>, addresses: &Addresses) -> Markup {
    let definition = &row.measure.definition;
    let unit = unit_words(&definition.unit);
    let spoken = |number: f64| value(number, &definition.unit);
    let values = StripValues { own: row.own.value, centre: Some(row.median), quartiles: Some(row.quartiles), deciles: None };
    let title = say(
        "meeting.strip",
        &[
            ("own", &spoken(row.own.value)),
            ("low", &spoken(row.quartiles.0)),
            ("high", &spoken(row.quartiles.1)),
            ("median", &spoken(row.median)),
        ],
    );
    html! {
        tr role="row" {
            th.of-measure scope="row" role="rowheader" { a href=(format!("{}#{}", addresses.measures(), definition.id)) { (definition.short_name()) } }
            td.of-better role="cell" { (better(definition.direction)) }
            td.of-you role="cell" { (spoken(row.own.value)) @if !unit.is_empty() { " " span.unit { (unit) } } }
            td.of-among role="cell" { @if let Some(drawn) = strip(&values, &title) { (drawn) } }
            td.of-points role="cell" { (grouped(row.own.d)) }
        }
    }
}

/// The values of the practice as rows, under the same rule.
#[must_use]
pub fn meeting_sheet(reading: &MeetingContent<'_>) -> Spreadsheet {
    let mut sheet = Spreadsheet::with_headings([
        "practice", "month", "measure", "name", "better", "value", "unit", "out_of", "p25", "median", "p75",
    ]);
    for row in rows(reading) {
        let definition = &row.measure.definition;
        let spoken = |number: f64| value(number, &definition.unit);
        sheet.add([
            reading.practice,
            &reading.month.to_string(),
            &definition.id,
            &definition.short_name(),
            &better(definition.direction),
            &spoken(row.own.value),
            &definition.unit,
            &row.own.d.to_string(),
            &spoken(row.quartiles.0),
            &spoken(row.median),
            &spoken(row.quartiles.1),
        ]);
    }
    sheet
}
