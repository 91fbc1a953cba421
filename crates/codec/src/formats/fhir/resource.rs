//! One resource and the item that it becomes.

use std::borrow::Cow;

use scorecard::event::{CodeDefinition, Detail, Event, Versioning};
use scorecard::record::item::{DrugSource, Feed};
use scorecard::registry::entry::Entry;

use crate::fault::Fault;
use crate::formats::decoder_config::Context;
use crate::formats::fhir::bundle_entry::{BundleEntry, with_meta};
use crate::formats::fhir::header::{EntryMeta, arrival, resource_id};
use crate::formats::fhir::references::{Scope, is_type};
use crate::formats::fhir::resources::{Head, parse};
use crate::formats::fhir::versions::check_head;
use crate::formats::fhir::{answers, bundle_entry, drugs, medications, observations, orders, people, visits};
use crate::json::object::Scalar;

/// The result of reading a resource.
pub(crate) enum ResourceOutcome {
    Event(Box<Event<'static>>),
    Definition(CodeDefinition<'static>),
    Registry(Entry),
    Skipped(String),
}

/// The type of a resource.
pub(crate) fn resource_type(head: &Head<'_>) -> Result<String, Fault> {
    match &head.resource_type {
        Scalar::Text(kind) => Ok(kind.trim().to_owned()),
        Scalar::Missing => Err(Fault::missing("resourceType", "send the resource with its type")),
        Scalar::Other(found) => Err(Fault::wrong_type("resourceType", found, "the type's name in quotes")),
    }
}

/// Reads one resource.
pub(crate) fn resource<'b>(
    scope: &Scope<'_, 'b>,
    text: &'b str,
    head: &Head<'b>,
    entry_meta: &EntryMeta,
) -> Result<ResourceOutcome, Fault> {
    let kind = resource_type(head)?;
    check_head(&kind, head)?;
    let event = |event: Event<'static>| Ok(ResourceOutcome::Event(Box::new(event)));
    match (kind.as_str(), scope.feed.drugs) {
        ("Encounter", _) => event(visits::encounter(scope, head, entry_meta, &*parse(text)?)?),
        ("Appointment", _) => event(visits::appointment(scope, head, entry_meta, &*parse(text)?)?),
        ("MedicationRequest", DrugSource::Requests) => event(drugs::request(scope, head, entry_meta, &*parse(text)?)?),
        ("MedicationDispense", DrugSource::Dispenses) => event(drugs::dispense(scope, head, entry_meta, &*parse(text)?)?),
        ("ServiceRequest", _) => event(orders::request(scope, head, entry_meta, &*parse(text)?)?),
        ("QuestionnaireResponse", _) => match answers::response(scope, head, entry_meta, &*parse(text)?)? {
            Some(response) => event(response),
            None => Ok(ResourceOutcome::Skipped(kind)),
        },
        ("Observation", _) => match observations::observation(scope, head, entry_meta, &*parse(text)?)? {
            Some(observation) => event(observation),
            None => Ok(ResourceOutcome::Skipped(kind)),
        },
        ("Medication", _) => medications::definition(scope, head, entry_meta, &*parse(text)?).map(ResourceOutcome::Definition),
        ("Patient", _) => {
            if let Ok(id) = resource_id("Patient.id", head, entry_meta) {
                scope.remember_patient(&id, Some(&*parse(text)?));
            }
            Ok(ResourceOutcome::Skipped(kind))
        }
        ("Practitioner", _) => people::practitioner(scope, head, entry_meta, &*parse(text)?).map(ResourceOutcome::Registry),
        ("PractitionerRole", _) => people::role(scope, head, entry_meta, &*parse(text)?).map(ResourceOutcome::Registry),
        ("Organization", _) => people::organisation(scope, head, entry_meta, &*parse(text)?).map(ResourceOutcome::Registry),
        ("Location", _) => Ok(people::location(scope, head, entry_meta, &*parse(text)?)?
            .map_or_else(|| ResourceOutcome::Skipped(kind), ResourceOutcome::Registry)),
        ("Bundle", _) => Err(bundle_entry::nested()),
        _ => Ok(ResourceOutcome::Skipped(shown_type(&kind))),
    }
}

/// The delete of a resource retracts its event. Without a version it ranks half a version above the version that it finds.
///
/// The registry only grows: the delete of an entry is skipped.
pub(crate) fn delete(scope: &Scope<'_, '_>, kind: &str, id: &str, entry_meta: &EntryMeta) -> ResourceOutcome {
    match kind {
        "Medication" => return ResourceOutcome::Definition(medications::deleted(scope, id, entry_meta)),
        "Patient" => scope.remember_patient(id, None),
        _ => {}
    }
    let Some(detail) = detail_of(kind, scope.feed) else { return ResourceOutcome::Skipped(shown_type(kind)) };
    let version = match scope.feed.versioning {
        Versioning::Id => entry_meta.version,
        Versioning::Updated => entry_meta.modified.and_then(|at| u64::try_from(at.0).ok()).filter(|version| *version > 0),
        Versioning::Arrival => Some(arrival(scope.context)),
    };
    let id = scope.rules.pseudonyms.protect(format!("{kind}/{id}").into()).into_owned().into();
    ResourceOutcome::Event(Box::new(Event { version, recorded_at: entry_meta.modified, ..retraction(id, detail) }))
}

/// The kind of event that a resource of this type becomes, without content; `None` for other types.
pub(crate) fn detail_of(kind: &str, feed: &Feed) -> Option<Detail<'static>> {
    match (kind, feed.drugs) {
        ("Encounter" | "Appointment", _) => Some(Detail::Encounter(None)),
        ("MedicationRequest", DrugSource::Requests) | ("MedicationDispense", DrugSource::Dispenses) => {
            Some(Detail::Prescription(None))
        }
        ("QuestionnaireResponse", _) => Some(Detail::Feedback(None)),
        ("ServiceRequest", _) => Some(Detail::Order(None)),
        ("Observation", _) => Some(Detail::Observation(None)),
        _ => None,
    }
}

/// The retraction of an event that a source names by its id alone. `detail` is its kind.
pub(crate) fn retraction_of(
    feed: &Feed,
    id: Cow<'static, str>,
    detail: Detail<'static>,
    context: &Context<'_>,
) -> Event<'static> {
    let version = (feed.versioning == Versioning::Arrival).then(|| arrival(context));
    Event { version, ..retraction(id, detail) }
}

fn retraction(id: Cow<'static, str>, detail: Detail<'static>) -> Event<'static> {
    Event { version: None, action: scorecard::event::Action::Retract, ..Event::new(id, detail) }
}

/// Whether an older version in a history has no effect because of its newer one. The versions of events are ordered by their numbers, except
/// where [`is_unordered`]. The last entry of the registry decides, so it must be the newest.
/// A deleted one stays in the registry, so its newest version with content counts.
pub(crate) fn is_replaced(entry: &BundleEntry<'_>, head: &Head<'_>, entry_meta: &EntryMeta, feed: &Feed) -> bool {
    match &head.resource_type {
        Scalar::Text(kind) if matches!(kind.trim(), "Practitioner" | "PractitionerRole" | "Organization" | "Location") => {
            entry.replaced
        }
        Scalar::Text(kind) if kind.trim() == "Patient" => entry.superseded,
        _ => is_unordered(entry, with_meta(entry_meta.clone(), Some(head)).version, feed),
    }
}

/// Whether an older version in a history has no number that orders it behind its newer one: the Bundle alone orders them.
pub(crate) fn is_unordered(entry: &BundleEntry<'_>, version: Option<u64>, feed: &Feed) -> bool {
    entry.superseded
        && match feed.versioning {
            Versioning::Id => version.is_none(),
            Versioning::Updated => false,
            Versioning::Arrival => true,
        }
}

/// The name of a type that is not counted, if it has the form of a type's name, else `unknown`.
pub(crate) fn shown_type(kind: &str) -> String {
    if is_type(kind) { kind.to_owned() } else { "unknown".to_owned() }
}
