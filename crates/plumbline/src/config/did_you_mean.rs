//! The known word that is nearest to a mistyped one.

pub use scorecard::edit_distance::nearest;

/// `there is no option "lisen"; did you mean "listen"?`, or the list of known words if none is near.
#[must_use]
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(known) => format!("there is no {what} {word:?}; did you mean {known:?}?"),
        None => format!("there is no {what} {word:?}; known: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_gets_the_nearest_word_and_an_unknown_word_the_list() {
        let known = ["listen", "data"];
        assert!(unknown("option", "lisen", &known).contains("did you mean \"listen\"?"));
        assert!(unknown("option", "colour", &known).ends_with("known: listen, data"));
    }
}
