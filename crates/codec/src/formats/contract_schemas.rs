//! The parsed schemas of the input contract, for the formats that carry its data.

use std::sync::LazyLock;

use apache_avro::Schema;
use apache_avro::rabin::Rabin;

use crate::avro::contract::Contract;
use crate::fault::{Fault, RejectReason};

/// The contract's schemas with their fingerprints in single-object encoding.
pub(crate) static SCHEMAS: LazyLock<Vec<(Contract, Schema, Vec<u8>)>> = LazyLock::new(|| {
    let parsed = |contract: Contract| {
        let schema = Schema::parse_str(contract.schema()).expect("schemas/ holds schemas, a test reads them all");
        let fingerprint = schema.fingerprint::<Rabin>().bytes;
        (contract, schema, fingerprint)
    };
    Contract::ALL.map(parsed).into()
});

/// The fault of Avro data that do not open.
pub(crate) fn wrong(detail: String) -> Fault {
    Fault::new(RejectReason::WrongFormat, "", detail)
}
