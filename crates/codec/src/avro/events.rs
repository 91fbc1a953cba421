//! Batches of a feed's events, and ticks: the records of the topic `events`, which are encoded and decoded most often.

use scorecard::event::{
    Action, Answer, Attendance, Batch, Category, Detail, Encounter, Event, Exclusion, Feedback, Mode, Order, PackedBatch,
    Prescription, Pseudonym, Source, Versioning,
};
use scorecard::record::log_record::Tick;

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_enum, wire_record};

wire_enum!(Action { Record, Hold, Retract });
wire_enum!(Exclusion { Admin, Test });
wire_enum!(Versioning { Id, Updated, Arrival });
wire_enum!(Source { Whole, Visit, Slot });
wire_enum!(Mode { FaceToFace, Telephone, Video, Home, Other });
wire_enum!(Attendance { Attended, Noshow, Unknown });
wire_enum!(Answer { VeryGood, Good, Neither, Poor, VeryPoor, DontKnow });
wire_enum!(Category { Referral, Test, Imaging });

wire_record!(Tick { at });
wire_record!(Batch<'a> { feed, practice, versioning, events });
wire_record!(Event<'a> {
    id, version, action, day, occurred_at, recorded_at, clinician, practice, patient, exclude, pca, link, detail
});
wire_record!(Encounter<'a> { source, mode, status, booked_at, booked_day, minutes, planned_minutes, diagnoses });
wire_record!(Prescription<'a> { code, quantity_milli, items, cost_pence, adq_milli, repeat });
wire_record!(Feedback<'a> { answer, items });
wire_record!(Order<'a> { category, code });

/// A batch whose events are already encoded.
pub(super) fn write_packed(batch: &PackedBatch<'_>, to: &mut Writer<'_>) {
    batch.feed.write(to);
    batch.practice.write(to);
    batch.versioning.write(to);
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

/// The kind as an enum, then the kind's own fields as a union of null and the four kinds in the same order.
impl<'a> Wire<'a> for Detail<'a> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Detail::Encounter(carried) => branch(to, 0, carried.as_ref()),
            Detail::Prescription(carried) => branch(to, 1, carried.as_ref()),
            Detail::Feedback(carried) => branch(to, 2, carried.as_ref()),
            Detail::Order(carried) => branch(to, 3, carried.as_ref()),
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
