//! Every record of every topic as Avro in Confluent framing: a zero byte, the schema's id in four bytes, big end first, the datum.
//!
//! The schemas stand in `schemas/*.avsc`. Their ids come from a range of their own, `0x504C_0000` ("PL") plus [`Form`], one a
//! version of a schema: readable without a registry, and a registry can be added later without a doubt about what is in the log.

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::registry::entry::Entry;

use crate::avro::events;
use crate::avro::wire::{Reader, Wire, WireFault, Writer};

/// The first byte of Confluent's framing.
pub const MAGIC: u8 = 0;

/// The first of the ids that stand for our own schemas.
pub const FIRST_ID: u32 = 0x504C_0000;

/// A record that cannot be written.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    /// A position or a count beyond Avro's long.
    #[error("{0} does not fit into Avro's long; positions and counts end at 9223372036854775807")]
    TooLarge(u64),
    /// What did not open cannot be closed again.
    #[error("an undecodable record has no schema ({0}); keep its bytes instead")]
    Undecodable(String),
}

/// Which schema a datum was written with: its id is [`FIRST_ID`] plus this number. Numbers are never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is a file of schemas/ with the same name")]
pub enum Form {
    Batch = 1,
    Tick = 2,
    ClinicianMonth = 3,
    Mark = 4,
    Genesis = 5,
    Person = 6,
    Role = 7,
    Organisation = 8,
    Scorecard = 9,
    PeerGroup = 10,
    PeerSnapshot = 11,
    Run = 12,
    Reject = 13,
}

impl Form {
    /// All of them, in order of their numbers.
    pub const ALL: [Form; 13] = [
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
    ];

    /// The id in the framing.
    #[must_use]
    pub fn id(self) -> u32 {
        FIRST_ID + self as u32
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
        }
    }

    fn of_id(id: u32) -> Option<Form> {
        let place = id.checked_sub(FIRST_ID + 1)?;
        Form::ALL.get(usize::try_from(place).ok()?).copied()
    }

    /// The schema that a record is written with; none for one that did not open.
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
            Record::Scorecard(_) => Form::Scorecard,
            Record::PeerGroup(_) => Form::PeerGroup,
            Record::PeerSnapshot(_) => Form::PeerSnapshot,
            Record::Run(_) => Form::Run,
            Record::Reject(_) => Form::Reject,
            Record::Undecodable(_) => return None,
        })
    }
}

/// Writes a record behind what `out` holds. After an error `out` is as it was.
///
/// # Errors
/// [`EncodeError`] when a number exceeds Avro's long, or the record is [`Record::Undecodable`].
pub fn encode(record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let Some(form) = Form::of_record(record) else {
        let Record::Undecodable(why) = record else { unreachable!("every other record has a form") };
        return Err(EncodeError::Undecodable(why.clone()));
    };
    let before = out.len();
    out.push(MAGIC);
    out.extend_from_slice(&form.id().to_be_bytes());
    written(out, before, |to| write_datum(record, to))
}

/// Writes an event behind what `out` holds, as it stands in a [`scorecard::event::PackedBatch`]. After an error `out` is as it was.
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
        Record::Scorecard(r) => r.write(to),
        Record::PeerGroup(r) => r.write(to),
        Record::PeerSnapshot(r) => r.write(to),
        Record::Run(r) => r.write(to),
        Record::Reject(r) => r.write(to),
        Record::Undecodable(_) => {}
    }
}

/// Opens a record; its text is lent from the bytes where it can be. What does not open is [`Record::Undecodable`] and says why.
#[must_use]
pub fn decode(bytes: &[u8]) -> Record<'_> {
    match unframed(bytes) {
        Ok((id, datum)) => decode_datum(id, datum),
        Err(why) => Record::Undecodable(why),
    }
}

/// The schema id of a frame, of whichever range, and the datum behind it.
///
/// # Errors
/// Why the bytes are no frame.
pub fn unframed(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    let Some((&[magic, a, b, c, d], datum)) = bytes.split_first_chunk() else {
        return Err(format!("{} bytes are too few for a frame of 5", bytes.len()));
    };
    if magic != MAGIC {
        return Err(format!("the first byte is {magic:#04x}, not the 0x00 of Confluent framing"));
    }
    Ok((u32::from_be_bytes([a, b, c, d]), datum))
}

/// Opens a datum that was taken out of its frame. `id` is the schema's id in our own range, whatever the frame said.
#[must_use]
pub fn decode_datum(id: u32, datum: &[u8]) -> Record<'_> {
    let Some(form) = Form::of_id(id) else {
        return Record::Undecodable(format!("schema id {id:#010x} is none of this version's; a newer one may have written it"));
    };
    read_datum(form, datum).unwrap_or_else(|fault| Record::Undecodable(format!("{form:?} does not open: {fault}")))
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
        Form::Scorecard => Record::Scorecard(Box::new(Wire::read(from_ref)?)),
        Form::PeerGroup => Record::PeerGroup(Box::new(Wire::read(from_ref)?)),
        Form::PeerSnapshot => Record::PeerSnapshot(Wire::read(from_ref)?),
        Form::Run => Record::Run(Wire::read(from_ref)?),
        Form::Reject => Record::Reject(Wire::read(from_ref)?),
    };
    from.end()?;
    Ok(record)
}
