//! CloudEvents in binary mode: the attributes are headers, and the body or the value is the event itself.
//!
//! Source: CloudEvents 1.0.2, HTTP Protocol Binding, section 3.1, and Kafka Protocol Binding, section 3.2.

use serde_json::json;
use serde_json::value::RawValue;

/// The attributes of a CloudEvent that intake needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CloudEventHeaders<'h> {
    pub(crate) version: Option<&'h str>,
    pub(crate) source: Option<&'h str>,
    pub(crate) id: Option<&'h str>,
}

impl CloudEventHeaders<'_> {
    /// The same CloudEvent in structured mode. `None` without the attributes, or where the data are not one JSON object: these are
    /// decoded as they are.
    pub(crate) fn structured(&self, data: &[u8]) -> Option<Vec<u8>> {
        let (version, source, id) = (self.version?, self.source?, self.id?);
        let data: &RawValue = serde_json::from_slice(data).ok()?;
        if !data.get().starts_with('{') {
            return None;
        }
        // The data are copied as text, so that no number changes its digits.
        let [version, source, id] = [version, source, id].map(|text| json!(text).to_string());
        let data = data.get();
        Some(format!("{{\"specversion\":{version},\"source\":{source},\"id\":{id},\"data\":{data}}}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_gets_the_envelope_of_its_headers_and_everything_else_stays() {
        let headers = CloudEventHeaders { version: Some("1.0"), source: Some("/a"), id: Some("7") };
        let structured = headers.structured(b" {\"id\": 1.10} ").unwrap();
        assert_eq!(String::from_utf8(structured).unwrap(), r#"{"specversion":"1.0","source":"/a","id":"7","data":{"id": 1.10}}"#);
        assert_eq!(headers.structured(b"{}\n{}"), None);
        assert_eq!(headers.structured(b"[{}]"), None);
        assert_eq!(CloudEventHeaders { id: None, ..headers }.structured(b"{}"), None);
    }
}
