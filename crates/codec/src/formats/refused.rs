//! Formats that Plumbline recognises in order to refuse them with a cure.

use crate::fault::RejectReason;
use crate::formats::input_format::{InputFormat, RecordFormat};
use crate::formats::item_sink::ItemSink;
use crate::formats::json_text::trimmed;

/// A format that Plumbline does not read. A record of it becomes one reject with the reason `wrong_format`.
pub(crate) trait RefusedFormat {
    /// Records of this format.
    const EXAMPLES: &'static [&'static [u8]];
    /// Names the format and says what to send instead.
    const CURE: &'static str;
    /// Whether a record is of this format, by its first bytes.
    fn recognises(record: &[u8]) -> bool;
}

impl<F: RefusedFormat> InputFormat for F {
    const EXAMPLES: &'static [&'static [u8]] = F::EXAMPLES;

    fn recognises(record: &[u8]) -> bool {
        F::recognises(record)
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Refused
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        items.refuse(record, RejectReason::WrongFormat, F::CURE);
    }
}

/// UTF-16 text, with a byte order mark or with a first character that begins JSON.
pub(crate) enum Utf16 {}

impl RefusedFormat for Utf16 {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\xFF\xFE{\x00", b"\xFE\xFF\x00{", b"{\x00\"\x00", b"\x00[\x00{"];
    const CURE: &'static str = "the bytes are UTF-16; send UTF-8";

    fn recognises(record: &[u8]) -> bool {
        matches!(record, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'{' | b'[', 0, ..] | [0, b'{' | b'[', 0, ..])
    }
}

/// Data compressed with gzip (RFC 1952).
pub(crate) enum Gzip {}

impl RefusedFormat for Gzip {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\x1F\x8B\x08\x00"];
    const CURE: &'static str = "the bytes are compressed with gzip; send them uncompressed";

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"\x1F\x8B")
    }
}

/// Data compressed with zstd (RFC 8878).
pub(crate) enum Zstd {}

impl RefusedFormat for Zstd {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\x28\xB5\x2F\xFD"];
    const CURE: &'static str = "the bytes are compressed with zstd; send them uncompressed";

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"\x28\xB5\x2F\xFD")
    }
}

/// A zip archive.
pub(crate) enum Zip {}

impl RefusedFormat for Zip {
    const EXAMPLES: &'static [&'static [u8]] = &[b"PK\x03\x04"];
    const CURE: &'static str = "the bytes are a zip archive; send the files in it one by one";

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"PK\x03\x04")
    }
}

/// A Parquet file.
pub(crate) enum Parquet {}

impl RefusedFormat for Parquet {
    const EXAMPLES: &'static [&'static [u8]] = &[b"PAR1"];
    const CURE: &'static str = "the bytes are Parquet; send JSON, NDJSON, FHIR or Avro";

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"PAR1")
    }
}

/// No bytes, or white space only. The reason is `not_json`, not `wrong_format`: there is no format to name.
pub(crate) enum Empty {}

impl InputFormat for Empty {
    const EXAMPLES: &'static [&'static [u8]] = &[b"", b" \r\n", b"\xEF\xBB\xBF"];

    fn recognises(record: &[u8]) -> bool {
        trimmed(record).is_empty()
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Unknown
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        items.refuse(record, RejectReason::NotJson, "the record is empty; send at least one event");
    }
}
