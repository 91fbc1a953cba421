//! An independent reader of the registry: the person of each number, their roles, and the parents of each practice.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

/// A person at a practice, or the roll-up of a person when the practice is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub person: String,
    pub practice: String,
}

impl Unit {
    pub(crate) fn is_roll_up(&self) -> bool {
        self.practice.is_empty()
    }
}

/// The fields of a card's subject apart from the unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubjectRole {
    pub role: String,
    pub locum: bool,
    pub pcn: Option<String>,
    pub locality: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Entry {
    Person {
        id: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
    Role {
        person: String,
        practice: String,
        role: String,
        #[serde(default)]
        locum: bool,
        #[serde(default, deserialize_with = "day")]
        from: Option<Date>,
        #[serde(default, deserialize_with = "day")]
        until: Option<Date>,
    },
    Organisation {
        code: String,
        kind: String,
        parent: Option<String>,
        setting: Option<String>,
        #[serde(default, deserialize_with = "day")]
        open_from: Option<Date>,
        #[serde(default, deserialize_with = "day")]
        open_until: Option<Date>,
    },
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// A line that is not a registry entry.
#[derive(Debug, thiserror::Error)]
#[error("the oracle cannot read the registry's line {0:?}: {1}; it reads persons, roles and organisations as JSON")]
pub struct BadRegistry(String, serde_json::Error);

/// A registry, in the order of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    entries: Vec<Entry>,
    persons: BTreeMap<String, String>,
}

impl Staff {
    /// Reads NDJSON, one entry a line.
    pub(crate) fn read(registry: &str) -> Result<Staff, BadRegistry> {
        let lines = registry.lines().filter(|line| !line.trim().is_empty());
        let read = |line: &str| serde_json::from_str(line).map_err(|e| BadRegistry(line.to_owned(), e));
        let entries: Vec<Entry> = lines.map(read).collect::<Result<_, _>>()?;
        let mut persons = BTreeMap::new();
        for entry in &entries {
            if let Entry::Person { id, aliases } = entry {
                persons.extend(aliases.iter().map(|alias| (alias.clone(), id.clone())));
            }
        }
        Ok(Staff { entries, persons })
    }

    /// The person of a number; the number itself when no entry has it.
    pub(crate) fn person_of(&self, number: &str) -> String {
        self.persons.get(number).cloned().unwrap_or_else(|| number.to_owned())
    }

    /// The role of a unit on a day.
    pub(crate) fn standing(&self, unit: &Unit, day: Date) -> SubjectRole {
        let mut standing = SubjectRole { role: "unknown".to_owned(), ..SubjectRole::default() };
        for entry in &self.entries {
            if let Entry::Role { person, practice, role, locum, from, until } = entry
                && *person == unit.person
                && (unit.is_roll_up() || *practice == unit.practice)
                && from.is_none_or(|from| from <= day)
                && until.is_none_or(|until| day <= until)
            {
                standing.role.clone_from(role);
                standing.locum = *locum;
            }
        }
        self.belong(&unit.practice, day, &mut standing);
        standing
    }

    /// Follows the parents of a practice.
    fn belong(&self, practice: &str, day: Date, standing: &mut SubjectRole) {
        let mut code = practice;
        // From a practice two steps lead to the network and to the locality.
        for _ in 0..2 {
            let Some(Entry::Organisation { parent: Some(parent), .. }) = self.organisation(code, day) else { return };
            if let Some(Entry::Organisation { kind, .. }) = self.organisation(parent, day) {
                match kind.as_str() {
                    "pcn" => standing.pcn = Some(parent.clone()),
                    "locality" => standing.locality = Some(parent.clone()),
                    _ => {}
                }
            }
            code = parent;
        }
    }

    /// Whether units of this practice are peers: the practice is open on the day, and its setting is missing or `gp`. An unknown
    /// practice and a roll-up are in scope.
    pub(crate) fn in_scope(&self, practice: &str, day: Date) -> bool {
        let known = self.entries.iter().any(|entry| matches!(entry, Entry::Organisation { code, .. } if code == practice));
        match self.organisation(practice, day) {
            Some(Entry::Organisation { setting, open_until, .. }) => {
                setting.as_ref().is_none_or(|s| s == "gp") && open_until.is_none_or(|until| day <= until)
            }
            _ => !known,
        }
    }

    /// The last entry of an organisation that has begun.
    fn organisation(&self, wanted: &str, day: Date) -> Option<&Entry> {
        let begun = |entry: &&Entry| {
            matches!(entry, Entry::Organisation { code, open_from, .. }
                if code == wanted && open_from.is_none_or(|from| from <= day))
        };
        self.entries.iter().rfind(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = r#"
{"type":"organisation","code":"Q70","kind":"locality"}
{"type":"organisation","code":"U1","kind":"pcn","parent":"Q70"}
{"type":"organisation","code":"A1","kind":"practice","parent":"U1","setting":"gp","open_until":"2026-10-30"}
{"type":"organisation","code":"A2","kind":"practice","parent":"U1","setting":"prison"}
{"type":"person","id":"p1","aliases":["gmc|7000001","gmp|G7000001"]}
{"type":"role","person":"p1","practice":"A1","role":"trainee","until":"2026-09-30"}
{"type":"role","person":"p1","practice":"A1","role":"gp","locum":true,"from":"2026-10-01"}
"#;

    fn staff() -> Staff {
        Staff::read(REGISTRY).expect("a registry")
    }

    #[test]
    fn a_role_changes_on_its_day() {
        let unit = Unit { person: "p1".to_owned(), practice: "A1".to_owned() };
        let september = staff().standing(&unit, Date::constant(2026, 9, 30));
        assert_eq!((september.role.as_str(), september.locum), ("trainee", false));
        let october = staff().standing(&unit, Date::constant(2026, 10, 31));
        assert_eq!((october.role.as_str(), october.locum), ("gp", true));
        assert_eq!((october.pcn.as_deref(), october.locality.as_deref()), (Some("U1"), Some("Q70")));
        assert_eq!(staff().person_of("gmp|G7000001"), "p1");
        assert_eq!(staff().person_of("gmc|9"), "gmc|9");
    }

    #[test]
    fn a_closed_practice_and_another_setting_are_out_of_scope() {
        let day = Date::constant(2026, 10, 31);
        assert!(!staff().in_scope("A1", day));
        assert!(staff().in_scope("A1", Date::constant(2026, 10, 30)));
        assert!(!staff().in_scope("A2", day));
        assert!(staff().in_scope("unknown", day));
    }
}
