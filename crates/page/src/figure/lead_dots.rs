//! The clinicians of a practice by their letters, above the middle half of colleagues. Letters that would overlap have lanes of their own.

use maud::{Markup, html};

use crate::figure::plot_scale::{PlotScale, tenth};
use crate::figure::quantile_dots::axis_marks;

const WIDTH: f64 = 360.0;
const MARGIN: f64 = 16.0;
const LANE: f64 = 17.0;
/// Least distance of two letters in one lane.
const DISTANCE: f64 = 27.0;

/// One clinician.
#[derive(Clone, Debug, PartialEq)]
pub struct LetterMark {
    /// Two letters.
    pub letters: String,
    /// Their value.
    pub value: f64,
    /// Whether their card has a finding in this measure.
    pub found: bool,
}

/// The picture with this title. `quartiles` and `centre` are those of the role in the network.
#[must_use]
pub fn lead_dots(marks: &[LetterMark], quartiles: (f64, f64), centre: f64, unit: &str, title: &str) -> Markup {
    let values = marks.iter().map(|mark| mark.value);
    let (low, high) = values.fold(quartiles, |(low, high), value| (low.min(value), high.max(value)));
    let room = (high - low) * 0.06;
    let scale = PlotScale { values: (low - room, high + room), places: (MARGIN, WIDTH - MARGIN) };
    let (places, lanes) = places(marks, &scale);
    let base = 12.0 + lanes as f64 * LANE;
    let height = base + 24.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height) role="img" {
            title { (title) }
            rect.band x=(scale.at(quartiles.0)) y="2" width=(tenth((scale.at(quartiles.1) - scale.at(quartiles.0)).max(1.0))) height=(base - 4.0) {}
            path.middle d=(format!("M{} 2V{}", scale.at(centre), base - 2.0)) {}
            path.axis d=(format!("M{MARGIN} {base}H{}", WIDTH - MARGIN)) {}
            (axis_marks(&scale, base, unit))
            @for (mark, (x, lane)) in marks.iter().zip(&places) {
                text.strong[mark.found] x=(x) y=(20.0 + *lane as f64 * LANE) text-anchor="middle" { (mark.letters) }
                @if mark.found { path.course d=(format!("M{} {}h22", tenth(x - 11.0), 24.0 + *lane as f64 * LANE)) {} }
            }
        }
    }
}

/// Place and lane of each mark, and the number of lanes. `marks` are in order of their values.
fn places(marks: &[LetterMark], scale: &PlotScale) -> (Vec<(f64, usize)>, usize) {
    let mut lanes: Vec<f64> = Vec::new();
    let place = |mark: &LetterMark| {
        let x = scale.at(mark.value);
        let lane = lanes.iter().position(|last| x - last >= DISTANCE).unwrap_or(lanes.len());
        if lane == lanes.len() {
            lanes.push(x);
        }
        lanes[lane] = x;
        (x, lane)
    };
    let places = marks.iter().map(place).collect();
    (places, lanes.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_would_overlap_have_lanes_of_their_own() {
        let mark = |value| LetterMark { letters: "AB".to_owned(), value, found: false };
        let scale = PlotScale { values: (0.0, 100.0), places: (0.0, 100.0) };
        let (places, lanes) = places(&[mark(0.0), mark(10.0), mark(40.0)], &scale);
        assert_eq!((places, lanes), (vec![(0.0, 0), (10.0, 1), (40.0, 0)], 2));
    }
}
