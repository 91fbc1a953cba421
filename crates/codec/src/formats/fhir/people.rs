//! Practitioners, their roles and organisations: entries of the registry.

use scorecard::registry::entry::{Entry, EntrySource, Organisation, OrganisationKind, Person, Role};
use scorecard::time::calendar::{Day, Month};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::words;
use crate::formats::fhir::header::{EntryMeta, resource_id, unreadable};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Concept, Head, OrganizationResource, PractitionerResource, PractitionerRoleResource};
use crate::json::instant::fhir_moment;
use crate::json::object::Scalar;
use crate::json::text::{TEXT_BYTES, text, unprotected};

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
    let others = identifiers.iter().map(|(system, value)| scope.rules.clinician_key(system, value.as_str().into()));
    let mut aliases: Vec<String> = others.filter(|key| *key != person).chain([alias]).collect();
    aliases.sort_unstable();
    aliases.dedup();
    Ok(Entry::Person(Person { id: person, aliases, source: source(scope) }))
}

/// The feed, as the author of its entries.
fn source(scope: &Scope<'_, '_>) -> Option<EntrySource> {
    Some(EntrySource::Feed(scope.feed.name.to_string()))
}

/// A PractitionerRole: the role of a person at a practice. Its own reference leads to both.
pub(crate) fn role(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &PractitionerRoleResource<'_>,
) -> Result<Entry, Fault> {
    let person = scope.clinician("PractitionerRole.practitioner", &sent.practitioner, &sent.contained)?;
    let practice = scope.organisation("PractitionerRole.organization", &sent.organization, &sent.contained)?;
    let id = resource_id("PractitionerRole.id", head, entry_meta).ok();
    let alias = id.map(|id| scope.alias(&format!("PractitionerRole/{id}")));
    let period = sent.period.object("PractitionerRole.period")?;
    let (start, end) = period.map_or((&Scalar::Missing, &Scalar::Missing), |period| (&period.start, &period.end));
    let mut all = String::new();
    for concept in sent.code.objects("PractitionerRole.code")? {
        all.push_str(&words(concept)?);
    }
    Ok(Entry::Role(Role {
        person: person.ok_or_else(|| Fault::missing("PractitionerRole.practitioner", "send a reference to the practitioner"))?,
        practice: practice.ok_or_else(|| Fault::missing("PractitionerRole.organization", "send a reference to the practice"))?,
        role: role_word(&all).to_owned(),
        locum: all.contains("locum"),
        from: civil_day(scope, "PractitionerRole.period.start", start, Edge::First)?,
        until: civil_day(scope, "PractitionerRole.period.end", end, Edge::Last)?,
        source: source(scope),
        aliases: alias.into_iter().collect(),
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
        kind: kind(&sent.kinds.objects("Organization.type")?)?,
        parent: scope.organisation("Organization.partOf", &sent.part_of, &sent.contained)?,
        setting: None,
        open_from: None,
        open_until: None,
        aliases: alias.filter(|alias| *alias != code).into_iter().collect(),
        code,
        source: source(scope),
    }))
}

/// The role that these words name, `other` when they name none of the known ones. A trainee is a trainee in every profession.
fn role_word(words: &str) -> &'static str {
    let has = |stems: &[&str]| stems.iter().any(|stem| words.contains(stem));
    let is_gp = has(&["general pract", "family medicine", "family physician", "family practice"]);
    let spelled_gp = words.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "gp");
    if has(&["trainee", "registrar", "student", "foundation doctor"]) {
        "trainee"
    } else if has(&["pharmac"]) {
        "pharmacist"
    } else if has(&["paramedic"]) {
        "paramedic"
    } else if has(&["nurse", "nursing"]) {
        "nurse"
    } else if is_gp || spelled_gp {
        "gp"
    } else {
        "other"
    }
}

/// The kind that an organisation's type names; every other organisation is a practice.
fn kind(concepts: &[&Concept<'_>]) -> Result<OrganisationKind, Fault> {
    for concept in concepts {
        let words = words(concept)?;
        let is = |word: &str| words.split(|c: char| !c.is_ascii_alphanumeric()).any(|found| found == word);
        if is("pcn") || words.contains("primary care network") {
            return Ok(OrganisationKind::Pcn);
        }
        if is("locality") || is("icb") || is("ccg") || words.contains("integrated care") {
            return Ok(OrganisationKind::Locality);
        }
    }
    Ok(OrganisationKind::Practice)
}

/// An end of a period.
#[derive(Clone, Copy)]
enum Edge {
    First,
    Last,
}

/// The civil day of one end of a period. A month or a year means its first or its last day.
fn civil_day(scope: &Scope<'_, '_>, field: Field, value: &Scalar<'_>, edge: Edge) -> Result<Option<String>, Fault> {
    let Some(text) = unprotected(field, value, TEXT_BYTES)? else { return Ok(None) };
    let day = match fhir_moment(&text, &scope.feed.zone) {
        Ok(moment) => moment.day,
        Err(why) => coarse_day(&text, edge).ok_or_else(|| unreadable(field, &text, why))?,
    };
    Ok(Some(day.to_string()))
}

/// The first or the last day of a year or a month.
fn coarse_day(text: &str, edge: Edge) -> Option<Day> {
    let (first, last): (Month, Month) = match text.len() {
        4 => (format!("{text}-01").parse().ok()?, format!("{text}-12").parse().ok()?),
        _ => (text.parse().ok()?, text.parse().ok()?),
    };
    Some(match edge {
        Edge::First => first.first_day(),
        Edge::Last => last.last_day(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_recognised_by_their_words() {
        for (words, role) in [
            ("general practice physician 208d00000x ", "gp"),
            ("gp trainee", "trainee"),
            ("salaried gp", "gp"),
            ("specialty registrar", "trainee"),
            ("nurse practitioner", "nurse"),
            ("clinical pharmacist", "pharmacist"),
            ("community paramedic", "paramedic"),
            ("gpo", "other"),
            ("", "other"),
        ] {
            assert_eq!(role_word(words), role, "{words}");
        }
    }

    #[test]
    fn a_year_means_its_first_or_its_last_day() {
        assert_eq!(coarse_day("2020", Edge::First), Day::from_ymd(2020, 1, 1));
        assert_eq!(coarse_day("2020", Edge::Last), Day::from_ymd(2020, 12, 31));
        assert_eq!(coarse_day("2020-02", Edge::Last), Day::from_ymd(2020, 2, 29));
        assert_eq!(coarse_day("20", Edge::Last), None);
    }
}
