//! The network of one role, for an analyst: figures of groups only. Nobody is named.

use maud::{Markup, html};
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{Coverage, Scorecard};
use scorecard::measure::measure_set::{Domain, Measure, MeasureSet};
use scorecard::scoring::disclosure::Count;
use scorecard::time::calendar::Month;

use crate::frame::addresses::{Addresses, as_csv};
use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::frame::spreadsheet::Spreadsheet;
use crate::pages::card_facts::feed_state;
use crate::pages::measure_ledger::DOMAINS;
use crate::pages::month_links::month_links;
use crate::text::measure_words::{better, domain, roles, unit_words, value};
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month};

/// Least cards for a share that is not chance.
const LEAST_CARDS: usize = 20;
/// Reliability from which a value tells about the clinician.
const ENOUGH: f64 = 0.5;
/// Shares are rounded to this many percent.
const SHARE_STEP: f64 = 5.0;

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct NetworkContent<'a> {
    /// The month.
    pub month: Month,
    /// The measures.
    pub measures: &'a MeasureSet,
    /// The public groups of the month.
    pub groups: &'a [PeerGroup],
    /// The final cards of the month, roll-ups left out.
    pub cards: &'a [&'a Scorecard],
    /// The feeds of the month.
    pub feeds: &'a [Coverage],
    /// Months with final cards, oldest first.
    pub months: &'a [Month],
}

/// One measure of a role.
struct NetworkRow<'a> {
    measure: &'a Measure,
    group: &'a PeerGroup,
    /// Median reliability in percent, to the nearest five.
    share: Option<f64>,
    /// Clinicians with enough data, under the rule.
    enough: Count,
}

/// The page.
#[must_use]
pub fn network_page(reading: &NetworkContent<'_>, navigation: &Navigation) -> String {
    let title = say("network.heading", &[("month", &month(reading.month))]);
    let compared = compared_roles(reading);
    let main = html! {
        h1 { (title) }
        p.lead { (say("network.lead", &[("until", &day(reading.month.last_day()))])) }
        dl.facts {
            dt { (text("network.rule")) } dd { (text("disclosure.rule")) }
            dt { (text("network.not_chance")) } dd { (text("network.not_chance_text")) }
            dt { (text("network.feeds")) } dd { (feeds(reading.feeds, reading.month)) }
        }
        @if compared.is_empty() { p.note { (text("network.empty")) } }
        @for role in &compared {
            h2 { (say("network.role", &[("roles", &roles(role)), ("members", &members(reading, role))])) }
            @for of in DOMAINS { (table(reading, role, of, &navigation.addresses)) }
        }
        p.screen-only { a href=(as_csv(&navigation.addresses.network(reading.month))) { (text("disclosure.csv")) } }
        (month_links(reading.month, reading.months, |month| navigation.addresses.network(month)))
    };
    document(navigation, &title, &main)
}

/// The roles with a public group, roll-ups left out.
fn compared_roles<'a>(reading: &NetworkContent<'a>) -> Vec<&'a str> {
    let public = reading.groups.iter().filter(|group| group.members > 0 && !group.key.role.contains(':'));
    let mut found: Vec<&str> = public.map(|group| &*group.key.role).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn members(reading: &NetworkContent<'_>, role: &str) -> String {
    let members = reading.groups.iter().filter(|group| *group.key.role == *role).map(|group| group.members).max();
    grouped(i64::from(members.unwrap_or(0)))
}

fn feeds(feeds: &[Coverage], of: Month) -> String {
    use scorecard::card::scorecard::CoverageState;
    let is_complete = |feed: &&Coverage| {
        feed.state == CoverageState::Complete || (feed.state == CoverageState::Silent && feed.newest_day > Some(of.last_day()))
    };
    let complete = feeds.iter().filter(is_complete).count();
    let others: Vec<String> = feeds.iter().filter(|feed| !is_complete(feed)).map(|feed| feed_state(feed, of)).collect();
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let summary =
        say("network.complete", &[("complete", &grouped(count(complete))), ("all", &counted("feeds", count(feeds.len())))]);
    std::iter::once(summary).chain(others).collect::<Vec<_>>().join(" ")
}

fn rows<'a>(reading: &NetworkContent<'a>, role: &str, of: Domain) -> Vec<NetworkRow<'a>> {
    let row = |measure: &'a std::sync::Arc<Measure>| {
        let name = measure.name();
        let is_ours = |group: &&PeerGroup| *group.key.measure == *name && *group.key.role == *role && group.members > 0;
        let group = reading.groups.iter().find(is_ours)?;
        let (share, enough) = reliabilities(reading, role, measure);
        Some(NetworkRow { measure, group, share, enough })
    };
    let shown = |measure: &&std::sync::Arc<Measure>| measure.definition.domain == of && !measure.definition.trial;
    reading.measures.measures().iter().filter(shown).filter_map(row).collect()
}

/// The median reliability in steps of five percent, and the clinicians with enough data.
fn reliabilities(reading: &NetworkContent<'_>, role: &str, measure: &Measure) -> (Option<f64>, Count) {
    let of = |card: &&&Scorecard| card.content.subject.role == role;
    let own = |card: &&Scorecard| card.content.measures.iter().find(|own| *own.id == *measure.definition.id)?.reliability;
    let mut found: Vec<f64> = reading.cards.iter().filter(of).filter_map(own).collect();
    found.sort_by(f64::total_cmp);
    let enough = found.iter().filter(|reliability| **reliability >= ENOUGH).count();
    let median = found.get(found.len() / 2).filter(|_| found.len() >= LEAST_CARDS);
    let share = median.map(|median| (100.0 * median / SHARE_STEP).round() * SHARE_STEP);
    (share, Count::of(i64::try_from(enough).unwrap_or(i64::MAX)))
}

fn table(reading: &NetworkContent<'_>, role: &str, of: Domain, addresses: &Addresses) -> Markup {
    let rows = rows(reading, role, of);
    let headings = ["measure", "better", "typical", "median", "half", "share", "enough"];
    html! {
        @if !rows.is_empty() {
            table.stacked role="table" {
                caption { (domain(of)) }
                thead role="rowgroup" {
                    tr role="row" { @for heading in headings { th.right[heading != "measure" && heading != "better"] scope="col" role="columnheader" { (text(&format!("network.{heading}"))) } } }
                }
                tbody role="rowgroup" { @for row in &rows { (table_row(row, addresses)) } }
            }
        }
    }
}

fn table_row(row: &NetworkRow<'_>, addresses: &Addresses) -> Markup {
    let definition = &row.measure.definition;
    let spoken = |number: Option<f64>| number.map_or_else(|| text("ledger.no_points"), |number| value(number, &definition.unit));
    let unit = unit_words(&definition.unit);
    let half = row.group.p25.zip(row.group.p75);
    let half = half.map_or_else(
        || text("ledger.no_points"),
        |(low, high)| say("numbers.range", &[("low", &value(low, &definition.unit)), ("high", &value(high, &definition.unit))]),
    );
    let share = row.share.map_or_else(|| text("ledger.no_points"), |share| format!("{share:.0}%"));
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { a href=(format!("{}#{}", addresses.measures(), definition.id)) { (definition.short_name()) } }
            td role="cell" data-label=(text("network.better")) { (better(definition.direction)) }
            td.right role="cell" data-label=(text("network.typical")) { (spoken(row.group.typical)) @if !unit.is_empty() { " " span.unit { (unit) } } }
            td.right role="cell" data-label=(text("network.median")) { (spoken(row.group.median)) }
            td.right role="cell" data-label=(text("network.half")) { (half) }
            td.right role="cell" data-label=(text("network.share")) { (share) }
            td.right role="cell" data-label=(text("network.enough")) { (row.enough) }
        }
    }
}

/// The figures of the network as rows, under the same rule.
#[must_use]
pub fn network_sheet(reading: &NetworkContent<'_>) -> Spreadsheet {
    let mut sheet = Spreadsheet::with_headings([
        "month",
        "role",
        "members",
        "measure",
        "name",
        "better",
        "unit",
        "typical",
        "p25",
        "median",
        "p75",
        "not_chance_percent",
        "enough_data",
    ]);
    for role in compared_roles(reading) {
        for row in DOMAINS.into_iter().flat_map(|of| rows(reading, role, of)) {
            let definition = &row.measure.definition;
            let number = crate::frame::spreadsheet::number;
            sheet.add([
                &reading.month.to_string(),
                role,
                &row.group.members.to_string(),
                &definition.id,
                &definition.short_name(),
                &better(definition.direction),
                &definition.unit,
                &number(row.group.typical),
                &number(row.group.p25),
                &number(row.group.median),
                &number(row.group.p75),
                &number(row.share),
                &row.enough.to_string(),
            ]);
        }
    }
    sheet
}
