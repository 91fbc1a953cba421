//! The sentence on the standard of a measure file. It is no comparison with colleagues, so it is a sentence of its own.

use crate::card::scorecard::CardMeasure;
use crate::measure::measure_set::Direction;
use crate::scoring::spoken_number::with_short_unit;
use crate::scoring::word_catalogue::WordCatalogue;

/// The sentence of a measure whose whole 95 % interval is on the adverse side of the standard. `None` for another measure.
#[must_use]
pub fn standard_sentence(measure: &CardMeasure) -> Option<String> {
    let check = measure.standard.filter(|check| check.beyond)?;
    let key = if measure.direction == Direction::High { "below" } else { "above" };
    let standard = with_short_unit(check.standard, &measure.unit);
    Some(WordCatalogue::english().say("standard", key, &[("standard", &standard)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::scorecard::StandardCheck;
    use crate::measure::measure_set::Domain;
    use crate::scoring::sample::card_measure;

    #[test]
    fn a_value_beyond_the_standard_is_said_with_its_side() {
        let said = |direction: Direction, beyond: bool| {
            let standard = Some(StandardCheck { standard: 12.0, beyond });
            standard_sentence(&CardMeasure { standard, ..card_measure("dna_rate", Domain::Resource, direction, 30, 100) })
        };
        let above = "Above the standard of 12%, by more than chance. The standard is no comparison with colleagues.";
        assert_eq!(said(Direction::Low, true).as_deref(), Some(above));
        assert_eq!(said(Direction::High, true), Some(above.replace("Above", "Below")));
        assert_eq!(said(Direction::Low, false), None);
    }
}
