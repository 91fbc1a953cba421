//! Comparison with serde_json: for every text the values are equal, or the syntax error is at the same byte.

use serde::de::DeserializeSeed;

use super::*;
use crate::json::object::{List, Node, Raw, Scalar, object};

object!(Thing<'a> { name = "name": Scalar<'a>, size = "size": Raw<'a>, part = "part": Node<Box<Thing<'a>>>, tags = "tags": List<Scalar<'a>> });

/// The value that serde_json reads, as text.
#[derive(Clone, Copy)]
enum Expectation {
    Scalar,
    Raw,
    Node,
    List,
}

impl<'de> DeserializeSeed<'de> for Expectation {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        match self {
            Expectation::Raw => <&RawValue>::deserialize(deserializer).map(|raw| raw.get().to_owned()),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Expectation {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("null".to_owned())
    }
    fn visit_bool<E>(self, _: bool) -> Result<String, E> {
        Ok(TRUTH.to_owned())
    }
    fn visit_i64<E>(self, _: i64) -> Result<String, E> {
        Ok(NUMBER.to_owned())
    }
    fn visit_u64<E>(self, _: u64) -> Result<String, E> {
        Ok(NUMBER.to_owned())
    }
    fn visit_f64<E>(self, _: f64) -> Result<String, E> {
        Ok(NUMBER.to_owned())
    }
    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(if matches!(self, Expectation::Scalar) { format!("{text:?}") } else { TEXT.to_owned() })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<String, A::Error> {
        let mut items = Vec::new();
        if matches!(self, Expectation::List) {
            while let Some(item) = list.next_element_seed(Expectation::Scalar)? {
                items.push(item);
            }
            return Ok(format!("{items:?}"));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(LIST.to_owned())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        if !matches!(self, Expectation::Node) {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(OBJECT.to_owned());
        }
        let [mut name, mut size, mut part, mut tags] = ["null"; 4].map(str::to_owned);
        let mut unknown = 0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "name" => name = map.next_value_seed(Expectation::Scalar)?,
                "size" => size = map.next_value_seed(Expectation::Raw)?,
                "part" => part = map.next_value_seed(Expectation::Node)?,
                "tags" => tags = map.next_value_seed(Expectation::List)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    unknown += 1;
                }
            }
        }
        Ok(format!("{{{name} {size} {part} {tags} {unknown}}}"))
    }
}

fn expected(text: &str) -> Result<String, SyntaxError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = Expectation::Node.deserialize(&mut json).and_then(|shown| json.end().map(|()| shown));
    found.map_err(|e| SyntaxError::found(text, &e))
}

fn shown_scalar(value: &Scalar<'_>) -> String {
    match value {
        Scalar::Missing => "null".to_owned(),
        Scalar::Text(text) => format!("{text:?}"),
        Scalar::Other(found) => (*found).to_owned(),
    }
}

fn shown(node: &Node<Box<Thing<'_>>>) -> String {
    let thing = match node {
        Node::Missing => return "null".to_owned(),
        Node::Other(found) => return (*found).to_owned(),
        Node::Object(thing) => thing,
    };
    let tags = match &thing.tags {
        List::Missing => "null".to_owned(),
        List::Other(found) => (*found).to_owned(),
        List::Items(items) => format!("{:?}", items.iter().map(shown_scalar).collect::<Vec<_>>()),
    };
    let size = thing.size.written().unwrap_or("null");
    format!("{{{} {size} {} {tags} {}}}", shown_scalar(&thing.name), shown(&thing.part), thing.unknown)
}

#[track_caller]
fn agrees(text: &str) {
    let found = read::<Node<Box<Thing<'_>>>>(text).map(|node| shown(&node));
    assert_eq!(found, expected(text), "{text}");
}

/// Together they hold every kind of value in every kind of position.
const WHOLE: [&str; 6] = [
    r#"{"name":"a plain text of some length","size":21,"part":{"name":"b","tags":[]},"tags":["x","yz"],"more":[1,{"a":"\u00e9"}]}"#,
    r#" { "name" : "\ud83d\ude00\n\"" , "size" : -1.50e+3 , "part" : null , "tags" : [ "\\" , null , 7 , [ 1 ] , { } ] } "#,
    r#"{"name":null,"size":"21","part":[{"a":1}],"tags":{"name":"b"},"name":true,"name":{"name":["a"]},"x":"\ud83d"}"#,
    r#"{"name":false,"size":true,"part":"text","tags":"text","name":1.25,"name":12345678901234567890123}"#,
    r#"{"name":[1,"a",{}],"size":[1,"]"],"part":12,"tags":false,"n\u0061me":"é","size":0.001,"size":0}"#,
    "{\"size\":null,\r\n\t\"part\":{\"part\":{\"part\":{}}},\n\"size\":{\"a\":[\"}\"]}}",
];

/// The values that are inserted.
const ODD: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u0041",
    "\\x",
    "null",
    "true",
    "fals",
    "0",
    "01",
    "7",
    "-",
    "-0",
    ".5",
    "1.",
    "1.5",
    "1e5",
    "1E400",
    "1e",
    "E",
    "\n",
    " ",
    "\u{1}",
    "\u{7f}",
    "\u{e9}",
    "\u{feff}",
    "/",
    "'",
    "//",
    "\"a\":1,",
    "123456789012345678901234567890",
    "nul",
];

#[test]
fn whole_texts_are_read_as_serde_json_reads_them() {
    WHOLE.iter().for_each(|text| agrees(text));
    let good = WHOLE.iter().filter(|text| expected(text).is_ok()).count();
    assert_eq!(good, WHOLE.len());
}

#[test]
fn texts_that_are_cut_changed_or_stretched_are_read_or_break_as_with_serde_json() {
    for whole in WHOLE {
        for (at, _) in whole.char_indices() {
            let (head, tail) = whole.split_at(at);
            agrees(head);
            agrees(tail);
            let behind = &tail[tail.chars().next().map_or(0, char::len_utf8)..];
            agrees(&[head, behind].concat());
            for odd in ODD {
                agrees(&[head, odd, tail].concat());
                agrees(&[head, odd, behind].concat());
            }
        }
    }
}

#[test]
fn objects_and_lists_nest_as_deeply_as_in_serde_json() {
    for depth in 125..=130 {
        for (open, middle, close) in [
            (r#"{"part":"#, "1", "}"),
            (r#"{"part":"#, "[1]", "}"),
            (r#"{"part":"#, r#"{"name":[1],"tags":[{}]}"#, "}"),
            (r#"{"part":"#, r#"{"more":[[[[1]]]],"size":[[[[1]]]]}"#, "}"),
            (r#"{"more":"#, "1", "}"),
            ("[", "1", "]"),
        ] {
            agrees(&[open.repeat(depth), middle.to_owned(), close.repeat(depth)].concat());
        }
    }
    let nested = |depth: usize| [r#"{"part":"#.repeat(depth), "1".to_owned(), "}".repeat(depth)].concat();
    assert!(expected(&nested(127)).is_ok() && expected(&nested(128)).is_err());
}

#[test]
fn a_text_that_breaks_says_at_which_line_and_column() {
    let told = |text: &str| read::<Node<Box<Thing<'_>>>>(text).unwrap_err().fault(text).detail;
    assert_eq!(told("{\"name\":\n \"a\" 1}"), "no JSON from line 2 column 6 on; send JSON, one object a line or a list");
    assert_eq!(told("{\"name\":\"a\nb\"}"), "no JSON from line 2 column 0 on; send JSON, one object a line or a list");
    assert_eq!(told("{\"name\":"), "the JSON ends in the middle; send the whole record");
}

proptest::proptest! {
    #[test]
    fn scraps_are_read_or_break_as_with_serde_json(scraps in proptest::collection::vec(0..ODD.len() + 6, 0..14)) {
        const NAMES: [&str; 6] = ["{\"name\":", ",\"size\":", ",\"part\":{\"tags\":[", "\"a\"", "},", "\"more\":"];
        let scrap = |number: &usize| ODD.get(*number).or_else(|| NAMES.get(number.wrapping_sub(ODD.len()))).copied();
        agrees(&scraps.iter().filter_map(scrap).collect::<String>());
    }
}
