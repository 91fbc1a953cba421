//! What bytes are, told by their content.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The format of a record, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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

impl Kind {
    /// What these bytes are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Kind {
        match Kind::of_head(bytes) {
            Kind::NativeJson => Kind::of_json(bytes),
            kind => kind,
        }
    }

    /// What the first bytes tell; JSON of any kind is [`Kind::NativeJson`].
    pub(crate) fn of_head(bytes: &[u8]) -> Kind {
        match bytes {
            [b'O', b'b', b'j', 1, ..] => Kind::AvroFile,
            [0xC3, 0x01, ..] => Kind::AvroSingleObject,
            [0x1F, 0x8B, ..] => Kind::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Kind::Zstd,
            [b'P', b'K', 3, 4, ..] => Kind::Zip,
            [b'P', b'A', b'R', b'1', ..] => Kind::Parquet,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', 0, ..] => Kind::Utf16,
            [0, _, _, _, _, ..] => Kind::ConfluentAvro,
            _ => match trimmed(bytes) {
                [] => Kind::Empty,
                [b'<', ..] => Kind::Xml,
                [b'{' | b'[', ..] => Kind::NativeJson,
                _ => Kind::NotJson,
            },
        }
    }

    fn of_json(text: &[u8]) -> Kind {
        match resource_type(text) {
            None => Kind::NativeJson,
            Some(rest) if rest.starts_with(b"\"Bundle\"") => Kind::FhirBundle,
            Some(_) => Kind::FhirResource,
        }
    }

    /// What to do with bytes that cannot be taken; `None` for those that can.
    pub(crate) fn cure(self) -> Option<&'static str> {
        match self {
            Kind::NativeJson
            | Kind::FhirResource
            | Kind::FhirBundle
            | Kind::NotJson
            | Kind::AvroFile
            | Kind::AvroSingleObject
            | Kind::ConfluentAvro => None,
            Kind::Gzip => Some("the bytes are compressed with gzip; send them uncompressed"),
            Kind::Zstd => Some("the bytes are compressed with zstd; send them uncompressed"),
            Kind::Zip => Some("the bytes are a zip archive; send the files in it one by one"),
            Kind::Parquet => Some("the bytes are Parquet; send JSON, NDJSON, FHIR or Avro"),
            Kind::Xml => Some("the bytes are XML; send FHIR as JSON"),
            Kind::Utf16 => Some("the bytes are UTF-16; send UTF-8"),
            Kind::Empty => Some("the record is empty; send at least one event"),
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
            (&b"{\"feed\":\"a\"}"[..], Kind::NativeJson),
            (b"\xEF\xBB\xBF \n[{\"feed\":\"a\"}]", Kind::NativeJson),
            (b"{\"resourceType\": \"Encounter\"}", Kind::FhirResource),
            (b"{\"id\":\"b\",\"resourceType\" : \"Bundle\",\"entry\":[]}", Kind::FhirBundle),
            (b"Obj\x01rest", Kind::AvroFile),
            (b"\xC3\x0112345678", Kind::AvroSingleObject),
            (b"\x00\x00\x00\x00\x07rest", Kind::ConfluentAvro),
            (b"\x1F\x8B\x08\x00", Kind::Gzip),
            (b"\x28\xB5\x2F\xFD", Kind::Zstd),
            (b"PK\x03\x04", Kind::Zip),
            (b"PAR1", Kind::Parquet),
            (b" <Bundle xmlns=\"http://hl7.org/fhir\"/>", Kind::Xml),
            (b"\xFF\xFE{\x00", Kind::Utf16),
            (b"{\x00\"\x00", Kind::Utf16),
            (b"", Kind::Empty),
            (b" \r\n", Kind::Empty),
            (b"feed,id,version", Kind::NotJson),
        ] {
            assert_eq!(Kind::of(bytes), kind, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
