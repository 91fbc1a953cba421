//! Avro from practice systems: object container files, single objects and Confluent's framing, of the schemas of the input contract.
//!
//! Files may be written with another version of a schema: Avro's own library reads them, resolves the difference and writes the
//! datum anew under ours. Framed data must be of ours.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apache_avro::rabin::Rabin;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Reader, Schema};

use crate::avro::contract::Contract;
use crate::avro::wire::WireFault;
use crate::fault::{Fault, RejectReason};
use crate::json::native_event::Sent;

/// A block, a text or a count of a file may not claim more than this: Avro's library reserves what is claimed.
const MOST_BYTES: usize = 16 << 20;

/// Takes a datum of a file: its schema and its bytes.
type Each<'e> = dyn FnMut(Result<(Contract, &[u8]), Fault>) + 'e;

/// The contract's schemas, and their fingerprints in single objects.
static SCHEMAS: LazyLock<Vec<(Contract, Schema, Vec<u8>)>> = LazyLock::new(|| {
    let parsed = |contract: Contract| {
        let schema = Schema::parse_str(contract.schema()).expect("schemas/ holds schemas, a test reads them all");
        let fingerprint = schema.fingerprint::<Rabin>().bytes;
        (contract, schema, fingerprint)
    };
    Contract::ALL.map(parsed).into()
});

/// Reads a datum in Confluent's framing. `ids` are those that a registry gave to the contract's schemas.
pub(crate) fn framed<'b>(bytes: &'b [u8], ids: &BTreeMap<u32, Contract>) -> Result<Box<Sent<'b>>, Fault> {
    let Some((&[_, a, b, c, d], datum)) = bytes.split_first_chunk() else {
        return Err(wrong(format!(
            "the record has {} bytes, too few for Confluent framing; send a frame of at least 5",
            bytes.len()
        )));
    };
    let id = u32::from_be_bytes([a, b, c, d]);
    let known = Contract::ALL.into_iter().find(|contract| contract.id() == id);
    match ids.get(&id).copied().or(known) {
        Some(contract) => contract.read(datum).map_err(|fault| unread(contract, fault)),
        None => Err(wrong(format!(
            "Avro schema id {id} is none of the input contract's; register a schema of schemas/ and send its id"
        ))),
    }
}

/// Reads a datum in single-object encoding.
pub(crate) fn single(bytes: &[u8]) -> Result<Box<Sent<'_>>, Fault> {
    let Some((head, datum)) = bytes.split_at_checked(10) else {
        return Err(wrong(format!("the record has {} bytes, too few for an Avro object; send at least 10", bytes.len())));
    };
    match SCHEMAS.iter().find(|(_, _, fingerprint)| *fingerprint == head[2..]) {
        Some((contract, ..)) => contract.read(datum).map_err(|fault| unread(*contract, fault)),
        None => {
            Err(wrong("the Avro object's schema is none of the input contract's; write it with a schema of schemas/".to_owned()))
        }
    }
}

/// Lends each datum of a container file as bytes of the contract's own schema; a file that breaks off ends with a fault.
pub(crate) fn file(bytes: &[u8], each: &mut Each<'_>) {
    apache_avro::util::max_allocation_bytes(MOST_BYTES);
    if let Err(fault) = read_file(bytes, each) {
        each(Err(fault));
    }
}

fn read_file(bytes: &[u8], each: &mut Each<'_>) -> Result<(), Fault> {
    // What the library says may name values of the file: it is not passed on.
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
        let names = Contract::ALL.map(Contract::record).join(", ");
        return Err(wrong(format!("the Avro file's records are none of {names}; write it with a schema of schemas/")));
    };
    let writer = GenericDatumWriter::builder(schema).build().expect("the schema names nothing outside itself");
    for value in Reader::builder(bytes).reader_schema(schema).build().map_err(broken)? {
        let datum = writer.write_value_to_vec(value.map_err(broken)?).map_err(broken)?;
        each(Ok((*contract, &datum)));
    }
    Ok(())
}

/// Whether a schema refers to a record that it stands in: such data may nest without end.
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

fn unread(contract: Contract, fault: WireFault) -> Fault {
    wrong(format!("{} does not open: {fault}; write it with the schema of schemas/", contract.record()))
}

/// The fault of a datum of the contract that does not open.
pub(crate) fn wrong(detail: String) -> Fault {
    Fault::new(RejectReason::WrongFormat, "", detail)
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
