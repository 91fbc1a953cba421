//! Suggests the known word closest to a misspelt one.

/// Most letters in which a suggestion may differ.
const MOST_EDITS: usize = 2;

/// The closest known word, with at most two letters added, dropped or changed. `None` if no word is that close.
#[must_use]
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let length = word.chars().count();
    let near = known.filter(|known| known.chars().count().abs_diff(length) <= MOST_EDITS);
    near.map(|known| (distance(word, known), known)).min().filter(|(distance, _)| *distance <= MOST_EDITS).map(|(_, known)| known)
}

/// Number of letters to add, drop or change (Levenshtein distance).
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
