//! Bytes in and bytes out: the input formats of practice systems, the Avro records of Plumbline's topics, and pseudonyms.
//!
//! The crate decides which format a record has, which elements of it are valid, which text must be replaced because it contains an
//! NHS number, and how every record looks in Avro and in JSON.
//!
//! # The way of one event
//!
//! 1. [`RecordDecoder::decode`](formats::record_decoder::RecordDecoder::decode) receives the bytes of a record with the
//!    [`Context`](formats::record_decoder::Context) of its source. The list in `formats::format_list` finds the format; a format that
//!    Plumbline does not read becomes one reject with a cure.
//! 2. JSON text is split into elements. A native event is checked field by field (`formats::native`), a FHIR resource by its type
//!    (`formats::fhir`). Avro data of the input contract ([`avro::contract`]) become the same native fields.
//! 3. Identifiers pass through [`Pseudonyms`](identity::pseudonym::Pseudonyms): a patient becomes a pseudonym, and any other text with
//!    an NHS number becomes a keyed hash.
//! 4. Each element leaves as exactly one item: an event, an entry of the registry, a skipped resource or a reject.
//! 5. [`encode`](avro::encoding::encode) writes the records that the pipeline makes of the items, [`decode`](avro::encoding::decode)
//!    reads them back, also under older versions of a schema, and [`json::record_lines`] shows them to people.
//!
//! # Never
//!
//! The crate never reads a clock, a file or a network. It never loses an element, never panics on input, and never puts a patient's
//! identifier or a value of a faulty field into its output.
//!
//! A room imports only from rooms further down this list, and inside a room a file only from files further down.

pub mod formats;
pub mod avro;
pub mod json;
pub mod identity;
mod simd;
pub mod fault;
