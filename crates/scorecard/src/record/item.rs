//! The items of a raw record after decoding. Each item is exactly one of: an event, a registry entry, skipped, rejected.

use std::sync::Arc;

use crate::event::{CodeDefinition, Event, IdScope, Versioning};
use crate::record::log_record::Reject;
use crate::registry::entry::Entry;
use crate::time::calendar::Zone;

/// The FHIR drug resource that a feed counts; it never counts both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrugSource {
    /// MedicationRequest.
    #[default]
    Requests,
    /// MedicationDispense.
    Dispenses,
}

/// A feed: one source system with its configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Its name.
    pub name: Arc<str>,
    /// The practice of events without one.
    pub practice: Option<Arc<str>>,
    /// The origin of its version numbers.
    pub versioning: Versioning,
    /// The scope of its event ids.
    pub ids: IdScope,
    /// The drug resource that it counts.
    pub drugs: DrugSource,
    /// The zone of its events' civil days.
    pub zone: Zone,
}

impl Feed {
    /// A feed that the configuration does not declare.
    #[must_use]
    pub fn undeclared(name: &str) -> Feed {
        Feed {
            name: name.into(),
            practice: None,
            versioning: Versioning::Id,
            ids: IdScope::Feed,
            drugs: DrugSource::Requests,
            zone: Zone::london(),
        }
    }
}

/// One item of a raw record.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// An event of a feed.
    Event(Arc<Feed>, Event<'a>),
    /// The codes of a resource that events of a feed refer to.
    Definition(Arc<Feed>, CodeDefinition<'a>),
    /// A person, a role or an organisation.
    Registry(Entry),
    /// A resource whose type is not counted; the value is the type.
    Skipped(String),
    /// An item that cannot be accepted.
    Reject(Reject),
}
