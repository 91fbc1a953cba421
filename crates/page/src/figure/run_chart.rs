//! The run chart of one's own course.

use maud::{Markup, html};
use scorecard::time::calendar::Month;

use crate::figure::course::{Course, CoursePoint};
use crate::figure::funnel_picture::value_marks;
use crate::figure::plot_scale::PlotScale;
use crate::text::spoken_date::{month_letters, short_month};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 8.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 30.0;
/// Least distance of two texts below the axis.
const TEXT_DISTANCE: f64 = 62.0;

/// The chart with this title and description.
#[must_use]
pub fn run_chart(course: &Course, unit: &str, title: &str, description: &str) -> Markup {
    let points = &course.points;
    let x = PlotScale { values: (-0.5, points.len() as f64 - 0.5), places: (LEFT, RIGHT) };
    let y = PlotScale { values: (0.0, highest(course, unit)), places: (BOTTOM, TOP) };
    let at = |index: usize| x.at(index as f64);
    let end = course.step.map_or(RIGHT, |(first, _)| x.at(first as f64 - 0.5));
    let line: String = points
        .iter()
        .enumerate()
        .map(|(k, p)| format!("{}{} {}", if k == 0 { 'M' } else { 'L' }, at(k), y.at(p.value)))
        .collect();
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT) role="img" aria-labelledby="course-title course-text" {
            title #course-title { (title) }
            desc #course-text { (description) }
            (value_marks(&y, unit))
            path.middle d=(format!("M{LEFT} {}H{end}", y.at(course.centre))) {}
            @if let Some((low, high)) = course.limits {
                path.dash d=(format!("M{LEFT} {}H{end}M{LEFT} {}H{end}", y.at(low), y.at(high))) {}
            }
            @if let Some((_, after)) = course.step {
                path.middle d=(format!("M{end} {}H{RIGHT}", y.at(after))) {}
                path.dots d=(format!("M{end} {TOP}V{BOTTOM}")) {}
            }
            path.course d=(line) {}
            @for (index, point) in points.iter().enumerate() {
                @if course.is_outside(index) { circle.hollow cx=(at(index)) cy=(y.at(point.value)) r="6" {} }
                @else { circle.point cx=(at(index)) cy=(y.at(point.value)) r="4" {} }
            }
            @for index in labelled(points.len(), &at) {
                text.soft x=(at(index)) y=(BOTTOM + 18.0) text-anchor=(if index + 1 == points.len() { "end" } else { "middle" }) { (label(&points[index])) }
            }
        }
    }
}

/// The points with a text, counted from the last.
fn labelled(count: usize, at: &dyn Fn(usize) -> f64) -> Vec<usize> {
    let mut shown: Vec<usize> = Vec::new();
    for index in (0..count).rev() {
        // The last text ends at its point, so it reaches further to the left.
        let room = if shown.len() == 1 { TEXT_DISTANCE * 1.5 } else { TEXT_DISTANCE };
        if shown.last().is_none_or(|last| at(*last) - at(index) >= room) {
            shown.push(index);
        }
    }
    shown
}

fn label(point: &CoursePoint) -> String {
    span(point.first, point.last)
}

/// `Oct 26`, or `Sep-Oct 26` for two months.
fn span(first: Month, last: Month) -> String {
    if first == last { short_month(last) } else { format!("{}-{}", month_letters(first), short_month(last)) }
}

fn highest(course: &Course, unit: &str) -> f64 {
    let values = course.points.iter().map(|point| point.value).chain(course.limits.map(|(_, high)| high));
    let most = values.fold(0.0, f64::max) * 1.08;
    match most {
        0.0 => 1.0,
        most if unit.starts_with('%') => most.min(100.0),
        most => most,
    }
}
