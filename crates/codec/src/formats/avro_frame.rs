//! Single Avro data of the input contract: in Confluent framing and in Avro's single-object encoding.
//!
//! Framed data must be written with our own schemas; only a container file may use another version.

use std::collections::BTreeMap;

use crate::avro::contract::Contract;
use crate::avro::wire::WireFault;
use crate::fault::Fault;
use crate::formats::contract_schemas::{SCHEMAS, wrong};
use crate::formats::input_format::{InputFormat, RecordFormat};
use crate::formats::item_sink::{ItemSink, excerpt_text};
use crate::formats::native;
use crate::json::native_event::NativeEvent;

/// Confluent framing: a zero byte, a schema id of four bytes (big end first), the datum.
pub(crate) enum ConfluentFrame {}

impl InputFormat for ConfluentFrame {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\x00\x00\x00\x00\x07rest", b"\x00\x50\x4C\x00\x25"];

    fn recognises(record: &[u8]) -> bool {
        matches!(record, [0, _, _, _, _, ..])
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Avro
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        decode_datum(items, record, None, framed(record, &items.rules.contract_ids));
    }
}

/// Avro's single-object encoding: `C3 01`, the schema's fingerprint of eight bytes, the datum.
pub(crate) enum SingleObject {}

impl InputFormat for SingleObject {
    const EXAMPLES: &'static [&'static [u8]] = &[b"\xC3\x0112345678", b"\xC3\x01"];

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"\xC3\x01")
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Avro
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        decode_datum(items, record, None, single(record));
    }
}

/// Lends the event of a datum, or its fault. `bytes` are shown in a reject.
pub(crate) fn decode_datum(
    items: &mut ItemSink<'_>,
    bytes: &[u8],
    index: Option<u32>,
    event: Result<Box<NativeEvent<'_>>, Fault>,
) {
    let text = excerpt_text(bytes);
    match event {
        Ok(event) => native::decode(items, &text, index, &event),
        Err(fault) => items.reject(&text, index, None, fault),
    }
}

/// Reads a datum in Confluent framing. `ids` are the ids that a schema registry gave to the contract's schemas.
fn framed<'b>(record: &'b [u8], ids: &BTreeMap<u32, Contract>) -> Result<Box<NativeEvent<'b>>, Fault> {
    let Some((&[_, a, b, c, d], datum)) = record.split_first_chunk() else {
        return Err(wrong(format!(
            "the record has {} bytes, too few for Confluent framing; send a frame of at least 5",
            record.len()
        )));
    };
    let id = u32::from_be_bytes([a, b, c, d]);
    let known = Contract::ALL.into_iter().find(|contract| contract.id() == id);
    match ids.get(&id).copied().or(known) {
        Some(contract) => contract.read(datum).map_err(|fault| unread(contract, fault)),
        None => {
            Err(wrong(format!("Avro schema id {id} is not of the input contract; register a schema of schemas/ and send its id")))
        }
    }
}

/// Reads a datum in single-object encoding.
fn single(record: &[u8]) -> Result<Box<NativeEvent<'_>>, Fault> {
    let Some((head, datum)) = record.split_at_checked(10) else {
        return Err(wrong(format!("the record has {} bytes, too few for an Avro object; send at least 10", record.len())));
    };
    match SCHEMAS.iter().find(|(_, _, fingerprint)| *fingerprint == head[2..]) {
        Some((contract, ..)) => contract.read(datum).map_err(|fault| unread(*contract, fault)),
        None => {
            Err(wrong("the Avro object's schema is not of the input contract; write it with a schema of schemas/".to_owned()))
        }
    }
}

fn unread(contract: Contract, fault: WireFault) -> Fault {
    wrong(format!("{} does not open: {fault}; write it with the schema of schemas/", contract.record()))
}
