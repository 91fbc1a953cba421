//! What bytes are, told by their content.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The format of a record, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// Native events: an object, a list or one object a line.
    NativeJson,
    /// A FHIR resource, or one a line.
    FhirResource,
    /// A FHIR Bundle.
    FhirBundle,
    /// An Avro object container file (`Obj` and 1).
    AvroFile,
    /// Avro's single-object encoding (`C3 01`).
    AvroSingleObject,
    /// Avro in Confluent's framing (a zero byte and a schema id).
    ConfluentAvro,
    /// Compressed with gzip.
    Gzip,
    /// Compressed with zstd.
    Zstd,
    /// A zip archive.
    Zip,
    /// Parquet.
    Parquet,
    /// XML.
    Xml,
    /// UTF-16 text.
    Utf16,
    /// Nothing, or nothing but white space.
    Empty,
    /// None of these.
    NotJson,
}

impl RecordFormat {
    /// What these bytes are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> RecordFormat {
        match RecordFormat::of_head(bytes) {
            RecordFormat::NativeJson => RecordFormat::of_json(bytes),
            kind => kind,
        }
    }

    /// What the first bytes tell; JSON of any kind is [`RecordFormat::NativeJson`].
    pub(crate) fn of_head(bytes: &[u8]) -> RecordFormat {
        match bytes {
            [b'O', b'b', b'j', 1, ..] => RecordFormat::AvroFile,
            [0xC3, 0x01, ..] => RecordFormat::AvroSingleObject,
            [0x1F, 0x8B, ..] => RecordFormat::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => RecordFormat::Zstd,
            [b'P', b'K', 3, 4, ..] => RecordFormat::Zip,
            [b'P', b'A', b'R', b'1', ..] => RecordFormat::Parquet,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', 0, ..] => RecordFormat::Utf16,
            [0, _, _, _, _, ..] => RecordFormat::ConfluentAvro,
            _ => match trimmed(bytes) {
                [] => RecordFormat::Empty,
                [b'<', ..] => RecordFormat::Xml,
                [b'{' | b'[', ..] => RecordFormat::NativeJson,
                _ => RecordFormat::NotJson,
            },
        }
    }

    fn of_json(text: &[u8]) -> RecordFormat {
        match resource_type(text) {
            None => RecordFormat::NativeJson,
            Some(rest) if rest.starts_with(b"\"Bundle\"") => RecordFormat::FhirBundle,
            Some(_) => RecordFormat::FhirResource,
        }
    }

    /// What to do with bytes that cannot be taken; `None` for those that can.
    pub(crate) fn cure(self) -> Option<&'static str> {
        match self {
            RecordFormat::NativeJson
            | RecordFormat::FhirResource
            | RecordFormat::FhirBundle
            | RecordFormat::NotJson
            | RecordFormat::AvroFile
            | RecordFormat::AvroSingleObject
            | RecordFormat::ConfluentAvro => None,
            RecordFormat::Gzip => Some("the bytes are compressed with gzip; send them uncompressed"),
            RecordFormat::Zstd => Some("the bytes are compressed with zstd; send them uncompressed"),
            RecordFormat::Zip => Some("the bytes are a zip archive; send the files in it one by one"),
            RecordFormat::Parquet => Some("the bytes are Parquet; send JSON, NDJSON, FHIR or Avro"),
            RecordFormat::Xml => Some("the bytes are XML; send FHIR as JSON"),
            RecordFormat::Utf16 => Some("the bytes are UTF-16; send UTF-8"),
            RecordFormat::Empty => Some("the record is empty; send at least one event"),
        }
    }
}

/// Without a byte order mark and white space in front.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start()
}

/// What follows the first `"resourceType":` of a text.
fn resource_type(text: &[u8]) -> Option<&[u8]> {
    let at = mentions_resource_type(text)?;
    text[at..].trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
}

/// The name of the field that only FHIR has, as JSON writes it.
const RESOURCE_TYPE: &[u8] = b"\"resourceType\"";

/// The place behind the first `"resourceType"` of a text: without it, it is no FHIR.
pub(crate) fn mentions_resource_type(text: &[u8]) -> Option<usize> {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(RESOURCE_TYPE));
    NAME.find(text).map(|at| at + RESOURCE_TYPE.len())
}

/// Whether the first field of an object is `"resourceType"`.
pub(crate) fn begins_with_resource_type(text: &[u8]) -> bool {
    text.strip_prefix(b"{").is_some_and(|fields| fields.trim_ascii_start().starts_with(RESOURCE_TYPE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_formats_apart() {
        for (bytes, kind) in [
            (&b"{\"feed\":\"a\"}"[..], RecordFormat::NativeJson),
            (b"\xEF\xBB\xBF \n[{\"feed\":\"a\"}]", RecordFormat::NativeJson),
            (b"{\"resourceType\": \"Encounter\"}", RecordFormat::FhirResource),
            (b"{\"id\":\"b\",\"resourceType\" : \"Bundle\",\"entry\":[]}", RecordFormat::FhirBundle),
            (b"Obj\x01rest", RecordFormat::AvroFile),
            (b"\xC3\x0112345678", RecordFormat::AvroSingleObject),
            (b"\x00\x00\x00\x00\x07rest", RecordFormat::ConfluentAvro),
            (b"\x1F\x8B\x08\x00", RecordFormat::Gzip),
            (b"\x28\xB5\x2F\xFD", RecordFormat::Zstd),
            (b"PK\x03\x04", RecordFormat::Zip),
            (b"PAR1", RecordFormat::Parquet),
            (b" <Bundle xmlns=\"http://hl7.org/fhir\"/>", RecordFormat::Xml),
            (b"\xFF\xFE{\x00", RecordFormat::Utf16),
            (b"{\x00\"\x00", RecordFormat::Utf16),
            (b"", RecordFormat::Empty),
            (b" \r\n", RecordFormat::Empty),
            (b"feed,id,version", RecordFormat::NotJson),
        ] {
            assert_eq!(RecordFormat::of(bytes), kind, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
