//! The first sections of a card: one thing to try, what to check, what to keep doing, what changed, and room for a plan.

use maud::{Markup, html};
use scorecard::card::scorecard::{CardMeasure, Scorecard, Suggestion};
use scorecard::measure::measure_set::{Direction, Kind, Measure};

use crate::frame::addresses::Addresses;
use crate::pages::open_card::OpenCard;
use crate::text::measure_words::{better_sentence, value, value_with_unit};
use crate::text::page_words::{counted, say, text};

/// One thing to try.
pub(crate) fn one_thing(reading: &OpenCard<'_>, card: &Scorecard, addresses: &Addresses) -> Markup {
    let measure_of = |one: &Suggestion| card.content.measures.iter().find(|measure| *measure.id == *one.measure);
    let Some((one, measure)) = card.content.one_thing.as_ref().and_then(|one| Some((one, measure_of(one)?))) else {
        return html! {
            section.offer aria-labelledby="offer" {
                h2 #offer { (text("offer.heading")) }
                p { (text("offer.none")) }
            }
        };
    };
    let (month, practice) = (card.content.period.month, &card.content.subject.practice);
    let definition = reading.definition(measure);
    html! {
        section.offer aria-labelledby="offer" {
            h2 #offer { (text("offer.heading")) }
            p.action { (one.action) }
            p { (measure.name) ": " (measure.sentence) @if let Some(room) = room(measure, definition) { " " (room) } }
            p.small { strong { (text("offer.why")) } " " (one.reason) }
            @if let Some(definition) = definition { (also(definition, &one.action)) (balancing(definition, card)) }
            p.screen-only { a.button href=(format!("{}&events=some#events", addresses.measure(month, practice, &measure.id))) { (text("offer.events")) } }
        }
    }
}

/// The other actions of the measure.
fn also(definition: &Measure, offered: &str) -> Markup {
    let others: Vec<&String> = definition.definition.actions.iter().filter(|action| *action != offered).collect();
    html! {
        @if !others.is_empty() {
            p.small { strong { (text("offer.also")) } @for action in others { " " (action) } }
        }
    }
}

/// The measure to watch with it.
fn balancing(definition: &Measure, card: &Scorecard) -> Markup {
    let other = definition.definition.balancing.as_deref();
    let measure = other.and_then(|other| card.content.measures.iter().find(|measure| *measure.id == *other));
    html! {
        @if let Some(measure) = measure {
            p.small { strong { (text("offer.watch")) } " " (measure.name) ": " (measure.sentence) }
        }
    }
}

/// The events between one's own value and the typical colleague's. Only of counts with a better side, and of values on the other side.
fn room(measure: &CardMeasure, definition: Option<&Measure>) -> Option<String> {
    let counts = measure.n_unit.as_ref() != "pence" && matches!(measure.kind, Kind::Rate | Kind::Proportion);
    let typical = measure.comparator.as_ref()?.typical.filter(|_| counts && measure.case_mix.is_none())?;
    let expected = definition?.units.ratio_of_value(typical) * measure.d as f64;
    let difference = measure.n as f64 - expected;
    let (key, events) = match measure.direction {
        Direction::Low => ("room_fewer", difference),
        Direction::High => ("room_more", -difference),
        Direction::None => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a number of events is far below the largest integer")]
    let events = events.round() as i64;
    (events >= 1).then(|| counted(key, events))
}

/// Measures to check, to keep doing, and those that changed.
pub(crate) fn lists(reading: &OpenCard<'_>, card: &Scorecard, addresses: &Addresses) -> Markup {
    let content = &card.content;
    let of = |id: &String| content.measures.iter().find(|measure| *measure.id == **id);
    let found = |ids: &[String]| ids.iter().filter_map(of).collect::<Vec<_>>();
    let (check, keep, changed) = (found(&content.check), found(&content.keep), found(&content.changed));
    let link = |measure: &CardMeasure| addresses.measure(content.period.month, &content.subject.practice, &measure.id);
    html! {
        @if !check.is_empty() {
            section aria-labelledby="check" {
                h2 #check { (text("check.heading")) }
                ul { @for measure in &check { li { a href=(link(measure)) { (measure.name) } ": " (measure.sentence) } } }
                p.small.soft { (text("check.note")) }
            }
        }
        div.pair {
            section aria-labelledby="keep" {
                h2 #keep { (text("keep.heading")) }
                @if keep.is_empty() { p { (text("keep.none")) } }
                @else { ul { @for measure in &keep { li { (kept(reading, measure)) } } } }
            }
            section aria-labelledby="changed" {
                h2 #changed { (text("changed.heading")) }
                @if changed.is_empty() { p { (text("changed.none")) } }
                @else {
                    ul { @for measure in &changed { li { strong { (measure.name) ":" } " " (change(measure)) } } }
                    p.small.soft { (text("changed.rest")) }
                }
            }
        }
    }
}

/// The value of a measure to keep, next to the colleagues'.
fn kept(reading: &OpenCard<'_>, measure: &CardMeasure) -> Markup {
    let own = measure.value.map(|own| value_with_unit(own, &measure.unit)).unwrap_or_default();
    let quartiles = reading.strip_values(measure).and_then(|values| values.quartiles);
    html! {
        strong { (measure.name) ": " (own) "." }
        " " (better_sentence(measure.direction)) "."
        @if let Some((low, high)) = quartiles {
            " " (say("keep.middle_half", &[("low", &value(low, &measure.unit)), ("high", &value(high, &measure.unit))]))
        }
    }
}

/// The sentence of a change, and whether it is to the better side.
pub(crate) fn change(measure: &CardMeasure) -> String {
    use scorecard::card::scorecard::Movement;
    let Some(change) = &measure.change else { return String::new() };
    let side = match (measure.direction, change.direction) {
        (Direction::Low, Movement::Down) | (Direction::High, Movement::Up) => "changed.better",
        (Direction::None, _) => "changed.neither",
        _ => "changed.other",
    };
    format!("{} {}", change.sentence.as_deref().unwrap_or_default(), text(side)).trim().to_owned()
}

/// Room for a plan on paper.
pub(crate) fn plan() -> Markup {
    html! {
        section aria-labelledby="plan" {
            h2 #plan { (text("plan.heading")) }
            p { (text("plan.text")) }
            div.line {} div.line {}
        }
    }
}
