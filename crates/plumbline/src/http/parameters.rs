//! The parameters behind the `?` of a request. No text of a request is repeated in an error: it may name a patient.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::extract::Query;
use axum::http::Uri;

use crate::config::did_you_mean::unknown;
use crate::http::problem::{ProblemType, Refusal};
use crate::process::limits::{PAGE_ENTRIES, PAGE_ENTRIES_MOST};

/// Longest name of a parameter that an error repeats, characters.
const NAME_CHARS: usize = 24;

/// Longest value of a parameter, bytes: that of the longest id of an event.
const VALUE_BYTES: usize = 256;

/// The parameters of a request, each known to its route.
#[derive(Clone, Debug, Default)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the parameters of a route that knows these names.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Parameters, Refusal> {
        let malformed = |text: &str| Refusal::new(ProblemType::MalformedParameter, text);
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| malformed("the parameters cannot be read; write name=value, percent-encoded, with & between"))?;
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(Refusal::new(ProblemType::UnknownParameter, unknown_parameter(&name, known)));
            }
            // An encoded byte that is no UTF-8 is read as U+FFFD.
            if value.len() > VALUE_BYTES || value.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
                return Err(malformed(&format!(
                    "{name} is not valid; write at most {VALUE_BYTES} bytes of UTF-8 without control characters"
                )));
            }
            if parameters.insert(name.clone(), value).is_some() {
                return Err(malformed(&format!("{name} is given twice; give it once")));
            }
        }
        Ok(Parameters(parameters))
    }

    /// These parameters with others set.
    pub(crate) fn with<const N: usize>(&self, others: [(&str, String); N]) -> Parameters {
        let mut parameters = self.clone();
        parameters.0.extend(others.map(|(name, text)| (name.to_owned(), text)));
        parameters
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names and texts of all parameters, in order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// The value of a parameter.
    pub(crate) fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let example = match name {
            "month" => "a month such as 2026-10",
            "dry-run" => "true or false",
            _ => "a whole number",
        };
        let wrong = |_| Refusal::new(ProblemType::MalformedParameter, format!("{name} is not valid; write {example}"));
        self.text(name).map(|text| text.parse::<T>().map_err(|_| ())).transpose().map_err(wrong)
    }

    /// The number of entries of a page.
    pub(crate) fn limit(&self) -> Result<usize, Refusal> {
        let limit = self.value("limit")?.unwrap_or(PAGE_ENTRIES);
        if (1..=PAGE_ENTRIES_MOST).contains(&limit) {
            return Ok(limit);
        }
        let text = format!("limit is out of range; write a number from 1 to {PAGE_ENTRIES_MOST}");
        Err(Refusal::new(ProblemType::MalformedParameter, text))
    }
}

/// The name of a parameter is repeated only if it is a short word: it may be a value in the wrong place.
fn unknown_parameter(name: &str, known: &[&str]) -> String {
    let is_word = !name.is_empty()
        && name.len() <= NAME_CHARS
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte));
    let known_names = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match is_word {
        true if known.is_empty() => format!("there is no parameter {name:?}; this route has no parameters"),
        true => unknown("parameter", name, known),
        false => format!("a parameter is unknown; known: {known_names}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, known: &[&str]) -> Result<Parameters, (ProblemType, String)> {
        let uri = format!("/v1/scorecards{query}").parse().unwrap();
        Parameters::read(&uri, known).map_err(|refusal| (refusal.problem, refusal.detail))
    }

    #[test]
    fn an_unknown_parameter_is_named_and_a_number_in_its_place_is_not() {
        let known = ["month", "limit"];
        let (problem, detail) = read("?monht=2026-10", &known).unwrap_err();
        assert_eq!(problem, ProblemType::UnknownParameter);
        assert!(detail.contains("\"monht\"") && detail.contains("did you mean \"month\"?"), "{detail}");
        let (_, detail) = read("?9434765919=1", &known).unwrap_err();
        assert!(!detail.contains("943") && detail.contains("month, limit"), "{detail}");
        assert!(read("?pretty", &[]).unwrap_err().1.contains("no parameters"));
    }

    #[test]
    fn a_value_is_read_once_and_never_repeated_in_an_error() {
        let known = ["month", "limit"];
        assert_eq!(read("?limit=7&month=", &known).unwrap().limit(), Ok(7));
        assert_eq!(read("", &known).unwrap().limit(), Ok(PAGE_ENTRIES));
        let refused = read("?limit=9434765919x", &known).unwrap().limit().unwrap_err();
        assert!(refused.problem == ProblemType::MalformedParameter && !refused.detail.contains("943"), "{refused:?}");
        assert!(read("?limit=1&limit=2", &known).unwrap_err().1.contains("twice"));
    }
}
