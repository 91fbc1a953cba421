//! The native form: the public contract for practice systems. One object is one version of one event, checked field by field.

use scorecard::event::{Action, Attendance, Detail, Event};
use scorecard::record::item::{Feed, Item};
use scorecard::time::calendar::Timestamp;

use crate::fault::{Fault, RejectReason};
use crate::formats::detail_warnings::DetailWarnings;
use crate::formats::item_sink::ItemSink;
use crate::formats::native_fields::{Native, read_time, time};
use crate::formats::native_kinds::nothing;
use crate::json::instant::instant;
use crate::json::native_event::{ACTIONS, EXCLUSIONS, KINDS, Kind, NativeEvent};
use crate::json::object::Scalar;
use crate::json::text::{ID_BYTES, TEXT_BYTES, word};

/// Lends a native event as an item, or its fault as a reject. `text` is the element that a reject shows.
pub(crate) fn decode(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, sent: &NativeEvent<'_>) {
    items.count_unknown_fields(sent.unknown_fields());
    let warnings = DetailWarnings::default();
    let native = Native { rules: items.rules, context: items.context, warnings: &warnings };
    let feed = match native.feed(sent) {
        Ok(feed) => feed,
        Err(fault) => return items.reject(text, index, None, fault),
    };
    match native.event(&feed, sent) {
        Ok(event) => {
            items.warn(warnings);
            items.lend(Item::Event(feed, event));
        }
        Err(fault) => items.reject(text, index, Some(&feed), fault),
    }
}

impl Native<'_> {
    /// The event itself.
    fn event<'a>(&self, feed: &Feed, sent: &NativeEvent<'a>) -> Result<Event<'a>, Fault> {
        let id = self.text("id", &sent.id, ID_BYTES)?;
        let id = id.ok_or_else(|| Fault::missing("id", "send the permanent id of this event in your system"))?;
        let kind = kind(&sent.kind)?;
        let action = word("action", &sent.action, &ACTIONS)?.unwrap_or(Action::Record);
        let occurred = time("occurred_at", &sent.occurred_at, feed)?;
        let recorded_at = self.recorded_at(feed, sent)?;
        let mut event = Event {
            version: self.version(feed, sent, action, recorded_at)?,
            action,
            day: occurred.map(|moment| moment.day),
            occurred_at: occurred.map(|moment| moment.at),
            recorded_at,
            clinician: self.clinician(&sent.clinician)?,
            practice: self.text("practice", &sent.practice, TEXT_BYTES)?,
            exclude: word("exclude", &sent.exclude, &EXCLUSIONS)?,
            pca: self.pca(&sent.pca)?,
            ..Event::new(id, nothing(kind))
        };
        self.put_patient(&mut event, sent);
        if action == Action::Record {
            self.put_kind(&mut event, kind, feed, sent)?;
            self.check_record(&event)?;
        }
        Ok(event)
    }

    /// The time of the last change. It orders the versions of some feeds; in others it is a detail.
    fn recorded_at(&self, feed: &Feed, sent: &NativeEvent<'_>) -> Result<Option<Timestamp>, Fault> {
        let recorded_at = read_time("recorded_at", &sent.recorded_at, instant);
        if feed.needs_time_of_change() { recorded_at } else { Ok(self.warnings.optional(recorded_at)) }
    }

    /// Checks the fields that only an event that counts must have.
    fn check_record(&self, event: &Event<'_>) -> Result<(), Fault> {
        let Some(occurred_at) = event.occurred_at else {
            return Err(Fault::missing("occurred_at", "send when it happened as 2026-10-05T09:41:00+01:00"));
        };
        if event.clinician.is_none() {
            let cure = "clinician is missing; send the system and the value of the clinician's number";
            return Err(Fault::new(RejectReason::MissingClinician, "clinician", cure));
        }
        let unknown = matches!(&event.detail, Detail::Encounter(Some(encounter)) if encounter.status == Attendance::Unknown);
        if !unknown && self.context.is_future(occurred_at) {
            let cure = "occurred_at is more than five minutes ahead; send an event after it happened, and check the clock";
            return Err(Fault::new(RejectReason::InTheFuture, "occurred_at", cure));
        }
        Ok(())
    }
}

fn kind(value: &Scalar<'_>) -> Result<Kind, Fault> {
    let expected = "send encounter, prescription, feedback, order or observation";
    match word("type", value, &KINDS) {
        Ok(Some(kind)) => Ok(kind),
        Ok(None) => Err(Fault::missing("type", expected)),
        Err(fault) if fault.reason == RejectReason::UnknownValue => Err(Fault { reason: RejectReason::UnknownType, ..fault }),
        Err(fault) => Err(fault),
    }
}
