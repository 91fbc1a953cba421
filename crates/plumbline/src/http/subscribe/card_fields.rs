//! The parameter `fields`: a part of each card, as the card's JSON has it. Numbers keep their text, and fields their order.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::did_you_mean::unknown;
use crate::http::problem::{ProblemType, Refusal};

/// Names at most in one parameter. A card has fewer fields.
const MOST_NAMES: usize = 200;

/// The fields of a record by name. A field that is no record has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldTree(BTreeMap<String, FieldTree>);

/// The chosen fields of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardFields(FieldTree);

impl CardFields {
    /// Reads names such as `subject,measures.id,measures.value`. A name of a record means all its fields.
    pub(crate) fn parse(text: &str) -> Result<CardFields, Refusal> {
        let malformed = |text: String| Refusal::new(ProblemType::MalformedParameter, text);
        let mut chosen = FieldTree::default();
        if text.split(',').count() > MOST_NAMES {
            return Err(malformed(format!("fields has more than {MOST_NAMES} names; name a record to get all its fields")));
        }
        for name in text.split(',').map(str::trim) {
            choose(&mut chosen, known_fields(), name).map_err(malformed)?;
        }
        Ok(CardFields(chosen))
    }

    /// The chosen fields of a card's JSON.
    pub(crate) fn of(&self, card: &str) -> Result<String, serde_json::Error> {
        let mut out = String::with_capacity(card.len() / 4);
        write_chosen(&self.0, card, &mut out)?;
        Ok(out)
    }
}

/// Adds one name to the chosen fields.
fn choose(chosen: &mut FieldTree, known: &FieldTree, name: &str) -> Result<(), String> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let Some(inside) = known.0.get(first) else {
        let names: Vec<&str> = known.0.keys().map(String::as_str).collect();
        return Err(match names.is_empty() {
            true => "fields names a part of a field that has no parts; end the name before the dot".to_owned(),
            false => format!("fields is not valid: {}", unknown("field", first, &names)),
        });
    };
    match rest {
        None => {
            chosen.0.insert(first.to_owned(), inside.clone());
            Ok(())
        }
        Some(rest) => choose(chosen.0.entry(first.to_owned()).or_default(), inside, rest),
    }
}

/// All fields of a card, from its Avro schema. JSON has the same names.
fn known_fields() -> &'static FieldTree {
    static KNOWN: OnceLock<FieldTree> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let schema = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/scorecard.avsc"));
        let schema: Value = serde_json::from_str(schema).expect("a test of the crate codec reads the schema");
        fields_of(&schema, &mut BTreeMap::new())
    })
}

/// The fields of a type. `named` holds the records above it, which a later field may name.
fn fields_of(kind: &Value, named: &mut BTreeMap<String, FieldTree>) -> FieldTree {
    match kind {
        Value::String(name) => named.get(name).cloned().unwrap_or_default(),
        Value::Array(branches) => {
            branches.iter().map(|branch| fields_of(branch, named)).find(|tree| !tree.0.is_empty()).unwrap_or_default()
        }
        Value::Object(of) => {
            if let Some(items) = of.get("items") {
                return fields_of(items, named);
            }
            let fields = of.get("fields").and_then(Value::as_array).into_iter().flatten();
            let field = |field: &Value| Some((field["name"].as_str()?.to_owned(), fields_of(&field["type"], named)));
            let tree = FieldTree(fields.filter_map(field).collect());
            if let Some(name) = of.get("name").and_then(Value::as_str) {
                named.insert(name.to_owned(), tree.clone());
            }
            tree
        }
        _ => FieldTree::default(),
    }
}

/// The members of an object with their text, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Writes the chosen parts of a JSON value. A value that is neither an object nor a list is written whole.
fn write_chosen(chosen: &FieldTree, text: &str, out: &mut String) -> Result<(), serde_json::Error> {
    match text.as_bytes().first() {
        Some(b'{') if !chosen.0.is_empty() => {
            out.push('{');
            let mut separator = "";
            for (name, value) in serde_json::from_str::<Members<'_>>(text)?.0 {
                let Some(inside) = chosen.0.get(&name) else { continue };
                out.push_str(separator);
                out.push_str(&serde_json::to_string(&name)?);
                out.push(':');
                write_chosen(inside, value.get(), out)?;
                separator = ",";
            }
            out.push('}');
        }
        Some(b'[') if !chosen.0.is_empty() => {
            out.push('[');
            let mut separator = "";
            for element in serde_json::from_str::<Vec<&RawValue>>(text)? {
                out.push_str(separator);
                write_chosen(chosen, element.get(), out)?;
                separator = ",";
            }
            out.push(']');
        }
        _ => out.push_str(text),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/examples/scorecard.json"));

    fn compact() -> String {
        codec::json::record_lines::scorecard(&serde_json::from_str(EXAMPLE).unwrap())
    }

    #[test]
    fn the_schema_names_every_field_of_the_example() {
        let whole = known_fields().0.keys().cloned().collect::<Vec<_>>().join(",");
        assert_eq!(CardFields::parse(&whole).unwrap().of(&compact()).unwrap(), compact());
    }

    #[test]
    fn chosen_fields_have_the_text_and_the_order_of_the_card() {
        let card = r#"{"revision":1,"subject":{"clinician":"gmc|7","role":"gp"},"measures":[{"id":"a","value":1.50e-30,"n":3},{"id":"b","n":4}]}"#;
        let fields = CardFields::parse("measures.value, measures.id,subject.clinician").unwrap();
        let chosen = r#"{"subject":{"clinician":"gmc|7"},"measures":[{"id":"a","value":1.50e-30},{"id":"b"}]}"#;
        assert_eq!(fields.of(card).unwrap(), chosen);
        let whole = CardFields::parse("measures.id,measures").unwrap().of(card).unwrap();
        assert_eq!(whole, r#"{"measures":[{"id":"a","value":1.50e-30,"n":3},{"id":"b","n":4}]}"#);
    }

    #[test]
    fn a_field_that_does_not_exist_is_refused_with_the_nearest_one() {
        for (text, cure) in [
            ("mesures", "did you mean \"measures\"?"),
            ("measures.valeu", "did you mean \"value\"?"),
            ("revision.number", "end the name before the dot"),
            ("", "known: "),
            ("subject.", "known: "),
            ("9434765919", "***"),
        ] {
            let refused = CardFields::parse(text).unwrap_err();
            assert_eq!(refused.problem, ProblemType::MalformedParameter);
            assert!(refused.detail.contains(cure), "{text}: {}", refused.detail);
        }
        assert!(CardFields::parse(&"cut,".repeat(201)).unwrap_err().detail.contains("200"));
    }
}
