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

/// Where the versioning of a feed comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersioningOrigin {
    /// The configuration.
    #[default]
    Given,
    /// Nothing yet: the first event of the feed decides.
    Open,
    /// The first event of the feed.
    Observed,
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
    /// Where this versioning comes from.
    pub versioning_origin: VersioningOrigin,
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
            versioning_origin: VersioningOrigin::Given,
            ids: IdScope::Feed,
            drugs: DrugSource::Requests,
            zone: Zone::london(),
        }
    }

    /// A feed that the configuration does not declare, in this zone. Its first event decides its versioning.
    #[must_use]
    pub fn open(name: &str, zone: Zone) -> Feed {
        Feed { zone, versioning_origin: VersioningOrigin::Open, ..Feed::undeclared(name) }
    }

    /// Whether no event has decided its versioning yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.versioning_origin == VersioningOrigin::Open
    }

    /// Whether the configuration demands the time of the last change of each event.
    #[must_use]
    pub fn needs_time_of_change(&self) -> bool {
        self.versioning == Versioning::Updated && self.versioning_origin == VersioningOrigin::Given
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
