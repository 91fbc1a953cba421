//! The numbers of one measure: one's own by window, and those of the group.

use maud::{Markup, html};
use scorecard::card::scorecard::{CardMeasure, Scorecard};
use scorecard::measure::measure_set::Measure;

use crate::pages::open_card::OpenCard;
use crate::text::measure_words::{roles, value};
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_count::{amount, grouped};
use crate::text::spoken_date::month;

/// The tables.
pub(crate) fn numbers(reading: &OpenCard<'_>, card: &Scorecard, measure: &CardMeasure, definition: &Measure) -> Markup {
    html! {
        section aria-labelledby="numbers" {
            h2 #numbers { (text("numbers.heading")) }
            (own(card, measure, definition))
            (group(reading, measure))
        }
    }
}

fn own(card: &Scorecard, measure: &CardMeasure, definition: &Measure) -> Markup {
    html! {
        table.numbers {
            caption { (text("numbers.you")) }
            thead {
                tr {
                    th scope="col" { (text("numbers.time")) }
                    th.right scope="col" { (text("numbers.counted")) }
                    th.right scope="col" { (text("numbers.value")) }
                    th.right scope="col" { (text("numbers.likely")) }
                }
            }
            tbody { @for window in [1u8, 3, 12] { (row(card, measure, definition, window)) } }
        }
    }
}

/// One window. The headline window has the card's value and its interval.
fn row(card: &Scorecard, measure: &CardMeasure, definition: &Measure, window: u8) -> Markup {
    let is_headline = window == measure.window;
    let sums = if is_headline { Some((measure.n, measure.d)) } else { last(measure, window) };
    let least = i64::from(definition.definition.minimum);
    let value_of = |(n, d): (i64, i64)| definition.value(n, d).filter(|_| d >= least && measure.suppressed.is_none());
    let shown = if is_headline { measure.value } else { sums.and_then(value_of) };
    let interval = measure.ci95.filter(|_| is_headline);
    let name = if window == 1 { month(card.content.period.month) } else { counted("months", i64::from(window)) };
    html! {
        tr {
            th scope="row" { (name) }
            td.right {
                @match sums {
                    Some((n, d)) => { (say("numbers.of", &[("n", &amount(n, &measure.n_unit)), ("d", &amount(d, &measure.d_unit))])) }
                    None => { (text("numbers.hidden")) }
                }
            }
            td.right { @match shown { Some(shown) => { (value(shown, &measure.unit)) } None => { span.soft { (text("numbers.too_few")) } } } }
            td.right {
                @if let Some(interval) = interval {
                    (say("numbers.range", &[("low", &value(interval.lower, &measure.unit)), ("high", &value(interval.upper, &measure.unit))]))
                } @else { span.soft { (text("ledger.no_points")) } }
            }
        }
    }
}

/// Sums of the last months. `None` where the card hides its months.
fn last(measure: &CardMeasure, window: u8) -> Option<(i64, i64)> {
    let of = |months: &[i64]| Some(months.get(months.len().checked_sub(usize::from(window))?..)?.iter().sum());
    Some((of(&measure.months_n)?, of(&measure.months_d)?))
}

fn group(reading: &OpenCard<'_>, measure: &CardMeasure) -> Markup {
    let Some(comparator) = &measure.comparator else { return html! { p { (text("among.nobody")) } } };
    let deciles = reading.group(measure).map(|group| (group.members, group.deciles.as_slice()));
    let decile = |place: fn(&[f64]) -> Option<&f64>| deciles.and_then(|(_, deciles)| place(deciles)).copied();
    let rows = [
        ("group.p10", decile(<[f64]>::first)),
        ("group.p25", comparator.p25),
        ("group.p50", comparator.median),
        ("group.p75", comparator.p75),
        ("group.p90", decile(<[f64]>::last)),
        ("group.typical", comparator.typical),
    ];
    let role = roles(&reading.card.content.subject.role);
    let caption = match deciles {
        Some((members, _)) => say("group.caption", &[("roles", &role), ("members", &grouped(i64::from(members)))]),
        None => say("group.caption_small", &[("roles", &role)]),
    };
    html! {
        table.numbers {
            caption { (caption) }
            thead { tr { th scope="col" { (text("group.place")) } th.right scope="col" { (text("numbers.value")) } } }
            tbody {
                @for (key, shown) in rows {
                    @if let Some(shown) = shown { tr { th scope="row" { (text(key)) } td.right { (value(shown, &measure.unit)) } } }
                }
            }
        }
    }
}
