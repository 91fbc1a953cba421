//! Highlights of a card: at most three good findings and three to discuss.

use crate::card::scorecard::{Band, CardMeasure, Grade, Highlight};
use crate::measure::measure_set::Direction;
use crate::scoring::window_value::headline;

/// Most good findings, and most findings to discuss.
pub const MOST: usize = 3;

/// The two kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Good,
    ToDiscuss,
}

/// The highlights of a card, the good ones first: measures with a direction and good reliability whose headline value is outside the
/// 95 % limits. Values outside the 99.8 % limits come first, then the order is that of the ids.
#[must_use]
pub fn highlights(measures: &[CardMeasure]) -> Vec<Highlight> {
    let mut highlights = chosen(measures, News::Good);
    highlights.extend(chosen(measures, News::ToDiscuss));
    highlights
}

fn chosen(measures: &[CardMeasure], wanted: News) -> Vec<Highlight> {
    let mut found: Vec<(bool, Highlight)> = measures.iter().filter_map(|measure| finding(measure, wanted)).collect();
    found.sort_by_key(|(far, _)| !far);
    found.into_iter().map(|(_, highlight)| highlight).take(MOST).collect()
}

/// The finding of a measure, and whether its value is outside the 99.8 % limits.
fn finding(measure: &CardMeasure, wanted: News) -> Option<(bool, Highlight)> {
    let window = headline(measure).filter(|window| window.grade == Some(Grade::Good))?;
    let band = window.funnel?.band;
    let high = match band {
        Band::FarBelow | Band::Below => false,
        Band::Above | Band::FarAbove => true,
        Band::Within => return None,
    };
    let news = match measure.direction {
        Direction::High => {
            if high {
                News::Good
            } else {
                News::ToDiscuss
            }
        }
        Direction::Low => {
            if high {
                News::ToDiscuss
            } else {
                News::Good
            }
        }
        Direction::None => return None,
    };
    let highlight = Highlight { measure: measure.id.to_string(), good: news == News::Good, sentence: window.sentence.clone()? };
    (news == wanted).then_some((matches!(band, Band::FarBelow | Band::FarAbove), highlight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::scorecard::WindowValue;
    use crate::measure::measure_set::Domain;
    use crate::scoring::sample::{card_measure, funnel};

    fn measure(id: &str, direction: Direction, band: Band) -> CardMeasure {
        let window = WindowValue {
            n: 1,
            d: 2,
            facts_n: 1,
            facts_d: 2,
            value: Some(0.5),
            funnel: Some(funnel(0.5, band)),
            grade: Some(Grade::Good),
            sentence: Some(format!("{id} says so.")),
            ..WindowValue::empty(12)
        };
        card_measure(id, Domain::Clinical, direction, vec![window])
    }

    fn found(measures: &[CardMeasure]) -> Vec<(String, bool)> {
        highlights(measures).into_iter().map(|h| (h.measure, h.good)).collect()
    }

    #[test]
    fn the_measures_direction_decides_and_values_within_the_limits_are_no_finding() {
        let measures = [
            measure("a", Direction::Low, Band::Above),
            measure("b", Direction::Low, Band::Below),
            measure("c", Direction::High, Band::Above),
            measure("d", Direction::High, Band::FarBelow),
            measure("e", Direction::None, Band::FarBelow),
            measure("f", Direction::High, Band::Within),
        ];
        let expected = [("b", true), ("c", true), ("d", false), ("a", false)];
        assert_eq!(found(&measures), expected.map(|(id, good)| (id.to_owned(), good)));
    }

    #[test]
    fn unreliable_values_are_no_finding() {
        for grade in [None, Some(Grade::Insufficient), Some(Grade::Low), Some(Grade::Moderate)] {
            let mut one = measure("a", Direction::Low, Band::Above);
            one.windows[0].grade = grade;
            assert_eq!(found(&[one]), []);
        }
    }

    #[test]
    fn at_most_three_of_each_kind_with_the_far_ones_first() {
        let measures = ["a", "b", "c", "d", "e"]
            .map(|id| measure(id, Direction::High, if id == "d" { Band::FarAbove } else { Band::Above }));
        let expected = [("d", true), ("a", true), ("b", true)];
        assert_eq!(found(&measures), expected.map(|(id, good)| (id.to_owned(), good)));
    }
}
