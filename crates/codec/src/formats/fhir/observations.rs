//! Observations with a quantity: blood pressures, HbA1c and the like. The log stores them; no measure counts them yet.

use std::borrow::Cow;

use scorecard::event::{Action, Codes, Detail, Event, Observation, ObservedValue};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::codes;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::parties::Performer;
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Concept, Head, ObservationResource, Quantity};
use crate::formats::fhir::versions::check_observation;
use crate::json::number::signed_thousandths;
use crate::json::object::{Node, Scalar};
use crate::json::text::{LIST_ITEMS, UNIT_BYTES, text};

/// FHIR's ObservationStatus.
const STATUSES: [(&str, Action); 8] = [
    ("final", Action::Record),
    ("amended", Action::Record),
    ("corrected", Action::Record),
    ("registered", Action::Hold),
    ("preliminary", Action::Hold),
    ("unknown", Action::Hold),
    ("cancelled", Action::Retract),
    ("entered-in-error", Action::Retract),
];

/// An Observation as an event; `None` when it has no quantity.
pub(crate) fn observation(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &ObservationResource<'_>,
) -> Result<Option<Event<'static>>, Fault> {
    check_observation(sent)?;
    let observed = observed(scope, sent);
    let asked = action("Observation.status", &sent.status, &STATUSES);
    if observed.values.is_empty() && asked != Ok(Action::Retract) {
        return Ok(None);
    }
    let header = header(scope, "Observation", &head_fields!("Observation"), head, entry_meta)?;
    let (field, written) = instant_of(sent)?;
    let when = occurred(scope, field, written, asked.clone()?)?;
    let mut event = header.event(asked?, when, Detail::Observation(None));
    performer(scope, sent).put(&mut event);
    scope.put_patient(&mut event, "Observation.subject", &sent.subject, &sent.contained);
    scope.put_link(&mut event, "Observation.encounter", &sent.encounter, &sent.contained);
    if event.action == Action::Record {
        event.detail = Detail::Observation(Some(observed));
    }
    Ok(Some(event))
}

/// The time of the observation, else the time at which it was issued.
fn instant_of<'s, 'b>(sent: &'s ObservationResource<'b>) -> Result<(Field, &'s Scalar<'b>), Fault> {
    const PERIOD: Field = "Observation.effectivePeriod.start";
    let begun = sent.effective_period.object("Observation.effectivePeriod")?.map_or(&Scalar::Missing, |period| &period.start);
    let candidates = [
        ("Observation.effectiveDateTime", &sent.effective),
        ("Observation.effectiveInstant", &sent.effective_instant),
        (PERIOD, begun),
        ("Observation.issued", &sent.issued),
    ];
    let found = candidates.into_iter().find(|(_, written)| **written != Scalar::Missing);
    Ok(found.unwrap_or(candidates[0]))
}

/// The first performer who is a practitioner.
fn performer<'b>(scope: &Scope<'_, 'b>, sent: &ObservationResource<'b>) -> Performer {
    const FIELD: Field = "Observation.performer";
    let references = scope.warnings.optional(sent.performer.items(FIELD).map(Some)).unwrap_or_default();
    let performers = references.iter().map(|reference| scope.performer(FIELD, reference, &sent.contained));
    performers.into_iter().find(|performer| performer.clinician.is_some()).unwrap_or_default()
}

/// The value of the Observation and those of its components.
fn observed(scope: &Scope<'_, '_>, sent: &ObservationResource<'_>) -> Observation<'static> {
    let concept = scope.warnings.optional(sent.code.object("Observation.code"));
    let code = codes(scope, "Observation.code", concept);
    let mut values: Vec<ObservedValue<'static>> =
        value(scope, "Observation.valueQuantity", &sent.value, || code.clone()).into_iter().collect();
    let components = scope.warnings.optional(sent.component.objects("Observation.component").map(Some)).unwrap_or_default();
    if components.len() > LIST_ITEMS {
        scope.warnings.count_dropped("Observation.component");
    }
    for component in components.into_iter().take(LIST_ITEMS) {
        let of_component = || component_code(scope, &component.code);
        values.extend(value(scope, "Observation.component.valueQuantity", &component.value, of_component));
    }
    Observation { code, values }
}

fn component_code(scope: &Scope<'_, '_>, code: &Node<Concept<'_>>) -> Codes<'static> {
    const FIELD: Field = "Observation.component.code";
    codes(scope, FIELD, scope.warnings.optional(code.object(FIELD)))
}

/// A quantity as a value. One with a comparator is a limit and no value, so it is dropped.
fn value(
    scope: &Scope<'_, '_>,
    field: Field,
    node: &Node<Quantity<'_>>,
    code: impl FnOnce() -> Codes<'static>,
) -> Option<ObservedValue<'static>> {
    let quantity = scope.warnings.optional(node.object(field))?;
    if quantity.comparator != Scalar::Missing {
        scope.warnings.count_dropped(field);
        return None;
    }
    let value_milli = scope.warnings.thousandths(field, signed_thousandths(field, &quantity.value))?;
    let unit = if quantity.code == Scalar::Missing { &quantity.unit } else { &quantity.code };
    let unit = scope.warnings.optional(text(field, unit, UNIT_BYTES, &scope.rules.pseudonyms));
    Some(ObservedValue { code: code(), value_milli, unit: unit.map(|unit| Cow::Owned(unit.into_owned())) })
}
