//! Twenty dots: each represents one twentieth of the group. They are quantiles of the group, so no colleague's value is shown.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::figure::plot_scale::{PlotScale, mark_text, marks};
use crate::figure::strip::diamond;

const WIDTH: f64 = 360.0;
const MARGIN: f64 = 12.0;
const RADIUS: f64 = 6.0;
/// Width of a column of dots.
const COLUMN: f64 = 2.0 * RADIUS + 1.0;
/// Height of the axis with its marks.
const AXIS: f64 = 28.0;
/// Height of one's own text above the highest dot.
const CAPTION: f64 = 30.0;

/// The texts of the picture.
#[derive(Clone, Copy, Debug)]
pub struct DotTexts<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description.
    pub description: &'a str,
    /// The text at one's own value.
    pub own: &'a str,
}

/// Dots at these quantiles, and one's own value.
#[must_use]
pub fn quantile_dots(quantiles: &[f64], own: f64, unit: &str, texts: DotTexts<'_>) -> Markup {
    let (low, high) = quantiles.iter().fold((own, own), |(low, high), value| (low.min(*value), high.max(*value)));
    let room = (high - low) * 0.06;
    let scale = PlotScale { values: (low - room, high + room), places: (MARGIN, WIDTH - MARGIN) };
    let dots = stacked(quantiles, &scale);
    let levels = dots.iter().map(|(_, level)| level + 1).max().unwrap_or(0);
    let base = CAPTION + f64::from(levels) * COLUMN + RADIUS;
    let height = base + AXIS;
    let x = scale.at(own);
    let anchor = if x > WIDTH - 60.0 {
        "end"
    } else if x < 60.0 {
        "start"
    } else {
        "middle"
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height) role="img" aria-labelledby="dots-title dots-text" {
            title #dots-title { (texts.title) }
            desc #dots-text { (texts.description) }
            path.axis d=(format!("M{MARGIN} {base}H{}", WIDTH - MARGIN)) {}
            (axis_marks(&scale, base, unit))
            @for (column, level) in &dots {
                circle.peer cx=(MARGIN + f64::from(*column) * COLUMN) cy=(base - RADIUS - f64::from(*level) * COLUMN) r=(RADIUS) {}
            }
            path.course d=(format!("M{x} {}V{base}", CAPTION - 8.0)) {}
            (diamond(x, base, 7.0))
            text.strong x=(x) y="16" text-anchor=(anchor) { (texts.own) }
        }
    }
}

/// Marks of a horizontal axis at this height.
pub(crate) fn axis_marks(scale: &PlotScale, base: f64, unit: &str) -> Markup {
    html! {
        @for value in marks(scale.values.0, scale.values.1, 5.0) {
            path.axis d=(format!("M{} {base}v5", scale.at(value))) {}
            text.soft x=(scale.at(value)) y=(base + 19.0) text-anchor="middle" { (mark_text(value, unit)) }
        }
    }
}

/// Column and level of each dot.
fn stacked(quantiles: &[f64], scale: &PlotScale) -> Vec<(i32, i32)> {
    let mut levels: BTreeMap<i32, i32> = BTreeMap::new();
    let place = |value: &f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a column of a picture 360 wide")]
        let column = ((scale.at(*value) - MARGIN) / COLUMN).round() as i32;
        let level = levels.entry(column).or_default();
        *level += 1;
        (column, *level - 1)
    };
    quantiles.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_at_one_place_are_stacked() {
        let scale = PlotScale { values: (0.0, 100.0), places: (MARGIN, WIDTH - MARGIN) };
        // 100 is 336 units, so 1 is 3.36: 0 and 1 share the column 0, and 50 is 168 units, the column 12.9 of 13.
        assert_eq!(stacked(&[0.0, 1.0, 50.0], &scale), [(0, 0), (0, 1), (13, 0)]);
    }

    #[test]
    fn all_twenty_dots_are_drawn_also_where_all_are_alike() {
        let texts = DotTexts { title: "t", description: "d", own: "you" };
        let svg = quantile_dots(&[5.0; 20], 5.0, "%", texts).into_string();
        assert_eq!(svg.matches("<circle").count(), 20);
    }
}
