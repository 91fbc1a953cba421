//! Identifiers of persons, organisations and patients: the ones in force come first, and retired ones never name anybody.

use scorecard::time::calendar::Day;

use crate::fault::{Fault, Field};
use crate::formats::fhir::periods::{Edge, civil_day};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::Identifier;
use crate::json::object::{List, Node, Scalar};
use crate::json::text::{TEXT_BYTES, unprotected};

/// System and value of an identifier.
pub(crate) type SystemValue = (String, String);

/// The identifiers of a resource that have a value, without those of use `old`.
#[derive(Debug, Default)]
pub(crate) struct IdentifierList {
    current: Vec<SystemValue>,
    /// Identifiers whose period is over. They name the same resource, but a current one is better.
    ended: Vec<SystemValue>,
}

impl IdentifierList {
    /// The current ones, then the ended ones.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SystemValue> {
        self.current.iter().chain(&self.ended)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.current.is_empty() && self.ended.is_empty()
    }

    /// The identifier that names the resource: the best of the preferred systems, else the first. A current one comes first.
    pub(crate) fn best<'p>(&self, preference: impl Iterator<Item = &'p str> + Clone) -> Option<(&str, &str)> {
        let best = |list: &'_ [SystemValue]| {
            let preferred = preference.clone().find_map(|wanted| list.iter().position(|(system, _)| system == wanted));
            preferred.or((!list.is_empty()).then_some(0))
        };
        let found = best(&self.current).map(|at| &self.current[at]).or_else(|| best(&self.ended).map(|at| &self.ended[at]));
        found.map(|(system, value)| (system.as_str(), value.as_str()))
    }
}

impl Scope<'_, '_> {
    /// System and value of an identifier; `None` without a value, and for one of use `old`.
    pub(crate) fn identifier(&self, field: Field, sent: &Identifier<'_>) -> Result<Option<SystemValue>, Fault> {
        if matches!(&sent.usage, Scalar::Text(usage) if usage.trim() == "old") {
            return Ok(None);
        }
        let system = unprotected(field, &sent.system, TEXT_BYTES)?.unwrap_or_default();
        let value = unprotected(field, &sent.value, TEXT_BYTES)?;
        Ok(value.map(|value| (self.rules.systems.short(&system).to_owned(), value.into_owned())))
    }

    /// The identifiers of a resource.
    pub(crate) fn identifiers(&self, field: Field, list: &List<Node<Identifier<'_>>>) -> Result<IdentifierList, Fault> {
        let mut found = IdentifierList::default();
        for sent in list.objects(field)? {
            let Some(identifier) = self.identifier(field, sent)? else { continue };
            let ended = self.end_of(field, sent).is_some_and(|end| end < self.day());
            let list = if ended { &mut found.ended } else { &mut found.current };
            list.push(identifier);
        }
        Ok(found)
    }

    /// The last day of an identifier. A faulty period is absent.
    fn end_of(&self, field: Field, sent: &Identifier<'_>) -> Option<Day> {
        let period = self.warnings.optional(sent.period.object(field))?;
        self.warnings.optional(civil_day(self, field, &period.end, Edge::Last))
    }
}
