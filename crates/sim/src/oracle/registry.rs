//! An independent reader of the registry: the person of each number, their roles, and the parents of each practice.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::calendar::Month;
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
    Role(RoleLine),
    Lead {},
    Feed {},
    Organisation(OrganisationLine),
    Withdrawal(WithdrawalLine),
}

/// A role from one day to another.
#[derive(Clone, Debug, Deserialize)]
struct RoleLine {
    person: String,
    practice: String,
    role: String,
    #[serde(default)]
    locum: bool,
    #[serde(default, deserialize_with = "day")]
    from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    until: Option<Date>,
}

/// An organisation from one day on.
#[derive(Clone, Debug, Deserialize)]
struct OrganisationLine {
    code: String,
    #[serde(default)]
    name: String,
    kind: String,
    parent: Option<String>,
    setting: Option<String>,
    #[serde(default, deserialize_with = "day")]
    open_from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    open_until: Option<Date>,
    #[serde(default)]
    aliases: Vec<String>,
}

impl OrganisationLine {
    /// Whether its setting is compared: it is missing, or a GP practice.
    fn is_compared(&self) -> bool {
        self.setting.as_ref().is_none_or(|setting| setting == "gp" || setting == "4")
    }
}

/// A statement that ends before its end.
#[derive(Clone, Debug, Deserialize)]
struct WithdrawalLine {
    withdraws: String,
    person: Option<String>,
    alias: Option<String>,
    practice: Option<String>,
    role: Option<String>,
    code: Option<String>,
    #[serde(default, deserialize_with = "day")]
    from: Option<Date>,
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// A line that is not a registry entry.
#[derive(Debug, thiserror::Error)]
#[error("the oracle cannot read the registry's line {0:?}: {1}; it reads the lines of a registry file as JSON")]
pub struct BadRegistry(String, serde_json::Error);

/// Whether a roll-up sums a practice: by person, practice and month.
type RolledUp = BTreeMap<(String, String, Month), bool>;

/// A registry file, in the order of its lines. Aliases of aliases are not followed.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    entries: Vec<Entry>,
    /// The lines that claim a number, and the person of each.
    numbers: BTreeMap<String, Vec<(usize, String)>>,
    /// The lines that claim a practice's reference, and the code of each.
    references: BTreeMap<String, Vec<(usize, String)>>,
    /// Answers that were computed before.
    rolled_up: RefCell<RolledUp>,
}

/// A number as most systems write it: GMC numbers without their letter, systems in lower case.
fn usual(number: &str) -> String {
    let Some((system, value)) = number.split_once('|') else { return number.trim().to_owned() };
    match system.trim().to_lowercase().as_str() {
        "gmc" => format!("gmc|{}", value.trim().trim_start_matches(['C', 'c'])),
        system @ ("gmp" | "nmc" | "gphc" | "hcpc" | "sds" | "npi") => format!("{system}|{}", value.trim().to_uppercase()),
        _ => number.trim().to_owned(),
    }
}

/// A practice's code in capital letters, where it looks like one.
fn usual_code(code: &str) -> String {
    let code = code.trim();
    let short = (3..=10).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric());
    if short && code.chars().any(|c| c.is_ascii_digit()) { code.to_uppercase() } else { code.to_owned() }
}

impl Staff {
    /// Reads NDJSON, one entry a line.
    pub(crate) fn read(registry: &str) -> Result<Staff, BadRegistry> {
        let lines = registry.lines().filter(|line| !line.trim().is_empty());
        let read = |line: &str| serde_json::from_str(line).map_err(|e| BadRegistry(line.to_owned(), e));
        let entries: Vec<Entry> = lines.map(read).collect::<Result<_, _>>()?;
        let (mut numbers, mut references) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (at, entry) in entries.iter().enumerate() {
            match entry {
                Entry::Person { id, aliases } => {
                    aliases.iter().for_each(|alias| numbers.entry(usual(alias)).or_default().push((at, usual(id))));
                }
                Entry::Organisation(OrganisationLine { code, aliases, .. }) => {
                    aliases.iter().for_each(|one| references.entry(one.clone()).or_default().push((at, usual_code(code))));
                }
                _ => {}
            }
        }
        Ok(Staff { entries, numbers, references, rolled_up: RefCell::default() })
    }

    /// The withdrawals of a kind that have begun on a day, each with the number of its line.
    fn withdrawn(&self, kind: &'static str, day: Date) -> impl Iterator<Item = (usize, &WithdrawalLine)> {
        self.entries.iter().enumerate().filter_map(move |(at, entry)| match entry {
            Entry::Withdrawal(one) if one.withdraws == kind && one.from.is_none_or(|from| from <= day) => Some((at, one)),
            _ => None,
        })
    }

    /// The person of a number on a day; the number itself when no entry has it.
    pub(crate) fn person_of(&self, number: &str, day: Date) -> String {
        let number = usual(number);
        let Some(claims) = self.numbers.get(&number) else { return number };
        let gone = |(at, owner): &&(usize, String)| {
            self.withdrawn("alias", day).any(|(later, one)| {
                let same = one.code.is_none() && one.alias.as_ref().is_some_and(|alias| usual(alias) == number);
                later > *at && same && one.person.as_ref().is_none_or(|person| usual(person) == *owner)
            })
        };
        claims.iter().rfind(|claim| !gone(claim)).map_or(number.clone(), |(_, owner)| owner.clone())
    }

    /// The practice of a code or of a reference on a day. A FHIR location without an organisation is no practice.
    pub(crate) fn practice_of(&self, practice: &str, day: Date) -> String {
        let found = self.named_practice(practice, day);
        let kind = found.split('|').nth(1).and_then(|name| name.rsplit('/').nth(1));
        if kind == Some("Location") { "unknown".to_owned() } else { found }
    }

    fn named_practice(&self, practice: &str, day: Date) -> String {
        let practice = usual_code(practice);
        let Some(claims) = self.references.get(&practice) else { return practice };
        let gone = |(at, owner): &&(usize, String)| {
            self.withdrawn("alias", day).any(|(later, one)| {
                let same = one.alias.as_ref() == Some(&practice);
                later > *at && same && one.code.as_ref().is_some_and(|code| usual_code(code) == *owner)
            })
        };
        claims.iter().rfind(|claim| !gone(claim)).map_or(practice.clone(), |(_, owner)| owner.clone())
    }

    /// The role of a unit on a day.
    pub(crate) fn standing(&self, unit: &Unit, day: Date) -> SubjectRole {
        let mut standing = SubjectRole { role: "unknown".to_owned(), ..SubjectRole::default() };
        if let Some(term) = self.terms(unit, day).last() {
            standing.role = term.role.trim().to_lowercase();
            standing.locum = term.locum;
        }
        self.belong(&unit.practice, day, &mut standing);
        standing
    }

    /// The roles of a unit on a day, in the order of the file.
    fn terms<'s>(&'s self, unit: &'s Unit, day: Date) -> impl Iterator<Item = &'s RoleLine> {
        self.entries.iter().enumerate().filter_map(move |(at, entry)| match entry {
            Entry::Role(term) if self.counts(term, unit, day) && !self.is_over(at, term, day, day) => Some(term),
            _ => None,
        })
    }

    fn counts(&self, term: &RoleLine, unit: &Unit, day: Date) -> bool {
        self.person_of(&term.person, day) == unit.person
            && (unit.is_roll_up() || self.practice_of(&term.practice, day) == unit.practice)
            && term.from.is_none_or(|from| from <= day)
            && term.until.is_none_or(|until| day <= until)
    }

    /// Whether a person's roll-up sums a practice in a month: the person has a role there on a day of the month. Names are those of the
    /// month's last day, and so is the setting of the practice, which has to be compared.
    pub(crate) fn rolls_up(&self, person: &str, practice: &str, month: Month) -> bool {
        let key = (person.to_owned(), practice.to_owned(), month);
        if let Some(known) = self.rolled_up.borrow().get(&key) {
            return *known;
        }
        let named = month.last_day();
        let is_there = |term: &RoleLine| {
            self.person_of(&term.person, named) == person && self.practice_of(&term.practice, named) == practice
        };
        let holds = |at: usize, term: &RoleLine, day: Date| {
            let within = term.from.is_none_or(|from| from <= day) && term.until.is_none_or(|until| day <= until);
            within && !self.is_over(at, term, day, named)
        };
        let days: Vec<Date> = month.first_day().series(jiff::Span::new().days(1)).take_while(|day| *day <= named).collect();
        let found = self.entries.iter().enumerate().any(|(at, entry)| match entry {
            Entry::Role(term) => is_there(term) && days.iter().any(|day| holds(at, term, *day)),
            _ => false,
        });
        let found = found && self.organisation(practice, named).is_none_or(OrganisationLine::is_compared);
        self.rolled_up.borrow_mut().insert(key, found);
        found
    }

    /// Whether a later line has withdrawn a role, or has given the same role an end. `named` is the day of its names.
    fn is_over(&self, at: usize, term: &RoleLine, day: Date, named: Date) -> bool {
        let same_place = |person: &str, practice: &str| {
            self.person_of(person, named) == self.person_of(&term.person, named)
                && self.practice_of(practice, named) == self.practice_of(&term.practice, named)
        };
        let withdrawn = self.withdrawn("role", day).any(|(later, one)| {
            let (Some(person), Some(practice)) = (&one.person, &one.practice) else { return false };
            later > at && one.role.as_ref().is_none_or(|role| *role == term.role) && same_place(person, practice)
        });
        let ended = self.entries[at + 1..].iter().any(|entry| match entry {
            Entry::Role(other) => {
                let ends = other.until.is_some_and(|until| until < day && term.from.is_none_or(|from| from <= until));
                ends && other.role == term.role && other.locum == term.locum && same_place(&other.person, &other.practice)
            }
            _ => false,
        });
        withdrawn || ended
    }

    /// Follows the parents of a practice.
    fn belong(&self, practice: &str, day: Date, standing: &mut SubjectRole) {
        let mut code = practice.to_owned();
        // From a practice two steps lead to the network and to the locality.
        for _ in 0..2 {
            let Some(parent) = self.organisation(&code, day).and_then(|place| place.parent.as_ref()) else { return };
            let parent = self.practice_of(parent, day);
            match self.organisation(&parent, day).map(|place| place.kind.as_str()) {
                Some("pcn") => standing.pcn = Some(parent.clone()),
                Some("locality") => standing.locality = Some(parent.clone()),
                _ => {}
            }
            code = parent;
        }
    }

    /// Whether units of this practice are peers: the practice is open on the day, and its setting is missing or `gp`. An unknown
    /// practice and a roll-up are in scope.
    pub(crate) fn in_scope(&self, practice: &str, day: Date) -> bool {
        match self.organisation(practice, day) {
            Some(place) => place.is_compared() && place.open_until.is_none_or(|until| day <= until),
            None => self.places(practice, day).next().is_none(),
        }
    }

    /// The lines about an organisation that are not withdrawn on a day.
    fn places<'s>(&'s self, wanted: &str, day: Date) -> impl Iterator<Item = &'s OrganisationLine> {
        self.entries.iter().enumerate().filter_map(move |(at, entry)| match entry {
            Entry::Organisation(place) if self.practice_of(&place.code, day) == wanted => {
                let of_it = |one: &WithdrawalLine| one.code.as_ref().is_some_and(|code| usual_code(code) == wanted);
                let gone = self.withdrawn("organisation", day).any(|(later, one)| later > at && of_it(one));
                (!gone).then_some(place)
            }
            _ => None,
        })
    }

    /// The last line of an organisation that has begun; a line with nothing but aliases counts only where there is no other.
    fn organisation<'s>(&'s self, wanted: &str, day: Date) -> Option<&'s OrganisationLine> {
        let begun = |place: &&OrganisationLine| place.open_from.is_none_or(|from| from <= day);
        let begun: Vec<&OrganisationLine> = self.places(wanted, day).filter(begun).collect();
        let says_more = |place: &&&OrganisationLine| {
            let OrganisationLine { name, parent, setting, open_from, open_until, aliases, .. } = place;
            let dated = open_from.is_some() || open_until.is_some();
            aliases.is_empty() || !name.is_empty() || parent.is_some() || setting.is_some() || dated
        };
        begun.iter().rfind(says_more).or(begun.last()).copied()
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
        let day = Date::constant(2026, 10, 31);
        assert_eq!(staff().person_of("GMP|g7000001", day), "p1");
        assert_eq!(staff().person_of("gmc|9", day), "gmc|9");
    }

    #[test]
    fn a_closed_practice_and_another_setting_are_out_of_scope() {
        let day = Date::constant(2026, 10, 31);
        assert!(!staff().in_scope("A1", day));
        assert!(staff().in_scope("A1", Date::constant(2026, 10, 30)));
        assert!(!staff().in_scope("A2", day));
        assert!(staff().in_scope("unknown", day));
    }

    #[test]
    fn a_withdrawn_number_and_a_reference_of_a_practice_are_resolved_by_day() {
        let lines = r#"
{"type":"organisation","code":"A1","kind":"practice","aliases":["f|Organization/1"]}
{"type":"withdrawal","withdraws":"alias","person":"p1","alias":"gmp|G7000001","from":"2026-10-15"}
{"type":"role","person":"p1","practice":"A1","role":"gp","locum":true,"from":"2026-10-01","until":"2026-10-20"}
"#;
        let staff = Staff::read(&format!("{REGISTRY}{lines}")).expect("a registry");
        assert_eq!(staff.person_of("gmp|G7000001", Date::constant(2026, 10, 14)), "p1");
        assert_eq!(staff.person_of("gmp|G7000001", Date::constant(2026, 10, 15)), "gmp|G7000001");
        assert_eq!(staff.practice_of("f|Organization/1", Date::constant(2026, 10, 15)), "A1");
        let unit = Unit { person: "p1".to_owned(), practice: "A1".to_owned() };
        let after = staff.standing(&unit, Date::constant(2026, 10, 21));
        assert_eq!((after.role.as_str(), after.pcn.as_deref()), ("unknown", Some("U1")));
    }
}
