//! A JSON line without some of its fields. Fields with partitions or offsets would make two replays of the same data differ.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The object of this line without these fields. The other fields keep their bytes and their order.
#[must_use]
pub fn without(line: &str, left_out: &[&str]) -> String {
    let fields = serde_json::Deserializer::from_str(line).deserialize_map(Fields).expect("the line was just written");
    let kept = fields.into_iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
    let text: Vec<String> = kept.map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name))).collect();
    format!("{{{}}}", text.join(","))
}

/// Names and values in the order of the line.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_stay_keep_their_order_and_bytes() {
        let line = r#"{"z":1.50,"partition":3,"a\"b":{"partition":7},"position":[1,2]}"#;
        assert_eq!(without(line, &["partition", "position"]), r#"{"z":1.50,"a\"b":{"partition":7}}"#);
    }
}
