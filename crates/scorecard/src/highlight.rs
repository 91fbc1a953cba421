//! Findings worth saying: at most three good ones and three to discuss.

use crate::card::{Band, CardMeasure, Highlight};
use crate::measure::Direction;
use crate::window_value::headline;

/// At most this many good ones, and as many to discuss.
pub const MOST: usize = 3;

/// Whether a finding is good news or to be discussed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Good,
    ToDiscuss,
}

/// The highlights of a card: measures with a direction whose headline value lies outside the 95 % limits, those outside the
/// 99.8 % limits first, then in order of their ids; the good ones before those to discuss.
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

/// The finding on a measure, and whether it lies outside the 99.8 % limits.
fn finding(measure: &CardMeasure, wanted: News) -> Option<(bool, Highlight)> {
    let window = headline(measure)?;
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
    let highlight = Highlight { measure: measure.id.clone(), good: news == News::Good, sentence: window.sentence.clone()? };
    (news == wanted).then_some((matches!(band, Band::FarBelow | Band::FarAbove), highlight))
}
