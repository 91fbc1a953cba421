//! Mistakes of a registry file in persons, their aliases, roles and leads.

use crate::edit_distance::nearest;
use crate::registry::day_span::DaySpan;
use crate::registry::defined_names::DefinedNames;
use crate::registry::earlier_entries::EarlierEntries;
use crate::registry::entry::{OrganisationKind, Person, Role};
use crate::registry::identifier::{person_key, role_word};
use crate::registry::role_words::{ROLES, is_role};

/// Digits from which on a text without a system is read as a number.
const LEAST_DIGITS: usize = 5;

/// The mistakes in the aliases of a person.
pub(crate) fn alias_mistakes(names: &DefinedNames<'_>, person: &Person) -> Vec<String> {
    let id = &person.id;
    let mut wrong = repeated(person);
    for alias in &person.aliases {
        wrong.extend(misspelt(alias).map(|text| format!("alias {alias:?} of person {id:?} {text}")));
        let key = person_key(alias);
        let other = names.person(alias).filter(|(owner, _)| person_key(owner) != person_key(id) && !names.is_withdrawn(&key));
        if let Some((owner, line)) = other {
            let text = format!("also belongs to person {owner:?} (line {line}); remove it from one of them");
            wrong.push(format!("alias {alias:?} of person {id:?} {text}"));
        }
    }
    wrong
}

/// The mistake in the spelling of an alias. Aliases have the form of a row's clinician.
fn misspelt(alias: &str) -> Option<String> {
    let form = "write it as system|number, such as \"gmc|7012345\"";
    match alias.split_once('|') {
        Some((_, number)) if number.trim().is_empty() => return Some(format!("has no number; {form}")),
        None if alias.contains("://") => return Some(format!("is a URI without a number; {form}")),
        None if is_number(alias) => return Some(format!("is a number without a system; {form}")),
        _ => {}
    }
    let normal = person_key(alias);
    (normal != *alias).then(|| format!("is another spelling of {normal:?}; write {normal:?}"))
}

/// The mistake in the word of a role.
pub(crate) fn unknown_role(role: &Role) -> Option<String> {
    let word = &role.role;
    if is_role(word) {
        return None;
    }
    let near = nearest(&role_word(word), ROLES.into_iter());
    let cure = near.map_or_else(|| format!("write one of {}", ROLES.join(", ")), |near| format!("did you mean {near:?}?"));
    Some(format!("role.role {word:?} of {:?} is not a role; {cure}", role.person))
}

/// An alias that the same entry names twice in other words.
fn repeated(person: &Person) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, alias) in person.aliases.iter().enumerate() {
        if let Some(first) = person.aliases[..at].iter().find(|first| person_key(first) == person_key(alias)) {
            let id = &person.id;
            wrong.push(format!("alias {alias:?} of person {id:?} is the same number as alias {first:?}; remove one of them"));
        }
    }
    wrong
}

fn is_number(alias: &str) -> bool {
    let alias = alias.trim();
    alias.bytes().all(|b| b.is_ascii_alphanumeric()) && alias.bytes().filter(u8::is_ascii_digit).count() >= LEAST_DIGITS
}

/// The mistakes in the person and the practice of a role or a lead.
pub(crate) fn place_mistakes(names: &DefinedNames<'_>, kind: &str, person: &str, practice: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if names.person(person).is_none() {
        wrong.push(format!("{kind}.person {person:?} is not in the file; add a person with this id"));
    }
    match names.kind(practice) {
        Some(OrganisationKind::Practice) => {}
        Some(_) => wrong.push(format!("{kind}.practice {practice:?} is not a practice; write the code of a practice")),
        None => wrong.push(format!("{kind}.practice {practice:?} is not in the file; add an organisation with this code")),
    }
    wrong
}

/// The first earlier role of another word that the person has at the same practice on the same day.
pub(crate) fn second_role(names: &DefinedNames<'_>, earlier: &EarlierEntries<'_>, role: &Role) -> Option<String> {
    let days = DaySpan::read(role.from.as_deref(), role.until.as_deref())?;
    let another = |other: &Role| role_word(&other.role) != role_word(&role.role);
    let (line, other, _) = earlier.roles(names, role).find(|(_, other, held)| another(other) && held.overlaps(days))?;
    let (Role { person, practice, role, .. }, other) = (role, &other.role);
    Some(format!(
        "role {role:?} of {person:?} at {practice:?} overlaps the role {other:?} (line {line}); write `until` for the one that \
         ends, or delete one"
    ))
}
