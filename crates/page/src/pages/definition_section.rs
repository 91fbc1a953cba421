//! The definition of a measure: why it matters, what is counted, actions, points, source, changes.

use maud::{Markup, html};
use scorecard::card::scorecard::CardMeasure;
use scorecard::measure::measure_set::{Amount, Class, Measure, MeasureSet, SideDefinition};

use crate::frame::addresses::Addresses;
use crate::text::measure_words::value;
use crate::text::page_words::{say, text};
use crate::text::spoken_count::points;

/// Most code filters that are named.
const MOST_CODES: usize = 12;

/// The list of one measure of a card.
pub(crate) fn definition(measure: &CardMeasure, of: &Measure, measures: &MeasureSet, addresses: &Addresses) -> Markup {
    let file = &of.definition;
    html! {
        section aria-labelledby="definition" {
            h2 #definition { (text("definition.heading")) }
            dl.facts {
                dt { (text("definition.why")) } dd { (file.rationale) }
                @if !file.actions.is_empty() { dt { (text("definition.actions")) } dd { ul { @for action in &file.actions { li { (action) } } } } }
                dt { (text("definition.counted")) } dd { (side(&file.numerator)) }
                dt { (text("definition.out_of")) } dd { (side(&file.denominator)) }
                dt { (text("definition.needed")) } dd { (say("definition.at_least", &[("least", &file.minimum.to_string()), ("events", &events_of(&file.denominator))])) }
                dt { (text("definition.points")) } dd { (points_of(measure, of)) }
                @if let Some(other) = watched(of, measures) {
                    dt { (text("definition.balancing")) }
                    dd { a href=(format!("{}#{}", addresses.measures(), other.definition.id)) { (other.definition.short_name()) } }
                }
                dt { (text("definition.source")) } dd { (file.source) }
                dt { (text("definition.changes")) } dd { @for change in &file.changes { (say("definition.change", &[("change", change)])) " " } }
            }
        }
    }
}

/// The measure to watch with another, if the set holds it.
pub(crate) fn watched<'a>(of: &Measure, measures: &'a MeasureSet) -> Option<&'a Measure> {
    let index = measures.index_of(of.definition.balancing.as_deref()?)?;
    Some(&measures.measures()[index])
}

/// The events of a side in words: `attended consultations`.
pub(crate) fn events_of(side: &SideDefinition) -> String {
    text(match side.event {
        Class::Attendance => "side.attendance",
        Class::Activity => "side.activity",
        Class::Prescription => "side.prescription",
        Class::Feedback => "side.feedback",
        Class::Order => "side.order",
    })
}

fn points_of(measure: &CardMeasure, of: &Measure) -> String {
    let Some(file) = of.definition.points else { return text("definition.no_points") };
    let available = points(file.available);
    let ends = measure.points.as_ref().and_then(|points| points.full.zip(points.begins));
    match ends {
        Some((full, begins)) => {
            let spoken = |end: f64| value(end, &measure.unit);
            say("definition.points_between", &[("available", &available), ("full", &spoken(full)), ("begins", &spoken(begins))])
        }
        None => say("definition.points_only", &[("available", &available)]),
    }
}

/// One side of a measure in words: its events, the amount that each adds, and the drugs.
pub(crate) fn side(side: &SideDefinition) -> String {
    let events = events_of(side);
    let amount = match side.amount {
        Amount::Count | Amount::Items => None,
        Amount::Quantity => Some("side.quantity"),
        Amount::Cost => Some("side.cost"),
        Amount::Adq => Some("side.adq"),
        Amount::Minutes => Some("side.minutes"),
        Amount::Weight => Some("side.weight"),
        Amount::Answers => Some("side.answers"),
    };
    let repeat = side.repeat.map(|repeat| text(if repeat { "side.repeats" } else { "side.new" }));
    let parts = [Some(events), amount.map(text), repeat, codes(&side.codes)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The names behind the codes, from their comments, else the codes.
fn codes(codes: &[String]) -> Option<String> {
    let name = |code: &String| code.split_once('#').map_or(code.as_str(), |(_, name)| name).trim().to_owned();
    let names: Vec<String> = codes.iter().filter(|code| !code.starts_with('~')).map(name).collect();
    let left_out = names.len().saturating_sub(MOST_CODES);
    let shown = names.iter().take(MOST_CODES).cloned().collect::<Vec<_>>().join(", ");
    let more = if left_out > 0 { say("side.more", &[("count", &left_out.to_string())]) } else { String::new() };
    (!names.is_empty()).then(|| say("side.codes", &[("codes", &format!("{shown}{more}"))]))
}
