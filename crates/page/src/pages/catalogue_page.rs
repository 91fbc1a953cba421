//! The catalogue of measures: the same for everybody.

use maud::{Markup, html};
use scorecard::measure::measure_set::{Domain, Giant, Measure, MeasureSet};

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::pages::definition_section::watched;
use crate::pages::measure_ledger::DOMAINS;
use crate::text::measure_words::{better, domain, unit_words};
use crate::text::page_words::{counted, text};
use crate::text::spoken_count::points;

/// The page.
#[must_use]
pub fn catalogue_page(measures: &MeasureSet, navigation: &Navigation) -> String {
    let title = text("catalogue.heading");
    let count = i64::try_from(measures.measures().len()).unwrap_or(i64::MAX);
    let main = html! {
        h1 { (title) }
        p.lead { (counted("questions", count)) " " (text("catalogue.lead")) }
        p { (text("catalogue.choice_text")) }
        @for of in DOMAINS { (table(measures, of)) }
    };
    document(navigation, &title, &main)
}

fn table(measures: &MeasureSet, of: Domain) -> Markup {
    let ours: Vec<&Measure> =
        measures.measures().iter().map(|measure| &**measure).filter(|measure| measure.definition.domain == of).collect();
    html! {
        @if !ours.is_empty() {
            table.stacked.catalogue role="table" {
                caption { (domain(of)) }
                thead role="rowgroup" {
                    tr role="row" {
                        @for heading in ["question", "better", "choice", "giant", "points", "needs"] { th scope="col" role="columnheader" { (text(&format!("catalogue.{heading}"))) } }
                    }
                }
                tbody role="rowgroup" { @for measure in ours { (row(measure, measures)) } }
            }
        }
    }
}

fn row(measure: &Measure, measures: &MeasureSet) -> Markup {
    let file = &measure.definition;
    let label = |key: &str| text(&format!("catalogue.{key}"));
    html! {
        tr role="row" id=(file.id) {
            th scope="row" role="rowheader" {
                strong { (file.short_name()) } span.question { (file.title) }
                span.question { (file.rationale) }
                @if !file.actions.is_empty() { span.question { strong { (text("definition.actions")) ":" } @for action in &file.actions { " " (action) } } }
                @if let Some(other) = watched(measure, measures) {
                    span.question { (text("definition.balancing")) ": " a href=(format!("#{}", other.definition.id)) { (other.definition.short_name()) } }
                }
                span.question { (text("definition.source")) ": " (file.source) ". " code { (measure.name()) } }
            }
            td role="cell" data-label=(label("better")) { (better(file.direction)) @let unit = unit_words(&file.unit); @if !unit.is_empty() { " " span.unit { "(" (unit) ")" } } }
            td role="cell" data-label=(label("choice")) { (text(if file.controllable { "catalogue.yours" } else { "catalogue.shared" })) }
            td role="cell" data-label=(label("giant")) { (giant(file.giant)) }
            td role="cell" data-label=(label("points")) { (file.points.map_or_else(|| text("ledger.no_points"), |of| points(of.available))) @if file.trial { " " (text("catalogue.trial")) } }
            td role="cell" data-label=(label("needs")) { (file.minimum) }
        }
    }
}

fn giant(giant: Option<Giant>) -> String {
    text(match giant {
        Some(Giant::Waste) => "catalogue.waste",
        Some(Giant::Variation) => "catalogue.variation",
        Some(Giant::Inefficiency) => "catalogue.inefficiency",
        None => "ledger.no_points",
    })
}
