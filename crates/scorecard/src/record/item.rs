//! What a raw record holds, item by item, after decoding. Each item is exactly one of: an event, a registry entry, skipped, rejected.

use std::sync::Arc;

use crate::event::{Event, Versioning};
use crate::record::log_record::Reject;
use crate::registry::entry::Entry;
use crate::time::calendar::Zone;

/// Which drug resource of FHIR a feed counts, never both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrugSource {
    /// MedicationRequest.
    #[default]
    Requests,
    /// MedicationDispense.
    Dispenses,
}

/// One source system as the configuration declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Its name.
    pub name: Arc<str>,
    /// The practice of events that name none.
    pub practice: Option<Arc<str>>,
    /// How its versions came about.
    pub versioning: Versioning,
    /// Which drug resource it counts.
    pub drugs: DrugSource,
    /// The zone whose civil days its events are stamped with.
    pub zone: Zone,
}

impl Feed {
    /// A feed that nobody declared.
    #[must_use]
    pub fn undeclared(name: &str) -> Feed {
        Feed { name: name.into(), practice: None, versioning: Versioning::Id, drugs: DrugSource::Requests, zone: Zone::london() }
    }
}

/// One item of a raw record.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// An event of a feed.
    Event(Arc<Feed>, Event<'a>),
    /// A person, a role, an organisation.
    Registry(Entry),
    /// A resource of a type that is not counted; its type.
    Skipped(String),
    /// What cannot be taken.
    Reject(Reject),
}
