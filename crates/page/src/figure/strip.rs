//! A strip: one's own value among colleagues. A line from the first to the ninth decile, a box around the middle half, the typical
//! colleague, and a diamond.

use maud::{Markup, html};

use crate::figure::plot_scale::{PlotScale, tenth};

const WIDTH: f64 = 150.0;
const MIDDLE: f64 = 10.0;
const MARGIN: f64 = 4.0;
/// Room on both sides, as a share of the range.
const ROOM: f64 = 0.08;
/// The strip shows at least this share of the centre on each side of it.
const LEAST_REACH: f64 = 0.1;

/// The values of one strip.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StripValues {
    /// One's own.
    pub own: f64,
    /// The typical colleague's, else the median.
    pub centre: Option<f64>,
    /// The quartiles.
    pub quartiles: Option<(f64, f64)>,
    /// The first and the ninth decile.
    pub deciles: Option<(f64, f64)>,
}

/// The strip with this title. Nothing without a centre.
#[must_use]
pub fn strip(values: &StripValues, title: &str) -> Option<Markup> {
    let StripValues { own, centre, quartiles, deciles } = *values;
    let centre = centre?;
    let scale = scale(values, centre);
    let x = scale.at(own);
    Some(html! {
        svg.strip width="150" height="20" viewBox="0 0 150 20" role="img" {
            title { (title) }
            @if let Some((low, high)) = deciles { path.axis d=(format!("M{} {MIDDLE}H{}", scale.at(low), scale.at(high))) {} }
            @if let Some((low, high)) = quartiles {
                rect.band x=(scale.at(low)) y="4.5" width=(tenth((scale.at(high) - scale.at(low)).max(1.0))) height="11" {}
            }
            path.centre d=(format!("M{} 3v14", scale.at(centre))) {}
            (diamond(x, MIDDLE, 6.0))
        }
    })
}

fn scale(values: &StripValues, centre: f64) -> PlotScale {
    let half = values.quartiles.map(|(low, high)| (low - (high - low) / 2.0, high + (high - low) / 2.0));
    let ends = values.deciles.or(half).unwrap_or((centre, centre));
    // Below a tenth of the centre nothing is a finding, so a smaller difference never fills the strip.
    let least = LEAST_REACH * centre.abs();
    let (low, high) = (ends.0.min(values.own).min(centre - least), ends.1.max(values.own).max(centre + least));
    let room = ROOM * (high - low);
    PlotScale { values: (low - room, high + room), places: (MARGIN, WIDTH - MARGIN) }
}

/// One's own mark.
pub(crate) fn diamond(x: f64, y: f64, half: f64) -> Markup {
    html! { path.own d=(format!("M{x} {}l{half} {half} -{half} {half} -{half} -{half}z", tenth(y - half))) {} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diamond_is_at_the_value_and_the_box_at_the_quartiles() {
        let values = StripValues { own: 30.0, centre: Some(20.0), quartiles: Some((15.0, 25.0)), deciles: Some((10.0, 30.0)) };
        let svg = strip(&values, "You").unwrap().into_string();
        // 10 to 30 with 8 % of 20 on each side: 8.4 to 31.6. x(30) = 4 + 21.6 / 23.2 x 142 = 136.2; x(15) = 4 + 6.6 / 23.2 x 142 = 44.4.
        assert!(svg.contains("M136.2 4l6 6"), "{svg}");
        assert!(svg.contains("x=\"44.4\""), "{svg}");
        // x(20) is the middle.
        assert!(svg.contains("M75 3v14"), "{svg}");
    }

    #[test]
    fn a_difference_of_a_hundredth_looks_like_one() {
        let values = StripValues { own: 25.2, centre: Some(25.0), quartiles: Some((25.0, 25.0)), deciles: None };
        let svg = strip(&values, "You").unwrap().into_string();
        // 22.5 to 27.5 with 8 % of 5 on each side: 22.1 to 27.9. x(25.2) = 4 + 3.1 / 5.8 x 142 = 79.9, and the centre is at 75.
        assert!(svg.contains("M79.9 4l6 6") && svg.contains("M75 3v14"), "{svg}");
    }

    #[test]
    fn without_a_centre_nobody_is_shown() {
        assert!(strip(&StripValues { own: 1.0, ..StripValues::default() }, "").is_none());
    }
}
