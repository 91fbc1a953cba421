//! The forms of the numbers of clinicians. A number of another form is accepted, because it may still name one person.
//!
//! Sources: GMC, "GMC reference numbers"; NMC, "Your PIN"; GPhC, "Registration numbers"; NHS Data Dictionary, "GENERAL MEDICAL
//! PRACTITIONER PPD CODE" and "SDS user id"; CMS, "NPI check digit".

use crate::identity::nhs_number::is_npi;

/// The system of a number that has not the form of that system's numbers; `None` for a possible number and for any other system.
///
/// `system` is a short name. Blanks and case do not matter, because the registry does not distinguish them.
pub(crate) fn impossible(system: &str, value: &str) -> Option<&'static str> {
    let (known, is_possible) = FORMS.iter().find(|(known, _)| *known == system)?;
    // Nearly all senders write no blanks and no small letters.
    if is_possible(value) {
        return None;
    }
    let clean: String = value.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    (!is_possible(&clean)).then_some(known)
}

/// Systems with the test of their numbers.
type Form = (&'static str, fn(&str) -> bool);

const FORMS: [Form; 6] = [
    ("gmc", |number| has_form(number.strip_prefix('C').unwrap_or(number), "9999999")),
    ("gmp", |number| has_form(number, "A9999999")),
    ("nmc", |number| has_form(number, "99A9999A")),
    ("gphc", |number| has_form(number, "9999999")),
    ("sds", |number| has_form(number, "999999999999")),
    ("npi", is_npi),
];

/// Whether a text has this form: `9` is a digit, `A` a letter.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'9' { byte.is_ascii_digit() } else { byte.is_ascii_uppercase() };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_its_form() {
        for (system, possible, others) in [
            ("gmc", vec!["7012345", "C7012345", "c7012345 "], vec!["701234", "70123456", "G7012345", ""]),
            ("gmp", vec!["G1234567", "g1234567"], vec!["1234567", "G123456"]),
            ("nmc", vec!["12A3456B"], vec!["1234567", "12A3456"]),
            ("gphc", vec!["2071234"], vec!["207123"]),
            ("sds", vec!["555086689106"], vec!["5550866891"]),
            // The example of the CMS standard, and the same number with another check digit.
            ("npi", vec!["1234567893"], vec!["1234567890"]),
        ] {
            possible.into_iter().for_each(|value| assert_eq!(impossible(system, value), None, "{system} {value}"));
            others.into_iter().for_each(|value| assert_eq!(impossible(system, value), Some(system), "{system} {value}"));
        }
        assert_eq!(impossible("https://example.org/staff", "x"), None);
    }
}
