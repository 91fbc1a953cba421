//! The patient characteristics for which a measure adjusts the expected value.

use crate::measure::measure_mistake::Mistake;

/// The words of `adjust`, in the order of the messages. Rates are by cells of both, so a measure names both or neither.
const WORDS: [&str; 2] = ["age", "sex"];

/// The mistake in the words of `adjust`.
///
/// # Errors
/// The first word that is unknown, repeated or missing.
pub(crate) fn check_adjust(words: &[String]) -> Result<(), Mistake> {
    let wrong = |text: String| Err(Mistake { table: None, key: "adjust", text });
    if words.is_empty() {
        return Ok(());
    }
    if let Some(unknown) = words.iter().find(|word| !WORDS.contains(&word.as_str())) {
        let why = match unknown.as_str() {
            "mode" => "the clinician chooses the mode, so it is no property of the patients",
            _ => "events say only age and sex of a patient",
        };
        return wrong(format!("adjust names {unknown:?}: {why}; write adjust = [\"age\", \"sex\"], or remove adjust"));
    }
    if let Some(repeated) = words.iter().enumerate().find(|(at, word)| words[..*at].contains(word)) {
        return wrong(format!("adjust names {:?} twice; write adjust = [\"age\", \"sex\"]", repeated.1));
    }
    if let Some(missing) = WORDS.iter().find(|word| !words.iter().any(|named| named == *word)) {
        return wrong(format!("adjust lacks {missing:?}; write adjust = [\"age\", \"sex\"], or remove adjust"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjust_names_age_and_sex_or_nothing() {
        let of =
            |words: &[&str]| check_adjust(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).map_err(|it| it.text);
        assert_eq!([of(&[]), of(&["age", "sex"]), of(&["sex", "age"])], [Ok(()), Ok(()), Ok(())]);
        let cases: [(&[&str], &str); 6] = [
            (&["mode"], "adjust names \"mode\": the clinician chooses the mode"),
            (&["age", "sex", "mode"], "adjust names \"mode\""),
            (&["age_band", "sex"], "adjust names \"age_band\": events say only age and sex"),
            (&["age", "age"], "adjust names \"age\" twice"),
            (&["age"], "adjust lacks \"sex\""),
            (&["sex"], "adjust lacks \"age\""),
        ];
        for (words, text) in cases {
            let found = of(words).expect_err("a mistake");
            assert!(found.starts_with(text) && found.contains("write adjust = [\"age\", \"sex\"]"), "{found}");
        }
    }
}
