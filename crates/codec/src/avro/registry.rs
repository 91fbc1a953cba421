//! The records of `registry`, and the details of persons in `people`.

use scorecard::record::log_record::Genesis;
use scorecard::registry::entry::{
    EntrySource, EventFence, FeedRule, FeedSends, Lead, Organisation, OrganisationKind, Person, Role, Withdrawal, WithdrawnKind,
};
use scorecard::registry::person_details::{Notification, PersonDetails};

use crate::avro::wire::{Reader, Wire, WireFault, Writer, wire_enum, wire_record};

wire_record!(Genesis { format, partitions, zone, grid_period_seconds, grid_offset_seconds, first, permanent_key, patient_keys });
wire_record!(Person { id, aliases, source });
wire_record!(Role { person, practice, role, locum, from, until, source, aliases });
wire_enum!(OrganisationKind { Practice, Pcn, Locality });
wire_record!(Organisation { code, name, kind, parent, setting, open_from, open_until, aliases, source });
wire_record!(Lead { person, practice, from, until, source });
wire_record!(FeedRule { feed, ids, versioning, source });
wire_record!(FeedSends { feed, sends, source });
wire_record!(EventFence { feed, id, source });
wire_enum!(WithdrawnKind { Alias, Role, Organisation, Lead });
wire_record!(Withdrawal { withdraws, person, alias, practice, role, code, from, source });
wire_enum!(Notification { Email, None });
wire_record!(PersonDetails { person, name, login, email, notify });

/// `operator`, `feed|NAME` or `trusted|NAME`.
impl<'a> Wire<'a> for EntrySource {
    fn write(&self, to: &mut Writer<'_>) {
        to.text(&self.text());
    }
    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        Ok(EntrySource::of_text(from.text()?))
    }
}
