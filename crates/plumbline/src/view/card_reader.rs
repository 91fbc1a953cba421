//! A published card read back from its JSON, to be shown on a terminal.

use scorecard::card::scorecard::Scorecard;

/// A JSON text that is no card.
#[derive(Debug, thiserror::Error)]
#[error("the JSON is no scorecard of this version of Plumbline: {0}")]
pub struct CardReadError(#[from] serde_json::Error);

/// Reads the JSON of `codec::json::record_lines::scorecard`.
///
/// # Errors
/// [`CardReadError`] when the text is no JSON, or a field is missing or has another type.
pub fn scorecard(line: &str) -> Result<Scorecard, CardReadError> {
    Ok(serde_json::from_str(line)?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_published_example_is_read_back_to_the_byte() {
        let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/scorecard.json"));
        let card = scorecard(example).unwrap_or_else(|error| panic!("{error}"));
        let compact: Value = serde_json::from_str(example).expect("JSON");
        let written: Value = serde_json::from_str(&codec::json::record_lines::scorecard(&card)).expect("JSON");
        assert_eq!(written, compact);
    }

    #[test]
    fn a_text_that_is_no_card_is_named() {
        assert!(scorecard("{}").unwrap_err().to_string().contains("no scorecard"));
        assert!(scorecard(r#"{"cut":"yesterday"}"#).unwrap_err().to_string().contains("no scorecard"));
    }
}
