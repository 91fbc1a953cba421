//! The funnel: what is usual for this much work. Only one's own mark is in it, because colleagues at (work, value) would show who works
//! part-time.

use maud::{Markup, html};

use crate::figure::funnel_shape::{FunnelShape, LimitsAt};
use crate::figure::plot_scale::{PlotScale, mark_text, marks};
use crate::figure::strip::diamond;
use crate::text::spoken_count::grouped;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = WIDTH - 8.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = HEIGHT - 44.0;
/// Events at which the horizontal axis may have a mark.
const WORK_MARKS: [f64; 9] = [10.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0];

/// The texts of the picture.
#[derive(Clone, Copy, Debug)]
pub struct FunnelTexts<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description.
    pub description: &'a str,
    /// The text below the horizontal axis.
    pub work: &'a str,
    /// The text at one's own value.
    pub own: &'a str,
    /// The text at the typical colleague's value.
    pub typical: &'a str,
}

/// The funnel with one's own value.
#[must_use]
pub fn funnel_picture(shape: &FunnelShape, own: f64, unit: &str, texts: FunnelTexts<'_>) -> Markup {
    let plot = FunnelPlot::of(shape, own, unit);
    let (x, y) = (plot.x.at((shape.own.events as f64).sqrt()), plot.y.at(own));
    let anchor = if x > WIDTH / 2.0 { "end" } else { "start" };
    let beside = if x > WIDTH / 2.0 { x - 12.0 } else { x + 12.0 };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) height=(HEIGHT) role="img" aria-labelledby="funnel-title funnel-text" {
            title #funnel-title { (texts.title) }
            desc #funnel-text { (texts.description) }
            (value_marks(&plot.y, unit))
            (work_marks(&plot))
            text.soft x=((LEFT + RIGHT) / 2.0) y=(HEIGHT - 6.0) text-anchor="middle" { (texts.work) }
            path.middle d=(format!("M{LEFT} {}H{RIGHT}", plot.y.at(shape.centre))) {}
            @for inner in [|at: &LimitsAt| at.inner.0, |at: &LimitsAt| at.inner.1] { path.dash d=(plot.line(&shape.limits, inner)) {} }
            @for outer in [|at: &LimitsAt| at.outer.0, |at: &LimitsAt| at.outer.1] { path.dots d=(plot.line(&shape.limits, outer)) {} }
            (diamond(x, y, 7.0))
            text.strong x=(beside) y=(y + 4.0) text-anchor=(anchor) { (texts.own) }
            text.soft x=(RIGHT) y=(plot.y.at(shape.centre) - 6.0) text-anchor="end" { (texts.typical) }
        }
    }
}

/// Lines at round values, with their texts at the left.
pub(crate) fn value_marks(y: &PlotScale, unit: &str) -> Markup {
    html! {
        @for value in marks(y.values.0, y.values.1, 5.0) {
            path.grid d=(format!("M{LEFT} {}H{RIGHT}", y.at(value))) {}
            text.soft x=(LEFT - 6.0) y=(y.at(value) + 4.0) text-anchor="end" { (mark_text(value, unit)) }
        }
    }
}

fn work_marks(plot: &FunnelPlot) -> Markup {
    let inside = |work: &f64| (plot.x.values.0..=plot.x.values.1).contains(&work.sqrt());
    let mut last = f64::NEG_INFINITY;
    let apart = |work: &f64| {
        let at = plot.x.at(work.sqrt());
        let fits = at - last >= 42.0;
        last = if fits { at } else { last };
        fits
    };
    let shown: Vec<f64> = WORK_MARKS.into_iter().filter(inside).filter(apart).collect();
    html! {
        @for work in shown {
            path.axis d=(format!("M{} {BOTTOM}v5", plot.x.at(work.sqrt()))) {}
            text.soft x=(plot.x.at(work.sqrt())) y=(BOTTOM + 18.0) text-anchor="middle" { (grouped(whole(work))) }
        }
    }
}

fn whole(work: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "one of the marks of this file")]
    let work = work as i64;
    work
}

struct FunnelPlot {
    x: PlotScale,
    y: PlotScale,
}

impl FunnelPlot {
    fn of(shape: &FunnelShape, own: f64, unit: &str) -> FunnelPlot {
        let ends = (shape.limits.first(), shape.limits.last());
        let work = |at: Option<&LimitsAt>| at.map_or(0.0, |at| (at.events as f64).sqrt());
        let highest = shape.limits.first().and_then(|at| at.inner.1).unwrap_or(own);
        let most = (own * 1.15).max(highest * 1.05).max(shape.centre * 1.2);
        let most = if unit.starts_with('%') { most.min(100.0) } else { most };
        FunnelPlot {
            x: PlotScale { values: (work(ends.0), work(ends.1)), places: (LEFT, RIGHT) },
            y: PlotScale { values: (0.0, most), places: (BOTTOM, TOP) },
        }
    }

    /// A limit, where it is within the picture.
    fn line(&self, limits: &[LimitsAt], of: impl Fn(&LimitsAt) -> Option<f64>) -> String {
        let inside = |value: &f64| *value <= self.y.values.1;
        let shown = limits.iter().filter_map(|at| Some((at.events, of(at).filter(inside)?)));
        let points = shown.map(|(events, value)| format!("{} {}", self.x.at((events as f64).sqrt()), self.y.at(value.max(0.0))));
        let joined = points.collect::<Vec<_>>().join("L");
        if joined.is_empty() { String::new() } else { format!("M{joined}") }
    }
}
