//! Every record of every topic as Avro in Confluent framing: a zero byte, the schema's id in four bytes, big end first, the datum.
//!
//! The schemas are in `schemas/*.avsc`. Their ids have a range of their own: `0x504C_0000` ("PL") plus the number of the released
//! schema. Such frames are readable without a schema registry, and one can be added later: the ids in the log stay unambiguous.

use scorecard::event::{Batch, Event};
use scorecard::record::log_record::Record;
use scorecard::registry::entry::Entry;

use crate::avro::released_schema::{self, ReleasedSchema};
use crate::avro::wire::{Reader, Wire, WireFault, Writer};
use crate::avro::{events, first_events};

/// The first byte of Confluent's framing.
pub const MAGIC: u8 = 0;

/// The id of a batch in the first layout.
const FIRST_BATCH: u32 = FIRST_ID + 1;

/// The ids of rows, cards, groups and snapshots of format 1. They can be computed from the log, so they are not read any more.
const OF_FORMAT_1: [u32; 4] = [FIRST_ID + 3, FIRST_ID + 9, FIRST_ID + 10, FIRST_ID + 11];

/// The first id of our own range.
pub use crate::avro::released_schema::FIRST_ID;

/// An error of [`encode`] and [`pack`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    /// A position or a count beyond Avro's long.
    #[error("{0} does not fit into Avro's long; positions and counts end at 9223372036854775807")]
    TooLarge(u64),
    /// The record could not be decoded, so it has no schema to encode it with.
    #[error("an undecodable record has no schema ({0}); keep its bytes instead")]
    Undecodable(String),
}

/// A record of Plumbline's own topics. Its schema has one number for each released version; new records carry the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is a file of schemas/ with the same name")]
pub enum Form {
    Batch,
    Tick,
    ClinicianMonth,
    Mark,
    Genesis,
    Person,
    Role,
    Organisation,
    Scorecard,
    PeerGroup,
    PeerSnapshot,
    Run,
    Reject,
    Lead,
    Feed,
    Withdrawal,
    PersonDetails,
    Definition,
    FeedSends,
    EventFence,
    Access,
}

impl Form {
    /// All of them, in order of their first numbers.
    pub const ALL: [Form; 21] = [
        Form::Batch,
        Form::Tick,
        Form::ClinicianMonth,
        Form::Mark,
        Form::Genesis,
        Form::Person,
        Form::Role,
        Form::Organisation,
        Form::Scorecard,
        Form::PeerGroup,
        Form::PeerSnapshot,
        Form::Run,
        Form::Reject,
        Form::Lead,
        Form::Feed,
        Form::Withdrawal,
        Form::PersonDetails,
        Form::Definition,
        Form::FeedSends,
        Form::EventFence,
        Form::Access,
    ];

    /// The id in the framing: that of the newest released version.
    #[must_use]
    pub fn id(self) -> u32 {
        released_schema::newest_id(self as usize)
    }

    /// The name of its file in `schemas/`, without the extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Batch => "batch",
            Form::Tick => "tick",
            Form::ClinicianMonth => "clinician-month",
            Form::Mark => "mark",
            Form::Genesis => "genesis",
            Form::Person => "person",
            Form::Role => "role",
            Form::Organisation => "organisation",
            Form::Scorecard => "scorecard",
            Form::PeerGroup => "peer-group",
            Form::PeerSnapshot => "peer-snapshot",
            Form::Run => "run",
            Form::Reject => "reject",
            Form::Lead => "lead",
            Form::Feed => "feed",
            Form::Withdrawal => "withdrawal",
            Form::PersonDetails => "person-details",
            Form::Definition => "definition",
            Form::FeedSends => "feed-sends",
            Form::EventFence => "event-fence",
            Form::Access => "access",
        }
    }

    /// Its schema.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Form::Batch => include_str!("../../../../schemas/batch.avsc"),
            Form::Tick => include_str!("../../../../schemas/tick.avsc"),
            Form::ClinicianMonth => include_str!("../../../../schemas/clinician-month.avsc"),
            Form::Mark => include_str!("../../../../schemas/mark.avsc"),
            Form::Genesis => include_str!("../../../../schemas/genesis.avsc"),
            Form::Person => include_str!("../../../../schemas/person.avsc"),
            Form::Role => include_str!("../../../../schemas/role.avsc"),
            Form::Organisation => include_str!("../../../../schemas/organisation.avsc"),
            Form::Scorecard => include_str!("../../../../schemas/scorecard.avsc"),
            Form::PeerGroup => include_str!("../../../../schemas/peer-group.avsc"),
            Form::PeerSnapshot => include_str!("../../../../schemas/peer-snapshot.avsc"),
            Form::Run => include_str!("../../../../schemas/run.avsc"),
            Form::Reject => include_str!("../../../../schemas/reject.avsc"),
            Form::Lead => include_str!("../../../../schemas/lead.avsc"),
            Form::Feed => include_str!("../../../../schemas/feed.avsc"),
            Form::Withdrawal => include_str!("../../../../schemas/withdrawal.avsc"),
            Form::PersonDetails => include_str!("../../../../schemas/person-details.avsc"),
            Form::Definition => include_str!("../../../../schemas/definition.avsc"),
            Form::FeedSends => include_str!("../../../../schemas/feed-sends.avsc"),
            Form::EventFence => include_str!("../../../../schemas/event-fence.avsc"),
            Form::Access => include_str!("../../../../schemas/access.avsc"),
        }
    }

    /// The record whose schema, in this or an older version, has this id.
    fn of_id(id: u32) -> Option<Form> {
        Form::ALL.get(released_schema::record_of_id(id)?).copied()
    }

    /// The schema that a record is written with; none for a tombstone and for one that did not open.
    #[must_use]
    pub fn of_record(record: &Record<'_>) -> Option<Form> {
        Some(match record {
            Record::Batch(_) | Record::Packed(_) => Form::Batch,
            Record::Tick(_) => Form::Tick,
            Record::ClinicianMonth(_) => Form::ClinicianMonth,
            Record::Mark(_) => Form::Mark,
            Record::Genesis(_) => Form::Genesis,
            Record::Registry(Entry::Person(_)) => Form::Person,
            Record::Registry(Entry::Role(_)) => Form::Role,
            Record::Registry(Entry::Organisation(_)) => Form::Organisation,
            Record::Registry(Entry::Lead(_)) => Form::Lead,
            Record::Registry(Entry::Feed(_)) => Form::Feed,
            Record::Registry(Entry::Withdrawal(_)) => Form::Withdrawal,
            Record::Registry(Entry::Sends(_)) => Form::FeedSends,
            Record::Registry(Entry::Fence(_)) => Form::EventFence,
            Record::PersonDetails(_) => Form::PersonDetails,
            Record::Access(_) => Form::Access,
            Record::Scorecard(_) => Form::Scorecard,
            Record::PeerGroup(_) => Form::PeerGroup,
            Record::PeerSnapshot(_) => Form::PeerSnapshot,
            Record::Run(_) => Form::Run,
            Record::Reject(_) => Form::Reject,
            Record::Definition(_) => Form::Definition,
            Record::Tombstone | Record::Undecodable(_) => return None,
        })
    }
}

/// Appends a record to `out`; a tombstone has no bytes. After an error `out` is unchanged.
///
/// # Errors
/// [`EncodeError`] when a number exceeds Avro's long, or the record is [`Record::Undecodable`].
pub fn encode(record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let Some(form) = Form::of_record(record) else {
        return match record {
            Record::Undecodable(why) => Err(EncodeError::Undecodable(why.clone())),
            _ => Ok(()),
        };
    };
    let before = out.len();
    out.push(MAGIC);
    out.extend_from_slice(&form.id().to_be_bytes());
    written(out, before, |to| write_datum(record, to))
}

/// Appends an event to `out` in the form of a [`scorecard::event::PackedBatch`]. After an error `out` is unchanged.
///
/// # Errors
/// [`EncodeError::TooLarge`] when a number exceeds Avro's long.
pub fn pack(event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let before = out.len();
    written(out, before, |to| event.write(to))
}

fn written(out: &mut Vec<u8>, before: usize, write: impl FnOnce(&mut Writer<'_>)) -> Result<(), EncodeError> {
    let mut to = Writer::new(out);
    write(&mut to);
    match to.too_large() {
        None => Ok(()),
        Some(number) => {
            out.truncate(before);
            Err(EncodeError::TooLarge(number))
        }
    }
}

fn write_datum(record: &Record<'_>, to: &mut Writer<'_>) {
    match record {
        Record::Batch(r) => r.write(to),
        Record::Packed(r) => events::write_packed(r, to),
        Record::Tick(r) => r.write(to),
        Record::ClinicianMonth(r) => r.write(to),
        Record::Mark(r) => r.write(to),
        Record::Genesis(r) => r.write(to),
        Record::Registry(Entry::Person(r)) => r.write(to),
        Record::Registry(Entry::Role(r)) => r.write(to),
        Record::Registry(Entry::Organisation(r)) => r.write(to),
        Record::Registry(Entry::Lead(r)) => r.write(to),
        Record::Registry(Entry::Feed(r)) => r.write(to),
        Record::Registry(Entry::Withdrawal(r)) => r.write(to),
        Record::Registry(Entry::Sends(r)) => r.write(to),
        Record::Registry(Entry::Fence(r)) => r.write(to),
        Record::PersonDetails(r) => r.write(to),
        Record::Access(r) => r.write(to),
        Record::Scorecard(r) => r.write(to),
        Record::PeerGroup(r) => r.write(to),
        Record::PeerSnapshot(r) => r.write(to),
        Record::Run(r) => r.write(to),
        Record::Reject(r) => r.write(to),
        Record::Definition(r) => r.write(to),
        Record::Tombstone | Record::Undecodable(_) => {}
    }
}

/// Decodes a record; its text is borrowed from the bytes where possible. No bytes are a tombstone. Other bytes become
/// [`Record::Undecodable`] with the cause.
#[must_use]
pub fn decode(bytes: &[u8]) -> Record<'_> {
    match unframed(bytes) {
        _ if bytes.is_empty() => Record::Tombstone,
        Ok((id, datum)) => decode_datum(id, datum),
        Err(why) => Record::Undecodable(why),
    }
}

/// The schema id of a frame, in any range, and its datum.
///
/// # Errors
/// The cause, when the bytes are not a frame.
pub fn unframed(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    let Some((&[magic, a, b, c, d], datum)) = bytes.split_first_chunk() else {
        return Err(format!("{} bytes are too few for a frame of 5", bytes.len()));
    };
    if magic != MAGIC {
        return Err(format!("the first byte is {magic:#04x}, not the 0x00 of Confluent framing"));
    }
    Ok((u32::from_be_bytes([a, b, c, d]), datum))
}

/// Decodes a datum without its frame. `id` is the schema's id in our own range, whatever id the frame carried.
///
/// Data of an older version of a schema go through Avro's own library, which gives a newer field its default.
#[must_use]
pub fn decode_datum(id: u32, datum: &[u8]) -> Record<'_> {
    let Some(form) = Form::of_id(id) else {
        return Record::Undecodable(format!(
            "this version does not know schema id {id:#010x}; a newer version may have written the record"
        ));
    };
    if id == form.id() {
        return read_datum(form, datum).unwrap_or_else(|fault| undecodable(form, fault));
    }
    if id == FIRST_BATCH {
        return read_first_batch(datum).map_or_else(|fault| undecodable(form, fault), Record::Batch);
    }
    if OF_FORMAT_1.contains(&id) {
        return Record::Undecodable(format!(
            "the {} is of a log of format 1, which this version does not read; make a new log with `plumbline migrate OLD NEW`",
            form.name()
        ));
    }
    let older = ReleasedSchema::of_id(id).expect("the id was found among the released schemas");
    match older.resolve(datum, form.schema()) {
        Ok(datum) => read_datum(form, &datum).map_or_else(|fault| undecodable(form, fault), Record::into_owned),
        Err(fault) => undecodable(form, fault),
    }
}

fn read_first_batch(datum: &[u8]) -> Result<Batch<'_>, WireFault> {
    let mut from = Reader::new(datum);
    let batch = first_events::read_batch(&mut from)?;
    from.end()?;
    Ok(batch)
}

fn undecodable(form: Form, fault: impl std::fmt::Display) -> Record<'static> {
    Record::Undecodable(format!("{form:?} does not open: {fault}"))
}

fn read_datum(form: Form, datum: &[u8]) -> Result<Record<'_>, WireFault> {
    let mut from = Reader::new(datum);
    let from_ref = &mut from;
    let record = match form {
        Form::Batch => Record::Batch(Wire::read(from_ref)?),
        Form::Tick => Record::Tick(Wire::read(from_ref)?),
        Form::ClinicianMonth => Record::ClinicianMonth(Wire::read(from_ref)?),
        Form::Mark => Record::Mark(Wire::read(from_ref)?),
        Form::Genesis => Record::Genesis(Wire::read(from_ref)?),
        Form::Person => Record::Registry(Entry::Person(Wire::read(from_ref)?)),
        Form::Role => Record::Registry(Entry::Role(Wire::read(from_ref)?)),
        Form::Organisation => Record::Registry(Entry::Organisation(Wire::read(from_ref)?)),
        Form::Lead => Record::Registry(Entry::Lead(Wire::read(from_ref)?)),
        Form::Feed => Record::Registry(Entry::Feed(Wire::read(from_ref)?)),
        Form::Withdrawal => Record::Registry(Entry::Withdrawal(Wire::read(from_ref)?)),
        Form::PersonDetails => Record::PersonDetails(Wire::read(from_ref)?),
        Form::Scorecard => Record::Scorecard(Box::new(Wire::read(from_ref)?)),
        Form::PeerGroup => Record::PeerGroup(Box::new(Wire::read(from_ref)?)),
        Form::PeerSnapshot => Record::PeerSnapshot(Wire::read(from_ref)?),
        Form::Run => Record::Run(Wire::read(from_ref)?),
        Form::Reject => Record::Reject(Wire::read(from_ref)?),
        Form::Definition => Record::Definition(Wire::read(from_ref)?),
        Form::FeedSends => Record::Registry(Entry::Sends(Wire::read(from_ref)?)),
        Form::EventFence => Record::Registry(Entry::Fence(Wire::read(from_ref)?)),
        Form::Access => Record::Access(Wire::read(from_ref)?),
    };
    from.end()?;
    Ok(record)
}
