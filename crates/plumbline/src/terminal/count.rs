//! Numbers as people read them: `1,215`, `1 event`, `2 events`.

/// A number with its noun, in the singular or the plural: `1 event`, `1,215 events`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(i64::try_from(count).unwrap_or(i64::MAX))) }
}

/// Digits in groups of three: `1,215`.
#[must_use]
pub fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_is_plural() {
        let text = |count| counted(count, "entry", "entries");
        assert_eq!([text(0), text(1), text(2), text(1215)], ["0 entries", "1 entry", "2 entries", "1,215 entries"]);
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([grouped(0), grouped(999), grouped(1215), grouped(-1_000_000)], ["0", "999", "1,215", "-1,000,000"]);
    }
}
