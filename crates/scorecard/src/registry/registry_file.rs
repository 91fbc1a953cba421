//! Reads a registry file, NDJSON or TOML, and reports all its mistakes at once.
//!
//! NDJSON has one entry a line, `{"type":"person",...}`. TOML has a list of tables for each kind, such as `[[person]]`. Both give the
//! same entries, in the order of the file. The operator is their author.

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::edit_distance::nearest;
use crate::registry::entry::{Entry, EntrySource, RegistryMistake};
use crate::registry::identifier::person_key;
use crate::registry::person_details::PersonDetails;
use crate::registry::registry_check::{check, check_people};

/// The content of a registry file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryContent {
    /// The entries in the order of the file.
    pub entries: Vec<Entry>,
    /// Names, logins and contacts of persons, in the order of the file. They never go into the registry's log.
    pub people: Vec<PersonDetails>,
}

/// The keys of a person whose values are no part of an entry.
const DETAILS: [&str; 4] = ["name", "login", "email", "notify"];

/// Reads a registry file.
///
/// # Errors
/// All mistakes of the file in order of their lines: syntax errors, unknown keys, values of the wrong type, and invalid dates. Then
/// come aliases of two persons or in another spelling, references to missing persons, practices or parents, organisations that
/// replace one another, circles of parents, unknown settings, and two roles at once.
pub fn parse_registry(text: &str) -> Result<RegistryContent, Vec<RegistryMistake>> {
    let mut mistakes = Vec::new();
    let objects =
        if text.trim_start().starts_with('{') { from_json(text, &mut mistakes) } else { from_toml(text, &mut mistakes) };
    if objects.is_empty() && mistakes.is_empty() {
        mistakes
            .push(RegistryMistake { line: 1, text: "the file has no entry; add a person, a role or an organisation".to_owned() });
    }
    let (mut entries, mut people) = (Vec::new(), Vec::new());
    for (line, mut object) in objects {
        people.extend(details(line, &mut object, &mut mistakes).map(|details| (line, details)));
        entries.extend(entry(line, object, &mut mistakes).map(|entry| (line, entry)));
    }
    mistakes.extend(check(&entries));
    mistakes.extend(check_people(&people));
    mistakes.sort();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let entries = entries.into_iter().map(|(_, entry)| entry.stated_by(EntrySource::Operator)).collect();
    Ok(RegistryContent { entries, people: people.into_iter().map(|(_, details)| details).collect() })
}

/// An entry's line, and its keys and values with its kind under `type`.
type Object = (usize, Map<String, Value>);

fn from_json(text: &str, mistakes: &mut Vec<RegistryMistake>) -> Vec<Object> {
    let mut objects = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(object) => objects.push((line, object)),
            Err(error) => mistakes.push(RegistryMistake {
                line,
                text: format!("not a JSON object ({error}); write one entry a line, as in {{\"type\":\"person\",\"id\":\"p1\"}}"),
            }),
        }
    }
    objects
}

fn from_toml(text: &str, mistakes: &mut Vec<RegistryMistake>) -> Vec<Object> {
    let line_of = |at: usize| 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = line_of(error.span().map_or(0, |span| span.start));
        mistakes.push(RegistryMistake { line, text: format!("not TOML: {}", error.message()) });
    }
    let mut objects = Vec::new();
    for (key, value) in table.get_ref() {
        let kind = key.get_ref().as_ref();
        let Some(tables) = value.get_ref().as_array().filter(|_| keys_of(kind).is_some()) else {
            let kinds = KINDS.map(|kind| format!("[[{kind}]]")).join(", ");
            let text = format!("{kind:?} is not a list of entries; write one of {kinds}");
            mistakes.push(RegistryMistake { line: line_of(key.span().start), text });
            continue;
        };
        for element in tables.iter() {
            let line = line_of(element.span().start);
            let mut object = match json(element.get_ref()) {
                Value::Object(object) => object,
                _ => Map::new(),
            };
            object.insert("type".to_owned(), kind.into());
            objects.push((line, object));
        }
    }
    // TOML groups tables by name. The entries must keep the order of the file, because the last entry in force decides.
    objects.sort_by_key(|(line, _)| *line);
    objects
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Integer(number) => Value::Array(vec![number.to_string().into()]),
        DeValue::Float(number) => Value::Array(vec![number.to_string().into()]),
        // A date may be written with or without quotes.
        DeValue::Datetime(at) => at.to_string().into(),
        DeValue::Array(array) => array.iter().map(|element| json(element.get_ref())).collect(),
        DeValue::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect())
        }
    }
}

/// The values that a key accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A text that must exist and not be empty.
    Needed,
    /// A text, optional.
    Text,
    /// A list of texts.
    Texts,
    /// True or false.
    Flag,
}

/// The kinds of entries.
const KINDS: [&str; 7] = ["person", "role", "lead", "organisation", "feed", "withdrawal", "sends"];

/// The keys of an entry of this kind.
fn keys_of(kind: &str) -> Option<&'static [(&'static str, Shape)]> {
    use Shape::{Flag, Needed, Text, Texts};
    Some(match kind {
        "person" => &[("id", Needed), ("aliases", Texts), ("name", Text), ("login", Text), ("email", Text), ("notify", Text)],
        "role" => &[("person", Needed), ("practice", Needed), ("role", Needed), ("locum", Flag), ("from", Text), ("until", Text)],
        "lead" => &[("person", Needed), ("practice", Needed), ("from", Text), ("until", Text)],
        "organisation" => &[
            ("code", Needed),
            ("name", Text),
            ("kind", Needed),
            ("parent", Text),
            ("setting", Text),
            ("open_from", Text),
            ("open_until", Text),
            ("aliases", Texts),
        ],
        "feed" => &[("feed", Needed), ("ids", Needed), ("versioning", Needed)],
        "sends" => &[("feed", Needed), ("sends", Texts)],
        "withdrawal" => &[
            ("withdraws", Needed),
            ("person", Text),
            ("alias", Text),
            ("practice", Text),
            ("role", Text),
            ("code", Text),
            ("from", Text),
        ],
        _ => return None,
    })
}

/// Takes the details of a person out of an object. `None` if it has none, or after adding a mistake.
fn details(line: usize, object: &mut Map<String, Value>, mistakes: &mut Vec<RegistryMistake>) -> Option<PersonDetails> {
    let is_text = |key: &&str| object.get(*key).is_some_and(Value::is_string);
    let found: Vec<&str> = DETAILS.into_iter().filter(is_text).collect();
    if found.is_empty() || object.get("type").and_then(Value::as_str) != Some("person") {
        return None;
    }
    let id = object.get("id").and_then(Value::as_str)?.to_owned();
    let texts = found.iter().filter_map(|key| Some(((*key).to_owned(), object.remove(*key)?)));
    let mut fields: Map<String, Value> = texts.collect();
    fields.insert("person".to_owned(), person_key(&id).into());
    match serde_json::from_value(Value::Object(fields)) {
        Ok(details) => Some(details),
        Err(error) => {
            mistakes.push(RegistryMistake { line, text: format!("person: {error}") });
            None
        }
    }
}

/// The entry of an object. `None` after adding a mistake of its keys or values.
fn entry(line: usize, mut object: Map<String, Value>, mistakes: &mut Vec<RegistryMistake>) -> Option<Entry> {
    let before = mistakes.len();
    let mut wrong = |text: String| mistakes.push(RegistryMistake { line, text });
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(keys) = keys_of(&kind) else {
        wrong(format!("type {kind:?} is not one of {}; write one of these", KINDS.join(", ")));
        return None;
    };
    object.retain(|key, value| key == "type" || !value.is_null());
    for key in object.keys().filter(|key| *key != "type" && !keys.iter().any(|(known, _)| known == key)) {
        wrong(unknown_key(&kind, key, keys));
    }
    for (key, shape) in keys {
        if let Some(text) = misshapen(object.get(*key), *shape) {
            wrong(format!("{kind}.{key} {text}"));
        }
    }
    if mistakes.len() > before {
        return None;
    }
    match serde_json::from_value(Value::Object(object)) {
        Ok(entry) => Some(entry),
        Err(error) => {
            mistakes.push(RegistryMistake { line, text: format!("{kind}: {error}") });
            None
        }
    }
}

/// The mistake in a value. `None` if it has none.
fn misshapen(value: Option<&Value>, shape: Shape) -> Option<&'static str> {
    match (shape, value) {
        (Shape::Needed, None) => Some("is missing; add it"),
        (Shape::Needed, Some(Value::String(text))) if text.trim().is_empty() => Some("is empty; write a value"),
        (Shape::Needed | Shape::Text, Some(value)) if !value.is_string() => Some("is not a text; put it in quotes"),
        (Shape::Flag, Some(value)) if !value.is_boolean() => Some("is not true or false; write one of them without quotes"),
        (Shape::Texts, Some(value)) if !value.as_array().is_some_and(|all| all.iter().all(Value::is_string)) => {
            Some("is not a list of texts; write it as [\"gmc|7012345\"]")
        }
        _ => None,
    }
}

fn unknown_key(kind: &str, key: &str, keys: &[(&str, Shape)]) -> String {
    match nearest(key, keys.iter().map(|(known, _)| *known)) {
        Some(known) => format!("{kind} has no key {key:?}; did you mean {known:?}?"),
        None => {
            let known: Vec<&str> = keys.iter().map(|(known, _)| *known).collect();
            format!("{kind} has no key {key:?}; its keys are {}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::person_details::Notification;

    /// A valid file in both notations.
    const TOML: &str = r#"
# who is who
[[person]]
id = "p1"
aliases = ["gmc|7012345", "gmp|G7012345"]

[[organisation]]
code = "L1"
kind = "locality"

[[organisation]]
code = "A81001"
name = "High Street"
kind = "practice"
parent = "L1"
setting = "gp"
open_from = 2001-04-01

[[role]]
person = "p1"
practice = "A81001"
role = "gp"
locum = true
from = "2020-01-01"
"#;
    const NDJSON: &str = r#"
{"type":"person","id":"p1","aliases":["gmc|7012345","gmp|G7012345"]}
{"type":"organisation","code":"L1","kind":"locality"}

{"type":"organisation","code":"A81001","name":"High Street","kind":"practice","parent":"L1","setting":"gp","open_from":"2001-04-01","open_until":null}
{"type":"role","person":"p1","practice":"A81001","role":"gp","locum":true,"from":"2020-01-01"}
"#;

    fn mistakes(text: &str) -> Vec<String> {
        parse_registry(text).expect_err(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_notations_read_as_the_same_entries() {
        let file = parse_registry(TOML).unwrap();
        assert_eq!((file.entries.len(), file.people.len()), (4, 0));
        assert!(file.entries.iter().all(Entry::is_operators));
        assert_eq!(parse_registry(NDJSON), Ok(file));
    }

    #[test]
    fn entries_keep_the_order_of_the_file_whatever_their_kind() {
        let text = "[[person]]\nid = 'a'\n[[organisation]]\ncode = 'X'\nkind = 'pcn'\n[[person]]\nid = 'b'\n";
        let kinds: Vec<&str> = parse_registry(text)
            .unwrap()
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Person(_) => "person",
                Entry::Organisation(_) => "organisation",
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(kinds, ["person", "organisation", "person"]);
    }

    #[test]
    fn every_mistake_is_reported_with_its_line_and_a_cure() {
        let text = [
            r#"{"type":"person","id":"p1","alias":["gmc|1"]}"#,
            r#"{"type":"persona","id":"p2"}"#,
            r#"not json"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"","locum":"yes"}"#,
            r#"{"type":"organisation","code":"A1","kind":"surgery","colour":"red"}"#,
            r#"{"type":"organisation","code":"A1","kind":"surgery"}"#,
        ]
        .join("\n");
        let found = mistakes(&text);
        let expected = [
            "line 1: person has no key \"alias\"; did you mean \"aliases\"?",
            "line 2: type \"persona\" is not one of person, role, lead, organisation, feed, withdrawal, sends; write one of these",
            "line 3: not a JSON object",
            "line 4: role.locum is not true or false; write one of them without quotes",
            "line 4: role.role is empty; write a value",
            "line 5: organisation has no key \"colour\"; its keys are code, name, kind, parent, setting, open_from, open_until, aliases",
            "line 6: organisation: unknown variant `surgery`, expected one of `practice`, `pcn`, `locality`",
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn mistakes_of_toml_name_the_line_of_their_entry() {
        let text = "[[person]]\nid = 'p1'\n\n[[person]]\ncolour = 'x'\n\n[[persons]]\nid = 'p3'\n";
        let found = mistakes(text);
        assert!(found[0].starts_with("line 4: person has no key \"colour\""), "{found:#?}");
        assert!(found[1].starts_with("line 4: person.id is missing"), "{found:#?}");
        assert!(found[2].starts_with("line 7: \"persons\" is not a list of entries"), "{found:#?}");
        assert!(mistakes("[[person]\nid = 3\n").iter().any(|m| m.starts_with("line 1: not TOML")));
    }

    #[test]
    fn names_logins_and_addresses_are_details_and_never_entries() {
        let line =
            r#"{"type":"person","id":"GMC|7012345","name":"Dr Lee","login":"lee@nhs","email":"lee@example.org","notify":"none"}"#;
        let file = parse_registry(line).unwrap();
        let entry = serde_json::to_string(&file.entries).unwrap();
        assert_eq!(entry, r#"[{"type":"person","id":"GMC|7012345","aliases":[],"source":"operator"}]"#);
        let [details] = &file.people[..] else { panic!("one person") };
        assert_eq!((details.person.as_str(), details.name.as_deref()), ("gmc|7012345", Some("Dr Lee")));
        assert_eq!((details.login.as_deref(), details.email.as_deref()), (Some("lee@nhs"), Some("lee@example.org")));
        assert_eq!(details.notify, Some(Notification::None));
    }

    #[test]
    fn mistakes_in_details_name_the_person_and_never_the_value() {
        let found = mistakes(
            &[
                r#"{"type":"person","id":"p1","login":"lee","notify":"fax"}"#,
                r#"{"type":"person","id":"p2","login":"kim","email":"nowhere"}"#,
                r#"{"type":"person","id":"p3","login":"kim","name":3}"#,
            ]
            .join("\n"),
        );
        let expected = [
            "line 1: person: unknown variant `fax`, expected `email` or `none`",
            "line 2: email of person \"p2\" has no @; write an address such as lee@example.org",
            "line 3: login of person \"p3\" is also that of \"p2\" (line 2); give each their own",
            "line 3: person.name is not a text; put it in quotes",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_entry_cannot_name_its_author() {
        assert!(mistakes(r#"{"type":"person","id":"p1","source":"operator"}"#)[0].contains("person has no key \"source\""));
    }

    #[test]
    fn a_file_without_an_entry_is_a_mistake() {
        assert_eq!(mistakes("# nothing yet\n"), ["line 1: the file has no entry; add a person, a role or an organisation"]);
    }
}
