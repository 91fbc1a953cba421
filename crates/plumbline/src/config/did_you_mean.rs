//! The known word that a mistyped one most likely stands for.

pub use scorecard::edit_distance::nearest;

/// `no option "lisen"; did you mean "listen"?`, or the list of what is known.
#[must_use]
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(known) => format!("there is no {what} {word:?}; did you mean {known:?}?"),
        None => format!("there is no {what} {word:?}; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_answered_with_the_word_and_nonsense_with_the_list() {
        let known = ["listen", "data"];
        assert!(unknown("option", "lisen", &known).contains("did you mean \"listen\"?"));
        assert!(unknown("option", "colour", &known).ends_with("there are listen, data"));
    }
}
