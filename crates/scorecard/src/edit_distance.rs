//! The known word that a mistyped one most likely stands for.

/// At most so many letters may differ.
const MOST: usize = 2;

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
