//! A published card read back from its JSON, to be shown on a terminal.

use scorecard::card::scorecard::Scorecard;
use scorecard::registry::directory::civil_day;
use scorecard::time::calendar::Timestamp;
use serde_json::Value;

/// A JSON text that is no card.
#[derive(Debug, thiserror::Error)]
pub enum CardReadError {
    /// The text is no JSON, or a field is missing or has another type.
    #[error("the JSON is no scorecard of this version of Plumbline: {0}")]
    Json(#[from] serde_json::Error),
    /// A time is not written as `2026-10-05T09:00:00Z`.
    #[error("the JSON is no scorecard of this version of Plumbline: {0} is not a time in UTC")]
    Time(&'static str),
}

/// Reads the JSON of `codec::json::record_lines::scorecard`. Its times are RFC 3339 in UTC; everything else is as serde writes it.
///
/// # Errors
/// [`CardReadError`].
pub fn scorecard(line: &str) -> Result<Scorecard, CardReadError> {
    let mut value: Value = serde_json::from_str(line)?;
    for (pointer, name) in [("/cut", "cut"), ("/period/start", "period.start"), ("/period/end", "period.end")] {
        let Some(field) = value.pointer_mut(pointer) else { continue };
        let at = field.as_str().and_then(timestamp).ok_or(CardReadError::Time(name))?;
        *field = at.0.into();
    }
    Ok(serde_json::from_value(value)?)
}

/// `2026-10-05T09:00:00Z`, with or without a fraction of a second, which is left out.
fn timestamp(text: &str) -> Option<Timestamp> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let [hours, minutes, seconds] = time.split(':').collect::<Vec<_>>().try_into().ok()?;
    let number = |part: &str| part.parse::<u32>().ok().map(i64::from);
    let seconds = (number(hours)? * 60 + number(minutes)?) * 60 + number(seconds)?;
    Some(Timestamp((i64::from(civil_day(day)?.0) * 86_400 + seconds) * 1000))
}

#[cfg(test)]
mod tests {
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
        assert!(scorecard(r#"{"cut":"yesterday"}"#).unwrap_err().to_string().contains("cut is not a time"));
    }
}
