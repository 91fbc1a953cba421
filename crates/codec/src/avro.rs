//! Avro: the records of every topic in Confluent framing, the schemas that this version decodes, and the input contract.

pub mod record_json;
pub mod known_schema;
pub mod contract;
pub mod encoding;
pub(crate) mod card;
pub(crate) mod peers;
pub(crate) mod rows;
pub(crate) mod runs;
pub(crate) mod registry;
pub(crate) mod events;
pub(crate) mod first_events;
pub(crate) mod wire;
pub mod released_schema;
pub(crate) mod released_list;
