//! The envelope of a CloudEvent in structured mode. Its `data` is a native event or a FHIR resource.
//!
//! Source: CloudEvents 1.0.2, JSON Event Format, sections 2 to 4.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The kind of a skipped CloudEvent without data, such as a notification that names a record and does not hold it.
pub(crate) const NOTIFICATION: &str = "CloudEvent";

/// The attribute that only a CloudEvent has, as JSON writes it.
const SPEC_VERSION: &[u8] = b"\"specversion\"";

/// An envelope.
#[derive(Debug, Deserialize)]
pub(crate) struct CloudEvent<'a> {
    #[serde(borrow, rename = "specversion")]
    _version: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    /// The event as its sender wrote it.
    #[serde(borrow, default)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(default)]
    data_base64: Option<IgnoredAny>,
}

impl<'a> CloudEvent<'a> {
    /// The envelope of an element; `None` if it is none. An envelope has `specversion`, `source` and `id`, each a text.
    pub(crate) fn of(text: &'a str) -> Option<CloudEvent<'a>> {
        static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(SPEC_VERSION));
        NAME.find(text.as_bytes())?;
        serde_json::from_str(text).ok()
    }

    /// Whether the data are bytes in base64.
    pub(crate) fn is_binary(&self) -> bool {
        self.data_base64.is_some()
    }

    /// The id of an event that has none: `source|id`, which no other event of any sender has.
    pub(crate) fn identity(&self) -> String {
        format!("{}|{}", self.source, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_has_version_source_and_id() {
        let text = r#"{"specversion":"1.0","type":"t","source":"/a","id":"7","data":{"id":"x"}}"#;
        let found = CloudEvent::of(text).unwrap();
        assert_eq!((found.identity(), found.data.unwrap().get(), found.is_binary()), ("/a|7".to_owned(), r#"{"id":"x"}"#, false));
        for text in
            [r#"{"id":"7","source":"/a"}"#, r#"{"specversion":1,"source":"/a","id":"7"}"#, r#"{"specversion":"1.0","id":"7"}"#]
        {
            assert!(CloudEvent::of(text).is_none(), "{text}");
        }
    }
}
