//! The known word that a mistyped one most likely stands for.

/// At most so many letters may differ.
const MOST: usize = 2;

/// `no option "lisen"; did you mean "listen"?`, or the list of what is known.
#[must_use]
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(known) => format!("there is no {what} {word:?}; did you mean {known:?}?"),
        None => format!("there is no {what} {word:?}; there are {}", known.join(", ")),
    }
}

/// The known word that differs from this one by no more than a slip.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let length = word.chars().count();
    let near = known.filter(|known| known.chars().count().abs_diff(length) <= MOST);
    near.map(|known| (distance(word, known), known)).min().filter(|(distance, _)| *distance <= MOST).map(|(_, known)| known)
}

/// How many letters to add, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[row.len() - 1]
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
