//! The case-mix cell of a fact: the age band and the sex of its patient.

use crate::event::Sex;

/// A cell of the case mix: an age band and a sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseMixCell(u8);

/// Number of cells: eight age bands for each of two sexes.
pub const CELLS: u8 = 16;

impl CaseMixCell {
    /// The cell of an age in bands of five years and a sex. `None` if one of them is unknown or the sex is neither.
    #[must_use]
    pub fn of(age_band: Option<u8>, sex: Option<Sex>) -> Option<CaseMixCell> {
        // 0-4, 5-14, 15-29, 30-44, 45-59, 60-74, 75-84, 85 and over.
        let band = match age_band? {
            0 => 0,
            1..=2 => 1,
            3..=5 => 2,
            6..=8 => 3,
            9..=11 => 4,
            12..=14 => 5,
            15..=16 => 6,
            _ => 7,
        };
        let male = match sex? {
            Sex::Female => 0,
            Sex::Male => 1,
            Sex::Other => return None,
        };
        Some(CaseMixCell(2 * band + male))
    }

    /// The cell with this number, below [`CELLS`].
    #[must_use]
    pub fn of_number(number: u8) -> Option<CaseMixCell> {
        (number < CELLS).then_some(CaseMixCell(number))
    }

    /// Its age and sex in words, such as `female, 45 to 59 years`.
    #[must_use]
    pub fn words(self) -> String {
        const AGES: [&str; CELLS as usize / 2] =
            ["0 to 4", "5 to 14", "15 to 29", "30 to 44", "45 to 59", "60 to 74", "75 to 84", "85 or more"];
        let sex = if self.0.is_multiple_of(2) { "female" } else { "male" };
        format!("{sex}, {} years", AGES[usize::from(self.0 / 2)])
    }

    /// Its number: twice the band's number, plus 1 for male.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_eight_age_bands_of_two_sexes() {
        let cell = |band, sex| CaseMixCell::of(Some(band), Some(sex)).map(CaseMixCell::number);
        // 84 years are in band 16, 85 in band 17.
        let female: Vec<u8> = (0..19).filter_map(|band| cell(band, Sex::Female)).collect();
        assert_eq!(female, [0, 2, 2, 4, 4, 4, 6, 6, 6, 8, 8, 8, 10, 10, 10, 12, 12, 14, 14]);
        let words = |number| CaseMixCell::of_number(number).map(CaseMixCell::words).unwrap_or_default();
        assert_eq!([words(0), words(9), words(15)], ["female, 0 to 4 years", "male, 45 to 59 years", "male, 85 or more years"]);
        assert_eq!((cell(18, Sex::Male), cell(3, Sex::Other), CaseMixCell::of(None, Some(Sex::Male))), (Some(15), None, None));
    }
}
