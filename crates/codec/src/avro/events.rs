//! Batches of a feed's events, and ticks: the records of the topic `events`, which are encoded and decoded most often.

use scorecard::event::{
    Action, Answer, Attendance, Batch, CodeDefinition, Codes, Detail, Encounter, Event, Exclusion, Feedback, IdScope, Mode,
    Observation, ObservedValue, Order, PackedBatch, Prescription, Pseudonym, Sex, Source, Versioning,
};
use scorecard::record::log_record::{FeedDefinition, Tick};

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_enum, wire_record};

wire_enum!(Action { Record, Hold, Retract });
wire_enum!(Exclusion { Admin, Test });
wire_enum!(Versioning { Id, Updated, Arrival });
wire_enum!(Source { Whole, Visit, Slot });
wire_enum!(Mode { FaceToFace, Telephone, Video, Home, Other });
wire_enum!(Attendance { Attended, Noshow, Unknown });
wire_enum!(Answer { VeryGood, Good, Neither, Poor, VeryPoor, DontKnow });
wire_enum!(Sex { Female, Male, Other });
wire_enum!(IdScope { Feed, Kind });

wire_record!(Tick { at });
wire_record!(Batch<'a> { feed, practice, versioning, ids, definitions, events });
wire_record!(CodeDefinition<'a> { reference, version, codes });
wire_record!(FeedDefinition<'a> { feed, definition });
wire_record!(Event<'a> {
    id, version, action, day, occurred_at, recorded_at, clinician, practice, patient, signs, age_band, sex, exclude, pca, link, detail
});
wire_record!(Encounter<'a> { source, mode, status, booked_at, booked_day, minutes, planned_minutes, diagnoses, types });
wire_record!(Prescription<'a> { drug, reference, quantity_milli, items, cost_pence, adq_milli, repeat });
wire_record!(Feedback<'a> { answer, items });
wire_record!(Order<'a> { category, code });
wire_record!(ObservedValue<'a> { code, value_milli, unit });
wire_record!(Observation<'a> { code, values });

/// A batch whose events are already encoded.
pub(super) fn write_packed(batch: &PackedBatch<'_>, to: &mut Writer<'_>) {
    batch.feed.write(to);
    batch.practice.write(to);
    batch.versioning.write(to);
    batch.ids.write(to);
    batch.definitions.write(to);
    if batch.events > 0 {
        to.length(batch.events);
        to.raw(&batch.bytes);
    }
    to.length(0);
}

/// 16 bytes, fixed.
impl<'a> Wire<'a> for Pseudonym {
    fn write(&self, to: &mut Writer<'_>) {
        to.raw(&self.0);
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let bytes = from.raw(16)?.try_into().expect("sixteen bytes were taken");
        Ok(Pseudonym(bytes))
    }
}

/// An array of texts. One coding needs no list in memory.
impl<'a> Wire<'a> for Codes<'a> {
    fn write(&self, to: &mut Writer<'_>) {
        if !self.is_empty() {
            to.length(self.len());
            self.iter().for_each(|code| code.write(to));
        }
        to.length(0);
    }
    #[inline]
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let mut ahead = *from;
        match ahead.long()? {
            0 => {
                *from = ahead;
                return Ok(Codes::default());
            }
            1 => {
                let one = Codes::one(ahead.text()?);
                if ahead.long()? == 0 {
                    *from = ahead;
                    return Ok(one);
                }
            }
            _ => {}
        }
        Ok(from.array()?.into_iter().collect())
    }
}

/// The kind as an enum, then the kind's own fields as a union of null and the kinds in the same order. An unknown kind is an error.
impl<'a> Wire<'a> for Detail<'a> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Detail::Encounter(carried) => branch(to, 0, carried.as_ref()),
            Detail::Prescription(carried) => branch(to, 1, carried.as_ref()),
            Detail::Feedback(carried) => branch(to, 2, carried.as_ref()),
            Detail::Order(carried) => branch(to, 3, carried.as_ref()),
            Detail::Observation(carried) => branch(to, 4, carried.as_ref()),
        }
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let kind = from.long()?;
        let branch = from.long()?;
        match (kind, branch) {
            (0, 0) => Ok(Detail::Encounter(None)),
            (0, 1) => Wire::read(from).map(|carried| Detail::Encounter(Some(carried))),
            (1, 0) => Ok(Detail::Prescription(None)),
            (1, 2) => Wire::read(from).map(|carried| Detail::Prescription(Some(carried))),
            (2, 0) => Ok(Detail::Feedback(None)),
            (2, 3) => Wire::read(from).map(|carried| Detail::Feedback(Some(carried))),
            (3, 0) => Ok(Detail::Order(None)),
            (3, 4) => Wire::read(from).map(|carried| Detail::Order(Some(carried))),
            (4, 0) => Ok(Detail::Observation(None)),
            (4, 5) => Wire::read(from).map(|carried| Detail::Observation(Some(carried))),
            _ => Err(WireFault::UnknownBranch),
        }
    }
}

fn branch<'a, T: Wire<'a>>(to: &mut Writer<'_>, kind: i64, carried: Option<&T>) {
    to.long(kind);
    match carried {
        None => to.long(0),
        Some(carried) => {
            to.long(kind + 1);
            carried.write(to);
        }
    }
}
