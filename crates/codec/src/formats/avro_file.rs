//! Avro object container files of the input contract.
//!
//! A file may be written with another version of a schema. Avro's own library reads it, resolves the difference and writes each
//! datum under our newest schema.

use std::ops::ControlFlow;

use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Reader, Schema};

use crate::avro::contract::Contract;
use crate::fault::Fault;
use crate::formats::avro_frame::decode_datum;
use crate::formats::contract_schemas::{SCHEMAS, wrong};
use crate::formats::input_format::{InputFormat, RecordFormat};
use crate::formats::item_sink::ItemSink;

/// Most bytes that a block, a text or a count of a file may claim: 16 MiB. Avro's library reserves the memory that is claimed.
const MOST_BYTES: usize = 16 << 20;

/// Receives a datum of a file, its schema and its bytes, and says whether to go on.
type Each<'e> = dyn FnMut(Result<(Contract, &[u8]), Fault>) -> ControlFlow<()> + 'e;

/// An Avro object container file: `Obj` and the byte 1.
pub(crate) enum AvroFile {}

impl InputFormat for AvroFile {
    const EXAMPLES: &'static [&'static [u8]] = &[b"Obj\x01rest"];

    fn recognises(record: &[u8]) -> bool {
        record.starts_with(b"Obj\x01")
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Avro
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        items.expect_several();
        each_datum(record, &mut |datum| {
            let index = items.index(false);
            match datum {
                Ok((contract, datum)) => {
                    let unread = |fault| wrong(format!("a datum does not open: {fault}; write it with a schema of schemas/"));
                    decode_datum(items, datum, index, contract.read(datum).map_err(unread));
                }
                Err(fault) => decode_datum(items, record, index, Err(fault)),
            }
            if items.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
}

/// Lends each datum of a container file as bytes of the contract's own schema. A truncated file ends with a fault.
fn each_datum(bytes: &[u8], each: &mut Each<'_>) {
    apache_avro::util::max_allocation_bytes(MOST_BYTES);
    if let Err(fault) = read_file(bytes, each) {
        let _ = each(Err(fault));
    }
}

fn read_file(bytes: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
    // The library's message may contain values of the file, so it is dropped.
    let broken =
        |_| wrong("the Avro file does not open here; write it with null or deflate compression and send it whole".to_owned());
    let written = Reader::new(bytes).map_err(broken)?.writer_schema().clone();
    if is_recursive(&written, &mut Vec::new()) {
        return Err(wrong("the Avro file's schema contains itself; write it with a schema of schemas/".to_owned()));
    }
    let named = |schema: &Schema| match schema {
        Schema::Record(record) => Some(record.name.name().to_owned()),
        _ => None,
    };
    let name = named(&written);
    let found = SCHEMAS.iter().find(|(contract, ..)| name.as_deref() == Some(contract.record()));
    let Some((contract, schema, _)) = found else {
        let names = Contract::NEWEST.map(Contract::record).join(", ");
        return Err(wrong(format!("the Avro file's records are not one of {names}; write it with a schema of schemas/")));
    };
    let writer = GenericDatumWriter::builder(schema).build().expect("the schema names nothing outside itself");
    for value in Reader::builder(bytes).reader_schema(schema).build().map_err(broken)? {
        let datum = writer.write_value_to_vec(value.map_err(broken)?).map_err(broken)?;
        if each(Ok((*contract, &datum))).is_break() {
            break;
        }
    }
    Ok(())
}

/// Whether a schema refers to a record that encloses it: such data may nest without end.
fn is_recursive(schema: &Schema, within: &mut Vec<String>) -> bool {
    match schema {
        Schema::Record(record) => {
            within.push(record.name.to_string());
            let found = record.fields.iter().any(|field| is_recursive(&field.schema, within));
            within.pop();
            found
        }
        Schema::Array(array) => is_recursive(&array.items, within),
        Schema::Map(map) => is_recursive(&map.types, within),
        Schema::Union(union) => union.variants().iter().any(|variant| is_recursive(variant, within)),
        Schema::Ref { name } => within.contains(&name.to_string()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_contains_itself_is_found() {
        let tree = r#"{"type":"record","name":"T","fields":[{"name":"next","type":["null",{"type":"array","items":"T"}]}]}"#;
        assert!(is_recursive(&Schema::parse_str(tree).unwrap(), &mut Vec::new()));
        for (_, schema, _) in SCHEMAS.iter() {
            assert!(!is_recursive(schema, &mut Vec::new()));
        }
    }
}
