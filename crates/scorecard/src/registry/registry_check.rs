//! Checks that the entries of a registry file are consistent: dates, aliases, and references.

use std::collections::BTreeMap;

use crate::registry::directory::civil_day;
use crate::registry::entry::{Entry, Organisation, OrganisationKind, RegistryMistake, Role};

/// An entry and the line on which it begins.
type LocatedEntry = (usize, Entry);

/// All inconsistencies, in no particular order.
pub(crate) fn check(entries: &[LocatedEntry]) -> Vec<RegistryMistake> {
    let known = DefinedNames::of(entries);
    let mut mistakes = Vec::new();
    for (line, entry) in entries {
        let texts = match entry {
            Entry::Person(person) => known.aliases_of_others(&person.id, &person.aliases),
            Entry::Role(role) => known.role(role),
            Entry::Organisation(organisation) => known.organisation(organisation),
        };
        mistakes.extend(texts.into_iter().map(|text| RegistryMistake { line: *line, text }));
    }
    mistakes
}

/// The names that a file defines.
struct DefinedNames<'a> {
    /// The first person with an alias or id and the line of that person, by alias or id.
    owners: BTreeMap<&'a str, (&'a str, usize)>,
    /// The last entry of an organisation, by code.
    organisations: BTreeMap<&'a str, &'a Organisation>,
}

impl<'a> DefinedNames<'a> {
    fn of(entries: &'a [LocatedEntry]) -> DefinedNames<'a> {
        let mut known = DefinedNames { owners: BTreeMap::new(), organisations: BTreeMap::new() };
        for (line, entry) in entries {
            if let Entry::Person(person) = entry {
                known.owners.entry(&person.id).or_insert((&person.id, *line));
            }
        }
        for (line, entry) in entries {
            match entry {
                Entry::Person(person) => {
                    for alias in &person.aliases {
                        known.owners.entry(alias).or_insert((&person.id, *line));
                    }
                }
                Entry::Organisation(organisation) => {
                    known.organisations.insert(&organisation.code, organisation);
                }
                Entry::Role(_) => {}
            }
        }
        known
    }

    fn aliases_of_others(&self, id: &str, aliases: &[String]) -> Vec<String> {
        let other = |alias: &String| {
            let (owner, line) = self.owners.get(alias.as_str()).filter(|(owner, _)| *owner != id)?;
            Some(format!(
                "alias {alias:?} of person {id:?} also belongs to person {owner:?} (line {line}); remove it from one of them"
            ))
        };
        aliases.iter().filter_map(other).collect()
    }

    fn role(&self, role: &Role) -> Vec<String> {
        let mut wrong = dates("role", ["from", "until"], role.from.as_deref(), role.until.as_deref());
        if !self.owners.contains_key(role.person.as_str()) {
            wrong.push(format!("role.person {:?} is not in the file; add a person with this id", role.person));
        }
        match self.organisations.get(role.practice.as_str()).map(|organisation| organisation.kind) {
            Some(OrganisationKind::Practice) => {}
            Some(_) => wrong.push(format!("role.practice {:?} is not a practice; write the code of a practice", role.practice)),
            None => {
                wrong.push(format!("role.practice {:?} is not in the file; add an organisation with this code", role.practice))
            }
        }
        wrong
    }

    fn organisation(&self, organisation: &Organisation) -> Vec<String> {
        let Organisation { code, parent, open_from, open_until, .. } = organisation;
        let mut wrong = dates("organisation", ["open_from", "open_until"], open_from.as_deref(), open_until.as_deref());
        match parent {
            Some(parent) if !self.organisations.contains_key(parent.as_str()) => {
                wrong.push(format!("parent {parent:?} of {code:?} is not in the file; add an organisation with this code"));
            }
            _ => wrong.extend(self.circle(organisation)),
        }
        wrong
    }

    /// Reports each circle of parents once: at the last entry of its smallest code.
    fn circle(&self, organisation: &Organisation) -> Option<String> {
        if !std::ptr::eq(*self.organisations.get(organisation.code.as_str())?, organisation) {
            return None;
        }
        let start = organisation.code.as_str();
        let parent = |code: &&str| self.organisations.get(*code).and_then(|held| held.parent.as_deref());
        let above: Vec<&str> = std::iter::successors(parent(&start), parent).take(self.organisations.len()).collect();
        let round = above.iter().position(|code| *code == start)?;
        let smallest = above[..round].iter().all(|code| start <= *code);
        smallest
            .then(|| format!("{start:?} is its own parent through {}; remove one of these parents", above[..=round].join(" > ")))
    }
}

fn dates(kind: &str, names: [&str; 2], from: Option<&str>, until: Option<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in names.into_iter().zip([from, until]) {
        if let Some(text) = text.filter(|text| civil_day(text).is_none()) {
            wrong.push(format!("{kind}.{name} {text:?} is not a date; write it as 2026-10-05"));
        }
    }
    let days = from.and_then(civil_day).zip(until.and_then(civil_day));
    if let (Some((first, last)), Some(from), Some(until)) = (days, from, until)
        && last < first
    {
        wrong.push(format!("{kind}.{} {until} is before {} {from}; swap them or remove one", names[1], names[0]));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(lines: &[&str]) -> Vec<String> {
        let entries: Vec<LocatedEntry> = (1..).zip(lines.iter().map(|line| serde_json::from_str(line).unwrap())).collect();
        let mut mistakes = check(&entries);
        mistakes.sort();
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_alias_of_two_persons_names_both() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p1","aliases":["gmc|1","p1"]}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
            r#"{"type":"person","id":"p3","aliases":["p2"]}"#,
            r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 2: alias \"gmc|1\" of person \"p2\" also belongs to person \"p1\" (line 1); remove it from one of them",
                "line 3: alias \"p2\" of person \"p3\" also belongs to person \"p2\" (line 2); remove it from one of them",
            ]
        );
    }

    #[test]
    fn roles_need_a_person_and_a_practice_of_the_file() {
        let found = mistakes(&[
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp"}"#,
            r#"{"type":"role","person":"gmc|1","practice":"P1","role":"gp"}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 1: role.person \"p1\" is not in the file; add a person with this id",
                "line 1: role.practice \"A1\" is not in the file; add an organisation with this code",
                "line 2: role.practice \"P1\" is not a practice; write the code of a practice",
            ]
        );
    }

    #[test]
    fn dates_are_dates_and_ends_come_after_beginnings() {
        let found = mistakes(&[
            r#"{"type":"person","id":"p1"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-02-30","until":"1 March"}"#,
            r#"{"type":"organisation","code":"A1","kind":"practice","open_from":"2026-02-02","open_until":"2026-02-01"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 2: role.from \"2026-02-30\" is not a date; write it as 2026-10-05",
                "line 2: role.until \"1 March\" is not a date; write it as 2026-10-05",
                "line 3: organisation.open_until 2026-02-01 is before open_from 2026-02-02; swap them or remove one",
            ]
        );
    }

    #[test]
    fn parents_exist_and_never_lead_back() {
        let found = mistakes(&[
            r#"{"type":"organisation","code":"A1","kind":"practice","parent":"P1"}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn","parent":"L1"}"#,
            r#"{"type":"organisation","code":"L1","kind":"locality","parent":"P1"}"#,
            r#"{"type":"organisation","code":"A2","kind":"practice","parent":"P9"}"#,
            r#"{"type":"organisation","code":"X1","kind":"pcn","parent":"X1"}"#,
        ]);
        assert_eq!(
            found,
            [
                "line 3: \"L1\" is its own parent through P1 > L1; remove one of these parents",
                "line 4: parent \"P9\" of \"A2\" is not in the file; add an organisation with this code",
                "line 5: \"X1\" is its own parent through X1; remove one of these parents",
            ]
        );
    }
}
