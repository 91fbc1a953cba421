//! Text formats of other standards. Plumbline recognises each by name and refuses it once, instead of line by line.

use crate::formats::json_text::trimmed;
use crate::formats::refused::RefusedFormat;

/// Bytes at the start of a record that are searched for a name.
const SEARCHED_BYTES: usize = 4096;

/// Whether the first bytes of XML text contain this name.
fn xml_names(record: &[u8], name: &[u8]) -> bool {
    let text = trimmed(record);
    let head = &text[..text.len().min(SEARCHED_BYTES)];
    head.starts_with(b"<") && memchr::memmem::find(head, name).is_some()
}

/// A document of HL7's Clinical Document Architecture, such as C-CDA.
pub(crate) enum ClinicalDocument {}

impl RefusedFormat for ClinicalDocument {
    const EXAMPLES: &'static [&'static [u8]] = &[
        b"<ClinicalDocument xmlns=\"urn:hl7-org:v3\">",
        b"<?xml version=\"1.0\"?>\n<!-- a summary -->\n<cda:ClinicalDocument xmlns:cda=\"urn:hl7-org:v3\"/>",
    ];
    const CURE: &'static str = "the bytes are an HL7 clinical document (CDA, C-CDA); send FHIR R4 as JSON or native events, for example through a converter";

    fn recognises(record: &[u8]) -> bool {
        xml_names(record, b"ClinicalDocument")
    }
}

/// FHIR as XML.
pub(crate) enum FhirXml {}

impl RefusedFormat for FhirXml {
    const EXAMPLES: &'static [&'static [u8]] = &[b" <Bundle xmlns=\"http://hl7.org/fhir\"/>"];
    const CURE: &'static str =
        "the bytes are FHIR as XML; send FHIR as JSON (most servers write it for Accept: application/fhir+json)";

    fn recognises(record: &[u8]) -> bool {
        xml_names(record, b"http://hl7.org/fhir")
    }
}

/// Any other XML text.
pub(crate) enum Xml {}

impl RefusedFormat for Xml {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\xEF\xBB\xBF<?xml?>", b"<events/>"];
    const CURE: &'static str = "the bytes are XML; send FHIR R4 as JSON or native events, for example through a converter";

    fn recognises(record: &[u8]) -> bool {
        trimmed(record).starts_with(b"<")
    }
}

/// Messages of HL7 version 2, alone, in a batch, or in MLLP framing.
pub(crate) enum Hl7V2 {}

impl RefusedFormat for Hl7V2 {
    const EXAMPLES: &'static [&'static [u8]] =
        &[b"MSH|^~\\&|A|B|C|D|20261005||ADT^A04|1|P|2.5\rPID|1", b"\x0BMSH|^~\\&|", b"FHS|^~\\&|"];
    const CURE: &'static str =
        "the bytes are HL7 version 2; send FHIR R4 as JSON or native events, for example through a converter";

    fn recognises(record: &[u8]) -> bool {
        let text = trimmed(record);
        let text = text.strip_prefix(b"\x0B").unwrap_or(text);
        matches!(text, [b'M', b'S', b'H', bar, ..] | [b'F' | b'B', b'H', b'S', bar, ..] if bar.is_ascii_punctuation())
    }
}

/// Interchanges of ASC X12 and of EDIFACT.
pub(crate) enum Edi {}

impl RefusedFormat for Edi {
    const EXAMPLES: &'static [&'static [u8]] = &[b"ISA*00*          *00*", b"UNB+UNOC:3+SENDER+RECEIVER", b"UNA:+.? '"];
    const CURE: &'static str = "the bytes are an EDI interchange (X12, EDIFACT); send FHIR R4 as JSON or native events";

    fn recognises(record: &[u8]) -> bool {
        let punctuated = |byte: &u8| byte.is_ascii_punctuation();
        match trimmed(record) {
            [b'I', b'S', b'A', separator, ..] => punctuated(separator),
            [b'U', b'N', b'A' | b'B', separator, ..] => punctuated(separator),
            _ => false,
        }
    }
}

/// A table: rows of values between commas, semicolons, tabs or bars.
pub(crate) enum Table {}

/// Fewest separators in the first row of a table.
const FEWEST_SEPARATORS: usize = 2;

impl RefusedFormat for Table {
    const EXAMPLES: &'static [&'static [u8]] =
        &[b"feed,id,version", b"\"feed\";\"id\";\"version\"\r\n\"a\";\"1\";\"2\"", b"a\tb\tc\n1\t2\t3\n", b"a|b|c\n1|2|3"];
    const CURE: &'static str = "the bytes are a table (CSV); send each row as one native event or FHIR R4 resource, as JSON";

    fn recognises(record: &[u8]) -> bool {
        let text = trimmed(record);
        let head = &text[..text.len().min(SEARCHED_BYTES)];
        let mut rows = head.split(|byte| *byte == b'\n').filter(|row| !row.trim_ascii().is_empty());
        let (first, second) = (rows.next().unwrap_or_default(), rows.next());
        // Broken JSON has brackets and colons behind quotes.
        let is_json =
            first.iter().any(|byte| matches!(byte, b'{' | b'}' | b'[' | b']')) || memchr::memmem::find(first, b"\":").is_some();
        // A second row that the search cuts off says nothing.
        let second = second.filter(|_| head.len() == text.len());
        let is_separator = |separator: &u8| {
            let count = separators(first, *separator);
            count >= FEWEST_SEPARATORS && second.is_none_or(|row| separators(row, *separator) == count)
        };
        first.is_ascii() && !is_json && b",;\t|".iter().any(is_separator)
    }
}

/// The separators of a row outside quotes.
fn separators(row: &[u8], separator: u8) -> usize {
    let mut quoted = false;
    row.iter()
        .filter(|byte| {
            quoted ^= **byte == b'"';
            !quoted && **byte == separator
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_equal_rows_is_no_table() {
        for text in
            ["null", "7", "1,2", "not json, at all", "a,b,c\n1,2", "\"a\":1,\"b\":2,\"c\":3}", "a,b]", "\x01\x02", "1\n1\n1"]
        {
            assert!(!Table::recognises(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn words_that_begin_like_a_segment_are_no_message() {
        for text in ["MSHA", "ISABEL", "UNABLE", "BHS", "msh|"] {
            assert!(!Hl7V2::recognises(text.as_bytes()) && !Edi::recognises(text.as_bytes()), "{text}");
        }
    }
}
