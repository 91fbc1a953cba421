//! The seam of input formats: the trait that each format implements.
//!
//! To add a format, write a module with a type that implements [`InputFormat`] (or
//! [`RefusedFormat`](crate::formats::refused::RefusedFormat) for one that Plumbline refuses), and add one line to the list in
//! [`format_list`](crate::formats::format_list).

use crate::formats::item_sink::ItemSink;

/// The family of a record, as callers need it: they route files and topics by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// JSON text of native events.
    Json,
    /// JSON text of FHIR R4 resources or Bundles.
    Fhir,
    /// Avro data of the input contract.
    Avro,
    /// A format that Plumbline recognises and does not read.
    Refused,
    /// Any other bytes, or none. They are read as lines of text, and every line becomes a reject.
    Unknown,
}

/// One format of raw records. All functions are static: the list dispatches without a table of functions.
pub(crate) trait InputFormat {
    /// Records of this format. A test checks that the list recognises each of them as this format, and that it decodes to items.
    const EXAMPLES: &'static [&'static [u8]];

    /// Whether a record is of this format. The list asks its formats in order, and the first that says yes decodes the record.
    ///
    /// This runs for every record: look at the first bytes, not at all of them.
    fn recognises(record: &[u8]) -> bool;

    /// The family of a record that [`recognises`](InputFormat::recognises) accepts. It may look at all bytes.
    fn family(record: &[u8]) -> RecordFormat;

    /// Lends each element of a record as one item. An element that cannot be read becomes a reject with a cure; nothing is lost.
    fn decode(record: &[u8], items: &mut ItemSink<'_>);
}
