//! Practitioners, their roles and organisations: entries of the registry.

use scorecard::registry::entry::{Entry, EntrySource, Organisation, OrganisationKind, Person, Role};

use crate::fault::Fault;
use crate::formats::fhir::concepts::{has_phrase, phrases};
use crate::formats::fhir::header::{EntryMeta, resource_id};
use crate::formats::fhir::periods::{Edge, civil_day};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{
    Concept, Head, LocationResource, OrganizationResource, PractitionerResource, PractitionerRoleResource,
};
use crate::formats::fhir::role_words::{RoleWord, role_word};
use crate::json::number::truth;
use crate::json::object::Scalar;
use crate::json::text::{TEXT_BYTES, text};

/// Phrases and ODS role codes of an organisation's type that name another kind than a practice.
const KINDS: [(OrganisationKind, &[&str]); 2] = [
    (OrganisationKind::Pcn, &["pcn", "primary care network", "ro272"]),
    (OrganisationKind::Locality, &["locality", "icb", "ccg", "integrated care", "ro98", "ro261"]),
];

/// The only day of a role that was never in force: the first day of the calendar that Plumbline reads, before every event.
const NEVER: &str = "1900-01-01";

/// A Practitioner as a person: the best identifier is the id, the others are aliases.
pub(crate) fn practitioner(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &PractitionerResource<'_>,
) -> Result<Entry, Fault> {
    let id = resource_id("Practitioner.id", head, entry_meta)?;
    let identifiers = scope.identifiers("Practitioner.identifier", &sent.identifier)?;
    let alias = scope.alias(&format!("Practitioner/{id}"));
    let Some((system, value)) = scope.best(&identifiers) else {
        return Ok(Entry::Person(Person { id: alias, aliases: Vec::new(), source: source(scope) }));
    };
    let person = scope.rules.clinician_key(system, value.into());
    let all = identifiers.iter().map(|(system, value)| scope.number(system, value));
    let mut aliases: Vec<String> = all.filter(|key| *key != person).chain([alias]).collect();
    aliases.sort_unstable();
    aliases.dedup();
    Ok(Entry::Person(Person { id: person, aliases, source: source(scope) }))
}

/// The feed, as the author of its entries.
fn source(scope: &Scope<'_, '_>) -> Option<EntrySource> {
    Some(EntrySource::Feed(scope.feed.name.to_string()))
}

/// A PractitionerRole: the role of a person at a practice. Its own reference leads to both.
///
/// A role that is not active and has no end was never in force. Its reference still leads to its person and practice. A role without a
/// practice is a further name of its person, and one without a person a further name of its practice.
pub(crate) fn role(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &PractitionerRoleResource<'_>,
) -> Result<Entry, Fault> {
    let person = scope.clinician("PractitionerRole.practitioner", &sent.practitioner, &sent.contained)?;
    let practice = scope.organisation("PractitionerRole.organization", &sent.organization, &sent.contained)?;
    let id = resource_id("PractitionerRole.id", head, entry_meta).ok();
    let aliases: Vec<String> = id.map(|id| scope.alias(&format!("PractitionerRole/{id}"))).into_iter().collect();
    let (person, practice) = match (person, practice) {
        (Some(person), Some(practice)) => (person, practice),
        (Some(person), None) => return Ok(Entry::Person(Person { id: person, aliases, source: source(scope) })),
        (None, Some(code)) => {
            return Ok(Entry::Organisation(Organisation { code, aliases, source: source(scope), ..Organisation::default() }));
        }
        (None, None) => return Err(Fault::missing("PractitionerRole.practitioner", "send a reference to the practitioner")),
    };
    let period = sent.period.object("PractitionerRole.period")?;
    let (start, end) = period.map_or((&Scalar::Missing, &Scalar::Missing), |period| (&period.start, &period.end));
    let from = civil_day(scope, "PractitionerRole.period.start", start, Edge::First)?.map(|day| day.to_string());
    let until = civil_day(scope, "PractitionerRole.period.end", end, Edge::Last)?.map(|day| day.to_string());
    let active = scope.warnings.optional(truth("PractitionerRole.active", &sent.active)).unwrap_or(true);
    let never = (!active && until.is_none()).then(|| NEVER.to_owned());
    let RoleWord { word, locum } = role_word(&sent.code.objects("PractitionerRole.code")?, &person, scope.rules);
    Ok(Entry::Role(Role {
        person,
        practice,
        role: word.to_owned(),
        locum,
        from: never.clone().or(from),
        until: never.or(until),
        source: source(scope),
        aliases,
    }))
}

/// An Organization: a practice, a primary care network or a locality.
pub(crate) fn organisation(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &OrganizationResource<'_>,
) -> Result<Entry, Fault> {
    let identifiers = scope.identifiers("Organization.identifier", &sent.identifier)?;
    let id = match resource_id("Organization.id", head, entry_meta) {
        Ok(id) => Some(id),
        Err(_) if !identifiers.is_empty() => None,
        Err(fault) => return Err(fault),
    };
    let code = scope.organisation_code(&identifiers, id.as_deref()).expect("there is an identifier or an id");
    let name = text("Organization.name", &sent.name, TEXT_BYTES, &scope.rules.pseudonyms)?;
    let alias = id.as_deref().map(|id| scope.alias(&format!("Organization/{id}")));
    Ok(Entry::Organisation(Organisation {
        name: name.unwrap_or_default().into_owned(),
        kind: kind(&sent.kinds.objects("Organization.type")?),
        parent: scope.organisation("Organization.partOf", &sent.part_of, &sent.contained)?,
        setting: None,
        open_from: None,
        open_until: None,
        aliases: alias.filter(|alias| *alias != code).into_iter().collect(),
        code,
        source: source(scope),
    }))
}

/// A Location as a further name of the organisation that manages it, else of the location that it is a part of. `None` for one that
/// names neither.
pub(crate) fn location(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &LocationResource<'_>,
) -> Result<Option<Entry>, Fault> {
    let Ok(id) = resource_id("Location.id", head, entry_meta) else { return Ok(None) };
    let manager = scope.organisation("Location.managingOrganization", &sent.managing_organization, &sent.contained)?;
    let whole = || scope.organisation_of_location("Location.partOf", &sent.part_of, &sent.contained);
    let code = match manager {
        Some(code) => Some(code),
        None => whole()?,
    };
    let aliases = vec![scope.alias(&format!("Location/{id}"))];
    Ok(code.map(|code| Entry::Organisation(Organisation { code, aliases, source: source(scope), ..Organisation::default() })))
}

/// The kind that an organisation's type names; every other organisation is a practice.
fn kind(concepts: &[&Concept<'_>]) -> OrganisationKind {
    let texts: Vec<String> = concepts.iter().flat_map(|concept| phrases(concept)).collect();
    let named = KINDS.iter().find(|(_, wanted)| has_phrase(&texts, wanted));
    named.map_or(OrganisationKind::Practice, |(kind, _)| *kind)
}
