//! The events behind a number: newest first, in pages, with the sums that they add up to.

use maud::{Markup, html};
use scorecard::fold::explanation::{Effect, Explanation, Line};
use scorecard::measure::measure_set::Direction;

use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::{amount, grouped};
use crate::text::spoken_date::day;

/// Events of one page.
pub const EVENTS_A_PAGE: usize = 15;

/// The events of a measure, or the reason why they are not here.
#[derive(Clone, Copy, Debug)]
pub enum MeasureEvents<'a> {
    /// They are read from the log on request, because that takes seconds.
    Offered,
    /// They are known; the number of the page counts from 1.
    Known {
        /// All of them.
        explanation: &'a Explanation,
        /// The page.
        page: usize,
        /// Whether the reader wants all events and not only those to look at.
        all: bool,
    },
    /// The log no longer holds them, or the reader may not see them.
    Absent {
        /// The reason.
        reason: &'a str,
        /// The command that may list them.
        command: &'a str,
    },
}

/// The section. `address` is that of the page itself. Where high is good, the events that are not counted are the ones to look at.
pub(crate) fn events(events: MeasureEvents<'_>, direction: Direction, address: &str) -> Markup {
    let (explanation, page, all) = match events {
        MeasureEvents::Known { explanation, page, all } => (explanation, page, all),
        MeasureEvents::Absent { reason, command } => return absent(reason, command),
        MeasureEvents::Offered => return offer(address),
    };
    let shown = to_look_at(explanation, direction, all);
    let pages = shown.len().div_ceil(EVENTS_A_PAGE).max(1);
    let page = page.clamp(1, pages);
    let first = (page - 1) * EVENTS_A_PAGE;
    let rows = &shown[first..shown.len().min(first + EVENTS_A_PAGE)];
    let sums = [amount(explanation.n, &explanation.n_unit), amount(explanation.d, &explanation.d_unit)];
    let count = |count: usize| grouped(i64::try_from(count).unwrap_or(i64::MAX));
    html! {
        section.events aria-labelledby="events" {
            h2 #events { (say(heading(direction, all), &[("count", &count(shown.len()))])) }
            p {
                (counted("events_all", i64::try_from(explanation.lines.len()).unwrap_or(i64::MAX))) " "
                (say("events.sums", &[("n", &sums[0]), ("d", &sums[1])])) " " (text("events.nobody"))
            }
            @if !rows.is_empty() {
                table.event-list role="table" {
                    caption {
                        (say("events.range", &[("first", &count(first + 1)), ("last", &count(first + rows.len())), ("count", &count(shown.len()))]))
                    }
                    thead role="rowgroup" {
                        tr role="row" {
                            @for heading in ["day", "what", "feed", "id", "adds"] { th scope="col" role="columnheader" { (text(&format!("events.{heading}"))) } }
                        }
                    }
                    tbody role="rowgroup" { @for line in rows { (row(line, explanation)) } }
                }
            }
            (links(address, page, pages, all))
        }
    }
}

fn heading(direction: Direction, all: bool) -> &'static str {
    match (all, direction) {
        (true, _) => "events.heading_all",
        (false, Direction::High) => "events.heading_missed",
        (false, _) => "events.heading",
    }
}

/// The events of the page's list, newest first.
fn to_look_at(explanation: &Explanation, direction: Direction, all: bool) -> Vec<&Line> {
    let is_shown = |line: &&Line| match direction {
        _ if all => true,
        Direction::High => line.effect == Effect::Counts && line.numerator.is_none(),
        _ => line.numerator.is_some(),
    };
    explanation.lines.iter().filter(is_shown).rev().collect()
}

fn offer(address: &str) -> Markup {
    html! {
        section.events.screen-only aria-labelledby="events" {
            h2 #events { (text("events.heading_absent")) }
            p { (text("events.offer")) }
            p { a.button href=(to(address, 1, false)) { (text("events.show")) } }
        }
    }
}

/// The address of a page of the events.
fn to(address: &str, page: usize, all: bool) -> String {
    format!("{address}&events={}&page={page}#events", if all { "all" } else { "some" })
}

fn absent(reason: &str, command: &str) -> Markup {
    html! {
        section.events aria-labelledby="events" {
            h2 #events { (text("events.heading_absent")) }
            p { (reason) }
            @if !command.is_empty() { p { (text("events.command")) " " code { (command) } } }
        }
    }
}

fn row(line: &Line, explanation: &Explanation) -> Markup {
    let part = |value: Option<i64>, unit: &str| value.map_or_else(|| text("events.nothing"), |value| amount(value, unit));
    let adds = [part(line.numerator, &explanation.n_unit), part(line.denominator, &explanation.d_unit)];
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (line.day.map_or_else(|| text("events.no_day"), day)) }
            td role="cell" { (kind(line.kind)) @if !line.what.is_empty() { ": " (line.what) } }
            td role="cell" { (line.feed) }
            td role="cell" { code { (line.id) } }
            td role="cell" {
                @match effect(line.effect) {
                    Some(reason) => { (text(reason)) }
                    None => { (say("numbers.of", &[("n", &adds[0]), ("d", &adds[1])])) }
                }
            }
        }
    }
}

fn kind(kind: &str) -> String {
    match kind {
        "encounter" | "prescription" | "feedback" | "order" | "observation" => text(&format!("event_kind.{kind}")),
        other => other.to_owned(),
    }
}

/// The key of the reason why an event adds nothing.
fn effect(effect: Effect) -> Option<&'static str> {
    Some(match effect {
        Effect::Counts => return None,
        Effect::Adjusted => "events.adjusted",
        Effect::Excluded => "events.excluded",
        Effect::Unknown => "events.unknown",
        Effect::NotSent => "events.not_sent",
    })
}

fn links(address: &str, page: usize, pages: usize, all: bool) -> Markup {
    let to = |page: usize, all: bool| to(address, page, all);
    html! {
        nav.screen-only aria-label=(text("events.pages")) {
            p {
                @if page > 1 { a.apart href=(to(page - 1, all)) { (text("events.newer")) } " " }
                @if page < pages { a.apart href=(to(page + 1, all)) { (text("events.older")) } " " }
                @if all { a.apart href=(to(1, false)) { (text("events.some")) } } @else { a.apart href=(to(1, true)) { (text("events.all")) } }
            }
        }
    }
}
