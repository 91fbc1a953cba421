//! Genesis, persons, roles and organisations: the records of `registry`.

use scorecard::record::log_record::Genesis;
use scorecard::registry::entry::{Organisation, OrganisationKind, Person, Role};

use crate::avro::wire::{wire_enum, wire_record};

wire_record!(Genesis { format, partitions, zone, grid_period_seconds, grid_offset_seconds, first, permanent_key, patient_keys });
wire_record!(Person { id, aliases });
wire_record!(Role { person, practice, role, locum, from, until });
wire_enum!(OrganisationKind { Practice, Pcn, Locality });
wire_record!(Organisation { code, name, kind, parent, setting, open_from, open_until });
