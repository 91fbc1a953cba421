//! Line and id of each element of a body, for the answer to its sender. Where one element is one line, or one member of a list, its
//! text is known; the entries of a FHIR Bundle have no place.

use std::borrow::Cow;

use codec::identity::nhs_number::contains_nhs_number;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest id that an answer repeats, bytes.
const ID_BYTES: usize = 200;

/// The texts of a body's elements with their lines, in order; empty where they are unknown.
#[derive(Debug)]
pub(crate) struct ElementPlaces<'b>(Vec<(u32, &'b str)>);

#[derive(Deserialize)]
struct WithId<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

impl<'b> ElementPlaces<'b> {
    /// The places of a body with this many elements.
    pub(crate) fn of(body: &'b [u8], elements: usize) -> ElementPlaces<'b> {
        let text = std::str::from_utf8(body).unwrap_or_default().trim_start_matches('\u{feff}');
        let lines: Vec<(u32, &str)> =
            (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty()).take(elements + 1).collect();
        let listed = text.trim_start().starts_with('[').then(|| members(text)).flatten();
        if let Some(members) = listed.filter(|members| members.len() == elements) {
            return ElementPlaces(members);
        }
        if lines.len() == elements {
            return ElementPlaces(lines);
        }
        let first = lines.first().filter(|_| elements == 1).map(|(line, _)| (*line, text.trim()));
        ElementPlaces(first.into_iter().collect())
    }

    /// The line of an element, from 1.
    pub(crate) fn line(&self, index: usize) -> Option<u32> {
        self.0.get(index).map(|(line, _)| *line)
    }

    /// The id that an element names, unless it may name a patient.
    pub(crate) fn id(&self, index: usize) -> Option<String> {
        let (_, text) = self.0.get(index)?;
        let id = serde_json::from_str::<WithId<'_>>(text).ok()?.id?;
        (id.len() <= ID_BYTES && !contains_nhs_number(&id)).then(|| id.into_owned())
    }
}

/// The members of a list with their lines.
fn members(text: &str) -> Option<Vec<(u32, &str)>> {
    let members: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let (mut line, mut counted) = (1, 0);
    let place = |member: &&'_ RawValue| {
        let at = member.get().as_ptr() as usize - text.as_ptr() as usize;
        line += u32::try_from(text[counted..at].matches('\n').count()).unwrap_or(u32::MAX);
        counted = at;
        line
    };
    let lines: Vec<u32> = members.iter().map(place).collect();
    Some(lines.into_iter().zip(members.into_iter().map(RawValue::get)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(body: &str, elements: usize) -> Vec<(Option<u32>, Option<String>)> {
        let places = ElementPlaces::of(body.as_bytes(), elements);
        (0..elements).map(|index| (places.line(index), places.id(index))).collect()
    }

    fn at(line: u32, id: &str) -> (Option<u32>, Option<String>) {
        (Some(line), Some(id.to_owned()))
    }

    #[test]
    fn lines_lists_and_one_object_over_lines_have_places() {
        assert_eq!(places("{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n", 2), [at(1, "a"), at(3, "b")]);
        assert_eq!(places("[{\"id\":\"a\"},\n {\"id\":\"b\"}]", 2), [at(1, "a"), at(2, "b")]);
        assert_eq!(places("\n{\n \"id\": \"a\"\n}\n", 1), [at(2, "a")]);
        assert_eq!(places("{\"id\":\"a\"}\nno json\n", 2), [at(1, "a"), (Some(2), None)]);
    }

    #[test]
    fn an_id_that_may_name_a_patient_is_not_repeated() {
        assert_eq!(places("{\"id\":\"9434765919\"}\n{\"id\":\"v-943 476 5919\"}", 2), [(Some(1), None), (Some(2), None)]);
        assert_eq!(places(&format!("{{\"id\":\"{}\"}}", "x".repeat(201)), 1), [(Some(1), None)]);
    }

    #[test]
    fn the_entries_of_a_bundle_have_no_place() {
        assert_eq!(places("{\"resourceType\":\"Bundle\",\"id\":\"a\",\"entry\":[{},{}]}", 2), [(None, None), (None, None)]);
    }
}
