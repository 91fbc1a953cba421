//! The state of the data: feeds, rejected records and counts, each with the next action.

use maud::{Markup, html};
use scorecard::card::scorecard::{Coverage, CoverageState};
use scorecard::time::calendar::Month;

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::text::page_words::{say, text};
use crate::text::spoken_count::grouped;
use crate::text::spoken_date::{day, month};

/// Most groups of rejects on the page.
const MOST_GROUPS: usize = 50;

/// Rejected records of one feed, reason and field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectNote {
    /// The feed, if known.
    pub feed: Option<String>,
    /// The reason.
    pub reason: String,
    /// The field.
    pub field: String,
    /// The problem and its cure.
    pub cure: String,
    /// How many there are.
    pub records: i64,
}

/// The content of the page.
#[derive(Clone, Copy, Debug)]
pub struct OperationsContent<'a> {
    /// The newest month with cards.
    pub month: Option<Month>,
    /// The feeds of that month.
    pub feeds: &'a [Coverage],
    /// Rejected records in groups, most first.
    pub rejects: &'a [RejectNote],
    /// Counts with their names, as the run reported them: name of `operations_count`, count.
    pub counts: &'a [(&'a str, i64)],
    /// Codes without a meaning, most first: system, items.
    pub unmapped: &'a [(String, i64)],
}

/// The page.
#[must_use]
pub fn operations_page(reading: &OperationsContent<'_>, navigation: &Navigation) -> String {
    let title = text("operations.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (reading.month.map_or_else(|| text("operations.no_month"), |of| say("operations.lead", &[("month", &month(of))]))) }
        (feeds(reading.feeds))
        (rejects(reading.rejects))
        (unmapped(reading.unmapped))
        (counts(reading.counts))
    };
    document(navigation, &title, &main)
}

fn feeds(feeds: &[Coverage]) -> Markup {
    html! {
        section aria-labelledby="feeds" {
            h2 #feeds { (text("operations.feeds")) }
            @if feeds.is_empty() { p { (text("data.no_feed")) } }
            @else {
                table.stacked role="table" {
                    caption { (text("operations.feeds_caption")) }
                    thead role="rowgroup" { tr role="row" { @for key in ["feed", "state", "newest", "next"] { th scope="col" role="columnheader" { (text(&format!("operations.{key}"))) } } } }
                    tbody role="rowgroup" {
                        @for feed in feeds {
                            @let key = state(feed.state);
                            tr role="row" {
                                th scope="row" role="rowheader" { (feed.feed) }
                                td role="cell" data-label=(text("operations.state")) { (text(&format!("operations.{key}"))) }
                                td role="cell" data-label=(text("operations.newest")) { (feed.newest_day.map_or_else(|| text("data.no_day"), day)) }
                                td role="cell" data-label=(text("operations.next")) { (text(&format!("operations.{key}_next"))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn state(state: CoverageState) -> &'static str {
    match state {
        CoverageState::Complete => "complete",
        CoverageState::Behind => "behind",
        CoverageState::Silent => "silent",
    }
}

fn rejects(rejects: &[RejectNote]) -> Markup {
    html! {
        section aria-labelledby="rejects" {
            h2 #rejects { (text("operations.rejects")) }
            @if rejects.is_empty() { p { (text("operations.no_rejects")) } }
            @else {
                table.stacked role="table" {
                    caption { (text("operations.rejects_caption")) }
                    thead role="rowgroup" { tr role="row" { @for key in ["feed", "reason", "records", "cure"] { th scope="col" role="columnheader" { (text(&format!("operations.{key}"))) } } } }
                    tbody role="rowgroup" {
                        @for group in rejects.iter().take(MOST_GROUPS) {
                            tr role="row" {
                                th scope="row" role="rowheader" { (group.feed.clone().unwrap_or_else(|| text("operations.unknown_feed"))) }
                                td role="cell" data-label=(text("operations.reason")) { code { (group.reason) } @if !group.field.is_empty() { " " code { (group.field) } } }
                                td role="cell" data-label=(text("operations.records")) { (grouped(group.records)) }
                                td role="cell" data-label=(text("operations.cure")) { (group.cure) }
                            }
                        }
                    }
                }
                @if rejects.len() > MOST_GROUPS { p { (say("operations.more", &[("count", &(rejects.len() - MOST_GROUPS).to_string())])) } }
            }
        }
    }
}

fn unmapped(unmapped: &[(String, i64)]) -> Markup {
    html! {
        section aria-labelledby="unmapped" {
            h2 #unmapped { (text("operations.unmapped")) }
            @if unmapped.is_empty() { p { (text("operations.no_unmapped")) } }
            @else {
                ul { @for (system, items) in unmapped { li { code { (system) } ": " (grouped(*items)) } } }
                p { (text("operations.unmapped_next")) }
            }
        }
    }
}

fn counts(counts: &[(&str, i64)]) -> Markup {
    html! {
        @if !counts.is_empty() {
            section aria-labelledby="counts" {
                h2 #counts { (text("operations.counts")) }
                table.numbers {
                    caption { (text("operations.counts_caption")) }
                    thead { tr { th scope="col" { (text("operations.count_of")) } th.right scope="col" { (text("operations.count")) } } }
                    tbody { @for (name, count) in counts { tr { th scope="row" { (text(&format!("operations_count.{name}"))) } td.right { (grouped(*count)) } } } }
                }
            }
        }
    }
}
