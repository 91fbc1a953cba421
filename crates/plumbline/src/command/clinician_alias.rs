//! The person behind an alias: `gmp|G7012345`, or the number alone, leads to the person whose cards are published.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use scorecard::registry::directory::{Directory, LAST_DAY};
use scorecard::registry::entry::Entry;

/// The persons of a registry, and the clinicians who have cards without one.
#[derive(Debug, Default)]
pub struct ClinicianAliases {
    directory: Directory,
    /// The part after `|` of every known id and alias, and the ids and aliases that end in it.
    numbers: BTreeMap<String, BTreeSet<String>>,
}

impl ClinicianAliases {
    /// Adds an entry of the registry. Entries decide as on the cards, with all withdrawals in force.
    pub fn add_entry(&mut self, entry: &Entry) {
        if let Entry::Person(person) = entry {
            person.aliases.iter().chain([&person.id]).for_each(|name| self.add_clinician(name));
        }
        self.directory.apply(entry);
    }

    /// Adds a clinician who may have no entry in the registry.
    pub fn add_clinician(&mut self, name: &str) {
        if let Some((_, number)) = name.rsplit_once('|') {
            self.numbers.entry(number.to_owned()).or_default().insert(name.to_owned());
        }
    }

    /// The person whom this alias names. `None` if it is no alias: a person's own id, or unknown.
    ///
    /// # Errors
    /// When a number alone names several persons. The text lists them.
    pub fn person_of(&self, alias: &str) -> Result<Option<String>> {
        let person = self.directory.person_of(alias, LAST_DAY);
        if person != alias {
            return Ok(Some(person.into_owned()));
        }
        let names = self.numbers.get(alias).into_iter().flatten();
        let persons: BTreeSet<Cow<'_, str>> = names.map(|name| self.directory.person_of(name, LAST_DAY)).collect();
        match persons.iter().collect::<Vec<_>>().as_slice() {
            [] => Ok(None),
            [person] => Ok(Some(person.to_string())),
            several => {
                let listed = several.iter().map(|person| format!("{person:?}")).collect::<Vec<_>>().join(", ");
                bail!("{alias} names {} persons: {listed}; name one of them", several.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(persons: &[&str], clinicians: &[&str]) -> ClinicianAliases {
        let mut aliases = ClinicianAliases::default();
        persons.iter().for_each(|text| aliases.add_entry(&serde_json::from_str(text).expect("an entry")));
        clinicians.iter().for_each(|name| aliases.add_clinician(name));
        aliases
    }

    #[test]
    fn an_alias_and_its_number_alone_lead_to_the_person() {
        let known = aliases(&[r#"{"type":"person","id":"dr-who","aliases":["gmc|7012345","gmp|G7012345"]}"#], &["nmc|1A2345"]);
        let person = |alias| known.person_of(alias).expect("no doubt");
        for alias in ["gmc|7012345", "gmp|G7012345", "7012345", "G7012345"] {
            assert_eq!(person(alias).as_deref(), Some("dr-who"), "{alias}");
        }
        assert_eq!(person("1A2345").as_deref(), Some("nmc|1A2345"), "a clinician without an entry has a number, too");
        assert_eq!([person("dr-who"), person("nmc|1A2345"), person("7")], [None, None, None]);
    }

    #[test]
    fn a_number_of_two_persons_is_refused_with_both() {
        let known = aliases(&[r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#], &["nmc|1"]);
        let refused = known.person_of("1").expect_err("two have it").to_string();
        assert!(refused.contains("\"nmc|1\", \"p1\""), "{refused}");
        assert_eq!(known.person_of("gmc|1").expect("no doubt").as_deref(), Some("p1"));
    }
}
