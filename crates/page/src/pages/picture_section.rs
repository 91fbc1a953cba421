//! The pictures of one measure: among colleagues, the funnel, and one's own course. Each has its text.

use maud::{Markup, html};
use scorecard::card::peer_snapshot::GroupFigures;
use scorecard::card::scorecard::{CardMeasure, Scorecard};
use scorecard::measure::measure_set::Measure;

use crate::figure::course::{Course, CoursePoint, course};
use crate::figure::funnel_picture::{FunnelTexts, funnel_picture};
use crate::figure::funnel_shape::FunnelShape;
use crate::figure::quantile_dots::{DotTexts, quantile_dots};
use crate::figure::run_chart::run_chart;
use crate::figure::strip::strip;
use crate::pages::definition_section::events_of;
use crate::pages::open_card::OpenCard;
use crate::text::measure_words::{roles, value};
use crate::text::page_words::{say, text};
use crate::text::spoken_count::{amount, grouped};
use crate::text::spoken_date::{month, month_letters};

/// The rounding of a published value, as a share of it.
const ROUNDING: f64 = 1e-7;

/// One's own value among colleagues: twenty dots, else the strip, else a sentence.
pub(crate) fn among(reading: &OpenCard<'_>, measure: &CardMeasure) -> Markup {
    let role = roles(&reading.card.content.subject.role);
    html! {
        section aria-labelledby="among" {
            h2 #among { (say("among.heading", &[("roles", &role)])) }
            (dots(reading, measure).or_else(|| plain_strip(reading, measure)).unwrap_or_else(|| html! { p { (text("among.nobody")) } }))
        }
    }
}

fn dots(reading: &OpenCard<'_>, measure: &CardMeasure) -> Option<Markup> {
    let own = measure.value?;
    let quantiles = &reading.group(measure).filter(|group| !group.quantiles.is_empty())?.quantiles;
    let below = quantiles.iter().filter(|value| **value < own).count().to_string();
    let spoken = value(own, &measure.unit);
    let role = roles(&reading.card.content.subject.role);
    let described = say("among.dots_text", &[("own", &spoken), ("below", &below)]);
    let texts = DotTexts {
        title: &say("among.dots_title", &[("roles", &role)]),
        description: &described,
        own: &say("among.own", &[("own", &spoken)]),
    };
    Some(html! {
        figure {
            (quantile_dots(quantiles, own, &measure.unit, texts))
            figcaption { (text("among.dot")) " " (described) }
        }
    })
}

fn plain_strip(reading: &OpenCard<'_>, measure: &CardMeasure) -> Option<Markup> {
    let values = reading.strip_values(measure)?;
    let spoken = |number: f64| value(number, &measure.unit);
    let (own, centre) = (spoken(values.own), spoken(values.centre?));
    let title = match values.quartiles {
        Some((low, high)) => {
            say("strip.quartiles", &[("own", &own), ("low", &spoken(low)), ("high", &spoken(high)), ("centre", &centre)])
        }
        None => say("strip.median", &[("own", &own), ("centre", &centre)]),
    };
    let drawn = strip(&values, &title)?;
    Some(html! { figure.wide-strip { (drawn) figcaption { (title) "." } } })
}

/// The funnel; a sentence where there is none.
pub(crate) fn chance(measure: &CardMeasure, definition: &Measure, figures: Option<&GroupFigures>) -> Markup {
    let shape = figures.and_then(|figures| FunnelShape::of(measure, definition, figures)).zip(measure.value);
    html! {
        section aria-labelledby="chance" {
            h2 #chance { (text("chance.heading")) }
            @match shape {
                Some((shape, own)) => { (funnel(measure, &shape, own, &events_of(&definition.definition.denominator))) }
                None => { p { (text(if measure.comparator.is_some() { "chance.no_picture" } else { "chance.no_group" })) } }
            }
            @if let Some(interval) = &measure.ci95 {
                p.small { (say("chance.likely", &[("low", &value(interval.lower, &measure.unit)), ("high", &value(interval.upper, &measure.unit))])) }
            }
        }
    }
}

fn funnel(measure: &CardMeasure, shape: &FunnelShape, own: f64, events: &str) -> Markup {
    let spoken = |number: f64| value(number, &measure.unit);
    let work = grouped(measure.d);
    let band = |ends: (Option<f64>, Option<f64>)| match ends {
        (Some(low), Some(high)) if low > 0.0 => say("chance.between", &[("low", &spoken(low)), ("high", &spoken(high))]),
        (_, Some(high)) => say("chance.up_to", &[("high", &spoken(high))]),
        (Some(low), None) => say("chance.from", &[("low", &spoken(low))]),
        (None, None) => text("chance.anywhere"),
    };
    let described = say(
        "chance.text",
        &[("work", &work), ("events", events), ("inner", &band(shape.own.inner)), ("outer", &band(shape.own.outer))],
    );
    let place = text(place(shape.own, own));
    let description = format!("{described} {place}");
    let texts = FunnelTexts {
        title: &text("chance.title"),
        description: &description,
        work: &say("chance.axis", &[("events", events), ("window", &measure.window.to_string())]),
        own: &say("among.own", &[("own", &spoken(own))]),
        typical: &say("chance.typical", &[("typical", &spoken(shape.centre))]),
    };
    html! {
        figure {
            (funnel_picture(shape, own, &measure.unit, texts))
            figcaption { (text("chance.less_work")) " " (described) " " (place) }
        }
    }
}

/// The key of the sentence on one's own place within the limits.
fn place(at: crate::figure::funnel_shape::LimitsAt, own: f64) -> &'static str {
    // On a limit is within, and the card's value is rounded to nine digits.
    let rounding = ROUNDING * own.abs().max(1.0);
    let above = |limit: Option<f64>| limit.is_some_and(|limit| own > limit + rounding);
    let below = |limit: Option<f64>| limit.is_some_and(|limit| own < limit - rounding);
    match (above(at.outer.1), above(at.inner.1), below(at.outer.0), below(at.inner.0)) {
        (true, ..) => "chance.above_outer",
        (_, true, ..) => "chance.above_inner",
        (.., true, _) => "chance.below_outer",
        (.., true) => "chance.below_inner",
        _ => "chance.within",
    }
}

/// One's own course, as a picture and as a table.
pub(crate) fn own_course(measure: &CardMeasure, definition: &Measure, card: &Scorecard) -> Markup {
    let drawn = course(measure, definition, card.content.period.month);
    html! {
        section aria-labelledby="course" {
            h2 #course { (text("course.heading")) }
            @match &drawn {
                None => { p { (text("course.few")) } }
                Some(course) => {
                    @let described = course_text(course, measure);
                    figure {
                        (run_chart(course, &measure.unit, &text("course.title"), &described))
                        figcaption { (described) }
                    }
                    (course_table(course, measure))
                }
            }
        }
    }
}

/// The picture in words. The card's own test decides what is a change.
fn course_text(course: &Course, measure: &CardMeasure) -> String {
    let spoken = |number: f64| value(number, &measure.unit);
    let centre = spoken(course.centre);
    let mut parts = vec![match (&course.step, measure.change.as_ref()) {
        (Some((_, after)), Some(change)) => {
            let months = change.months.to_string();
            let key = if change.months == 1 { "course.changed_month" } else { "course.changed" };
            say(key, &[("months", &months), ("after", &spoken(*after)), ("before", &centre)])
        }
        (None, Some(change)) if change.signal => text("course.unseen"),
        _ if (0..course.points.len()).any(|at| course.is_outside(at)) => text("course.ring"),
        _ => text("course.chance"),
    }];
    parts.push(say("course.centre", &[("centre", &centre)]));
    if let Some((low, high)) = course.limits {
        parts.push(say("course.limits", &[("low", &spoken(low)), ("high", &spoken(high))]));
    }
    if course.block == 2 {
        parts.push(text("course.two_months"));
    }
    parts.join(" ")
}

fn course_table(course: &Course, measure: &CardMeasure) -> Markup {
    html! {
        details {
            summary { (text("course.table")) }
            table.numbers {
                caption { (text("course.heading")) }
                thead { tr { th scope="col" { (text("numbers.time")) } th.right scope="col" { (text("numbers.counted")) } th.right scope="col" { (text("numbers.value")) } } }
                tbody {
                    @for point in course.points.iter().rev() {
                        tr {
                            th scope="row" { (span(point)) }
                            td.right { (say("numbers.of", &[("n", &amount(point.n, &measure.n_unit)), ("d", &amount(point.d, &measure.d_unit))])) }
                            td.right { (value(point.value, &measure.unit)) }
                        }
                    }
                }
            }
        }
    }
}

fn span(point: &CoursePoint) -> String {
    if point.first == point.last { month(point.last) } else { format!("{} to {}", month_letters(point.first), month(point.last)) }
}
