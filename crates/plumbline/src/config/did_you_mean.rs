//! The known word that is nearest to a mistyped one.

use codec::identity::nhs_number::contains_nhs_number;
pub use scorecard::edit_distance::nearest;

/// `there is no option "lisen"; did you mean "listen"?`, or the list of known words if none is near.
#[must_use]
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let word = shown(word);
    match nearest(word, known.iter().copied()) {
        Some(known) => format!("there is no {what} {word:?}; did you mean {known:?}?"),
        None => format!("there is no {what} {word:?}; known: {}", known.join(", ")),
    }
}

/// A text of a request or a file, as an error may repeat it: never one that contains a patient's number.
#[must_use]
pub fn shown(text: &str) -> &str {
    if contains_nhs_number(text) { "***" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patients_number_in_the_place_of_a_word_is_not_repeated() {
        assert_eq!(unknown("measure", "943 476 5919", &["dna_rate"]), "there is no measure \"***\"; known: dna_rate");
        assert_eq!((shown("dna_rate@9434765919"), shown("dna_rate@1")), ("***", "dna_rate@1"));
    }

    #[test]
    fn a_typing_error_gets_the_nearest_word_and_an_unknown_word_the_list() {
        let known = ["listen", "data"];
        assert!(unknown("option", "lisen", &known).contains("did you mean \"listen\"?"));
        assert!(unknown("option", "colour", &known).ends_with("known: listen, data"));
    }
}
