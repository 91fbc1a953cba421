//! The table of the measures of one domain: name and question, better side, own value, colleagues, 12 months, verdict, points.

use maud::{Markup, html};
use scorecard::card::scorecard::{CardMeasure, PointsBasis, Scorecard};
use scorecard::measure::measure_set::{Direction, Domain};

use crate::figure::spark_line::{spark_line, spark_points};
use crate::figure::strip::strip;
use crate::frame::addresses::Addresses;
use crate::pages::open_card::OpenCard;
use crate::text::measure_words::{better, domain as domain_name, is_finding, unit_words, value, verdict};
use crate::text::page_words::{say, text};
use crate::text::spoken_count::points;

/// The domains in the order of pages.
pub(crate) const DOMAINS: [Domain; 3] = [Domain::Clinical, Domain::Perception, Domain::Resource];

/// The measures of a domain: those with a better side first.
pub(crate) fn in_order(card: &Scorecard, domain: Domain) -> Vec<&CardMeasure> {
    let of = |with_side: bool| {
        let ours = move |measure: &&CardMeasure| measure.domain == domain && (measure.direction != Direction::None) == with_side;
        card.content.measures.iter().filter(ours)
    };
    of(true).chain(of(false)).collect()
}

/// The table of a domain. Nothing without a measure.
pub(crate) fn ledger(reading: &OpenCard<'_>, card: &Scorecard, domain: Domain, addresses: &Addresses) -> Markup {
    let measures = in_order(card, domain);
    if measures.is_empty() {
        return html! {};
    }
    let headings = ["measure", "better", "you", "among", "year", "words", "points"];
    html! {
        table.ledger role="table" {
            caption { (domain_name(domain)) " " span.small { (domain_points(card, domain)) } }
            thead role="rowgroup" {
                tr role="row" {
                    @for heading in headings {
                        th.(format!("of-{heading}")) scope="col" role="columnheader" { (text(&format!("ledger.{heading}"))) }
                    }
                }
            }
            tbody role="rowgroup" { @for measure in measures { (row(reading, card, measure, addresses)) } }
        }
    }
}

fn domain_points(card: &Scorecard, domain: Domain) -> String {
    let found = card.content.domains.iter().find(|points| points.domain == domain && points.available > 0.0);
    found.map_or_else(String::new, |of| {
        say("points.of_points", &[("points", &points(of.points)), ("available", &points(of.available))])
    })
}

fn row(reading: &OpenCard<'_>, card: &Scorecard, measure: &CardMeasure, addresses: &Addresses) -> Markup {
    let link = addresses.measure(card.content.period.month, &card.content.subject.practice, &measure.id);
    let question = reading.definition(measure).map(|measure| measure.definition.title.as_str());
    let unit = unit_words(&measure.unit);
    html! {
        tr.found[is_finding(measure)] role="row" {
            th.of-measure scope="row" role="rowheader" {
                a href=(link) { (measure.name) }
                @if let Some(question) = question { span.question { (question) } }
                @if measure.trial { span.question { (text("ledger.trial")) } }
            }
            td.of-better role="cell" { (better(measure.direction)) }
            td.of-you role="cell" {
                @match measure.value {
                    Some(own) => { (value(own, &measure.unit)) @if !unit.is_empty() { " " span.unit { (unit) } } }
                    None => { span.soft { (text("ledger.no_value")) } }
                }
            }
            td.of-among role="cell" { (among(reading, measure)) }
            td.of-year role="cell" { (year(reading, measure)) }
            td.of-words role="cell" { (verdict(measure)) @if let Some(moved) = moved(measure) { " " span.keep { (moved) } } }
            td.of-points role="cell" { (points_of(measure)) }
        }
    }
}

fn among(reading: &OpenCard<'_>, measure: &CardMeasure) -> Markup {
    let drawn = reading.strip_values(measure).and_then(|values| {
        let spoken = |number: f64| value(number, &measure.unit);
        let [own, centre] = [values.own, values.centre?].map(spoken);
        let title = match values.quartiles {
            Some((low, high)) => {
                say("strip.quartiles", &[("own", &own), ("low", &spoken(low)), ("high", &spoken(high)), ("centre", &centre)])
            }
            None => say("strip.median", &[("own", &own), ("centre", &centre)]),
        };
        strip(&values, &title)
    });
    drawn.unwrap_or_else(|| html! { span.soft.small { (text("ledger.no_group")) } })
}

fn year(reading: &OpenCard<'_>, measure: &CardMeasure) -> Markup {
    let few = || html! { span.soft.small { (text("ledger.few_months")) } };
    let Some(definition) = reading.definition(measure).filter(|_| measure.value.is_some()) else { return few() };
    let Some(points) = spark_points(&measure.months_n, &measure.months_d, &|n, d| definition.value(n, d)) else { return few() };
    let known = || points.values.iter().flatten().copied();
    let spoken = |number: f64| value(number, &measure.unit);
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let last = known().last().map(spoken).unwrap_or_default();
    let key = if points.months == 3 { "spark.quarters" } else { "spark.months" };
    spark_line(&points, &say(key, &[("low", &spoken(low)), ("high", &spoken(high)), ("last", &last)]))
}

/// Which way a signal moved.
fn moved(measure: &CardMeasure) -> Option<String> {
    use scorecard::card::scorecard::Movement;
    let change = measure.change.as_ref().filter(|change| change.signal)?;
    Some(text(if change.direction == Movement::Up { "ledger.rising" } else { "ledger.falling" }))
}

fn points_of(measure: &CardMeasure) -> Markup {
    let Some(of) = &measure.points else { return html! { span.soft { (text("ledger.no_points")) } } };
    let key = if of.basis == PointsBasis::Improvement { "points.improved" } else { "points.of" };
    html! { (say(key, &[("points", &points(of.points)), ("available", &points(of.available))])) }
}

/// The marks of the table and their meaning.
pub(crate) fn key() -> Markup {
    html! {
        p.key {
            span { svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" { path.own d="M7 1l6 6-6 6-6-6z" {} } (text("key.you")) }
            span {
                svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true" {
                    rect.band x="1" y="2" width="32" height="10" {} path.centre d="M17 0v14" {}
                }
                (text("key.half"))
            }
            span { svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true" { path.axis d="M0 7h34" {} } (text("key.eight")) }
            span {
                svg width="34" height="14" viewBox="0 0 34 14" aria-hidden="true" {
                    path.course d="M0 10L10 4 20 9 31 5" {} circle.point cx="31" cy="5" r="2.6" {}
                }
                (text("key.year"))
            }
        }
        p.small.soft { strong { (text("key.found")) } " " (text("key.found_text")) }
    }
}
