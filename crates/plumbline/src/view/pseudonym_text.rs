//! Pseudonyms as text: hexadecimal digits, with commas between pseudonyms.

use std::collections::BTreeSet;

use scorecard::event::Pseudonym;

/// Pseudonyms of one request.
const MOST: usize = 1_000;

/// The text of pseudonyms.
#[must_use]
pub fn pseudonym_text(pseudonyms: &BTreeSet<Pseudonym>) -> String {
    let digits = |pseudonym: &Pseudonym| pseudonym.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    pseudonyms.iter().map(digits).collect::<Vec<_>>().join(",")
}

/// The pseudonyms of a text; `None` for another text, for none, and for more than a request may have.
#[must_use]
pub fn pseudonyms_of(text: &str) -> Option<BTreeSet<Pseudonym>> {
    let pseudonyms: BTreeSet<Pseudonym> = text.split(',').take(MOST + 1).map(pseudonym_of).collect::<Option<_>>()?;
    (pseudonyms.len() <= MOST).then_some(pseudonyms)
}

fn pseudonym_of(text: &str) -> Option<Pseudonym> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some(Pseudonym(u128::from_str_radix(text, 16).ok()?.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_read_back_and_another_text_is_none() {
        let pseudonyms =
            BTreeSet::from([Pseudonym([0; 16]), Pseudonym(std::array::from_fn(|at| 250 - u8::try_from(at).unwrap()))]);
        assert_eq!(pseudonyms_of(&pseudonym_text(&pseudonyms)), Some(pseudonyms));
        for wrong in ["", "9434765919", "+0000000000000000000000000000000", &"0".repeat(33), &format!("{},", "0".repeat(32))] {
            assert_eq!(pseudonyms_of(wrong), None, "{wrong}");
        }
    }
}
