//! The registry as of a day: the person behind a clinician id, their role at a practice, and the practice's network and locality.
//!
//! Entries apply in the order of the log. Among the entries in force on a day, the last one decides. In an empty directory each
//! clinician id is its own person with the role `unknown`, and the only levels are practice and network.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::entry::{Entry, Organisation, OrganisationKind, Person, Role};
use crate::time::calendar::Day;

/// Role of a person without a registry entry.
pub const UNKNOWN_ROLE: &str = "unknown";

/// Setting of the practices that are compared with each other.
const COMPARED_SETTING: &str = "gp";

/// Most parents followed from a practice. The limit ends a circle of parents.
const LONGEST_CHAIN: usize = 8;

/// A person's role at a practice on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleOnDay<'a> {
    /// `gp`, `nurse` and so on; [`UNKNOWN_ROLE`] without an entry.
    pub role: &'a str,
    /// Whether the person is a locum.
    pub locum: bool,
}

/// The organisations above a practice on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain<'a> {
    /// Code of its primary care network.
    pub pcn: Option<&'a str>,
    /// Code of its locality.
    pub locality: Option<&'a str>,
}

/// A period of days, both ends included. A missing end is unbounded.
#[derive(Clone, Copy, Debug)]
struct Days {
    from: Option<Day>,
    until: Option<Day>,
}

impl Days {
    /// `None` if one of the two is not a date; such an entry is ignored.
    fn read(from: Option<&str>, until: Option<&str>) -> Option<Days> {
        let read = |text: Option<&str>| match text {
            None => Some(None),
            Some(text) => civil_day(text).map(Some),
        };
        Some(Days { from: read(from)?, until: read(until)? })
    }

    fn begun(self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day)
    }

    fn ended(self, day: Day) -> bool {
        self.until.is_some_and(|until| until < day)
    }
}

/// Parses a civil day such as `2026-10-05`. `None` if the text is not a date in this form.
#[must_use]
pub fn civil_day(text: &str) -> Option<Day> {
    let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[derive(Clone, Debug)]
struct RoleEntry {
    /// Its position among the entries of the log.
    place: u64,
    practice: String,
    role: String,
    locum: bool,
    days: Days,
}

#[derive(Clone, Debug)]
struct OrganisationEntry {
    kind: OrganisationKind,
    parent: Option<String>,
    compared: bool,
    days: Days,
}

/// The entries of the registry, applied in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    applied: u64,
    /// The person who last claimed an alias, by alias.
    persons: BTreeMap<String, String>,
    /// All aliases that ever belonged to a person, by person.
    aliases: BTreeMap<String, BTreeSet<String>>,
    /// By the person's id or alias as the entry names it.
    roles: BTreeMap<String, Vec<RoleEntry>>,
    organisations: BTreeMap<String, Vec<OrganisationEntry>>,
}

impl Directory {
    /// Applies the next entry of the log. It ignores a role or an organisation whose dates are invalid; `plumbline registry check`
    /// rejects these before they reach the log.
    pub fn apply(&mut self, entry: &Entry) {
        self.applied += 1;
        match entry {
            Entry::Person(person) => self.apply_person(person),
            Entry::Role(role) => self.apply_role(role),
            Entry::Organisation(organisation) => self.apply_organisation(organisation),
        }
    }

    fn apply_person(&mut self, person: &Person) {
        for alias in person.aliases.iter().filter(|alias| **alias != person.id) {
            // A claim in the opposite direction ends the earlier claim, so that claims never form a circle.
            if self.claims_of(&person.id).any(|claimed| claimed == alias) {
                self.persons.remove(&person.id);
            }
            self.persons.insert(alias.clone(), person.id.clone());
            self.aliases.entry(person.id.clone()).or_default().insert(alias.clone());
        }
    }

    fn apply_role(&mut self, role: &Role) {
        let Some(days) = Days::read(role.from.as_deref(), role.until.as_deref()) else { return };
        let held =
            RoleEntry { place: self.applied, practice: role.practice.clone(), role: role.role.clone(), locum: role.locum, days };
        self.roles.entry(role.person.clone()).or_default().push(held);
    }

    fn apply_organisation(&mut self, organisation: &Organisation) {
        let Some(days) = Days::read(organisation.open_from.as_deref(), organisation.open_until.as_deref()) else { return };
        let held = OrganisationEntry {
            kind: organisation.kind,
            parent: organisation.parent.clone(),
            compared: organisation.setting.as_deref().is_none_or(|setting| setting == COMPARED_SETTING),
            days,
        };
        self.organisations.entry(organisation.code.clone()).or_default().push(held);
    }

    /// The person behind this `system|value`, or the id itself if nobody claims it. The last claim wins. A person can be claimed in
    /// turn, so that aliases from clinical systems and an operator's own ids combine.
    #[must_use]
    pub fn person_of<'a>(&'a self, clinician: &'a str) -> &'a str {
        self.claims_of(clinician).last().unwrap_or(clinician)
    }

    /// The person who claims this id, the person who claims that one, and so on.
    fn claims_of(&self, clinician: &str) -> impl Iterator<Item = &str> {
        std::iter::successors(self.persons.get(clinician), |person| self.persons.get(*person)).map(String::as_str)
    }

    /// The role of this person at this practice on this day, from the last entry in force. An empty practice, as on a roll-up,
    /// considers the entries of all practices.
    #[must_use]
    pub fn role_at(&self, person: &str, practice: &str, day: Day) -> RoleOnDay<'_> {
        let mut newest: Option<&RoleEntry> = None;
        let mut names = vec![person];
        let mut seen = BTreeSet::new();
        while let Some(name) = names.pop() {
            if !seen.insert(name) || self.person_of(name) != person {
                continue;
            }
            let in_force = |held: &&RoleEntry| {
                (practice.is_empty() || held.practice == practice) && held.days.begun(day) && !held.days.ended(day)
            };
            let here = self.roles.get(name).into_iter().flatten().filter(in_force);
            newest = here.chain(newest).max_by_key(|held| held.place);
            names.extend(self.aliases.get(name).into_iter().flatten().map(String::as_str));
        }
        newest.map_or(RoleOnDay { role: UNKNOWN_ROLE, locum: false }, |held| RoleOnDay {
            role: held.role.as_str(),
            locum: held.locum,
        })
    }

    /// The network and the locality of this practice on this day, found along its parents.
    #[must_use]
    pub fn chain(&self, practice: &str, day: Day) -> Chain<'_> {
        let mut chain = Chain::default();
        let mut code = practice;
        for _ in 0..LONGEST_CHAIN {
            let Some(parent) = self.organisation(code, day).and_then(|held| held.parent.as_deref()) else { break };
            match self.organisation(parent, day).map(|held| held.kind) {
                Some(OrganisationKind::Pcn) => chain.pcn = chain.pcn.or(Some(parent)),
                Some(OrganisationKind::Locality) => chain.locality = chain.locality.or(Some(parent)),
                Some(OrganisationKind::Practice) | None => {}
            }
            code = parent;
        }
        chain
    }

    /// Whether units of this practice are compared on this day: it is open, and its setting is missing or `gp`. A practice without an
    /// entry is compared.
    #[must_use]
    pub fn in_scope(&self, practice: &str, day: Day) -> bool {
        if !self.organisations.contains_key(practice) {
            return true;
        }
        self.organisation(practice, day).is_some_and(|held| held.compared && !held.days.ended(day))
    }

    /// The last entry of this organisation that has begun by this day. An ended entry still provides the parent, and the organisation
    /// is closed.
    fn organisation(&self, code: &str, day: Day) -> Option<&OrganisationEntry> {
        self.organisations.get(code)?.iter().rev().find(|held| held.days.begun(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(entries: &[&str]) -> Directory {
        let mut directory = Directory::default();
        for text in entries {
            directory.apply(&serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}")));
        }
        directory
    }

    fn day(text: &str) -> Day {
        civil_day(text).unwrap()
    }

    #[test]
    fn without_a_registry_each_id_is_its_own_person_with_an_unknown_role_in_scope() {
        let nothing = Directory::default();
        assert_eq!(nothing.person_of("gmc|7012345"), "gmc|7012345");
        assert_eq!(nothing.role_at("gmc|7012345", "A81001", day("2026-10-31")), RoleOnDay { role: "unknown", locum: false });
        assert_eq!(nothing.chain("A81001", day("2026-10-31")), Chain::default());
        assert!(nothing.in_scope("A81001", day("2026-10-31")));
    }

    #[test]
    fn the_claim_applied_last_wins_and_a_person_can_be_claimed_in_turn() {
        let d = directory(&[
            r#"{"type":"person","id":"gmc|1","aliases":["feed|Practitioner/1","gmc|1"]}"#,
            r#"{"type":"person","id":"p1","aliases":["gmc|1","gmp|G1"]}"#,
            r#"{"type":"person","id":"gmc|1","aliases":["feed|Practitioner/1"]}"#,
        ]);
        assert_eq!(d.person_of("feed|Practitioner/1"), "p1");
        assert_eq!(d.person_of("p1"), "p1");
        let later = directory(&[
            r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
        ]);
        assert_eq!(later.person_of("gmc|1"), "p2");
    }

    #[test]
    fn of_two_persons_who_claim_each_other_the_later_claim_wins() {
        let d = directory(&[r#"{"type":"person","id":"a","aliases":["b"]}"#, r#"{"type":"person","id":"b","aliases":["a"]}"#]);
        assert_eq!((d.person_of("a"), d.person_of("b")), ("b", "b"));
        let longer = directory(&[
            r#"{"type":"person","id":"b","aliases":["a"]}"#,
            r#"{"type":"person","id":"c","aliases":["b"]}"#,
            r#"{"type":"person","id":"d","aliases":["c"]}"#,
            r#"{"type":"person","id":"a","aliases":["c"]}"#,
        ]);
        assert_eq!(["a", "b", "c", "d"].map(|id| longer.person_of(id)), ["a", "a", "a", "d"]);
    }

    #[test]
    fn a_role_counts_from_its_first_day_to_its_last() {
        let d = directory(&[
            r#"{"type":"role","person":"p1","practice":"A1","role":"trainee","until":"2026-08-04"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","locum":true,"from":"2026-08-05"}"#,
        ]);
        assert_eq!(d.role_at("p1", "A1", day("2026-08-04")), RoleOnDay { role: "trainee", locum: false });
        assert_eq!(d.role_at("p1", "A1", day("2026-08-05")), RoleOnDay { role: "gp", locum: true });
        assert_eq!(d.role_at("p1", "A2", day("2026-08-05")).role, UNKNOWN_ROLE);
        assert_eq!(d.role_at("p1", "", day("2026-08-05")).role, "gp");
    }

    #[test]
    fn a_role_that_names_an_alias_is_the_persons() {
        let d = directory(&[
            r#"{"type":"role","person":"feed|Practitioner/1","practice":"A1","role":"nurse"}"#,
            r#"{"type":"person","id":"nmc|1","aliases":["feed|Practitioner/1"]}"#,
            r#"{"type":"person","id":"p1","aliases":["nmc|1"]}"#,
        ]);
        assert_eq!(d.role_at("p1", "A1", day("2026-10-31")).role, "nurse");
        assert_eq!(d.role_at("nmc|1", "A1", day("2026-10-31")).role, UNKNOWN_ROLE);
    }

    #[test]
    fn of_roles_in_force_the_one_applied_last_decides() {
        let d = directory(&[
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","from":"2026-01-01"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"pharmacist","from":"2025-01-01"}"#,
        ]);
        assert_eq!(d.role_at("p1", "A1", day("2026-10-31")).role, "pharmacist");
    }

    #[test]
    fn a_practice_that_changes_its_network_belongs_to_each_in_its_time() {
        let d = directory(&[
            r#"{"type":"organisation","code":"L1","kind":"locality"}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn","parent":"L1"}"#,
            r#"{"type":"organisation","code":"P2","kind":"pcn","parent":"L1"}"#,
            r#"{"type":"organisation","code":"A1","kind":"practice","parent":"P1"}"#,
            r#"{"type":"organisation","code":"A1","kind":"practice","parent":"P2","open_from":"2026-04-01"}"#,
        ]);
        assert_eq!(d.chain("A1", day("2026-03-31")), Chain { pcn: Some("P1"), locality: Some("L1") });
        assert_eq!(d.chain("A1", day("2026-04-01")), Chain { pcn: Some("P2"), locality: Some("L1") });
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let d = directory(&[
            r#"{"type":"organisation","code":"A1","kind":"practice","parent":"P1"}"#,
            r#"{"type":"organisation","code":"P1","kind":"pcn","parent":"A1"}"#,
        ]);
        assert_eq!(d.chain("A1", day("2026-04-01")), Chain { pcn: Some("P1"), locality: None });
    }

    #[test]
    fn closed_practices_other_settings_and_those_not_yet_open_are_out_of_scope() {
        let d = directory(&[
            r#"{"type":"organisation","code":"CLOSED","kind":"practice","setting":"gp"}"#,
            r#"{"type":"organisation","code":"CLOSED","kind":"practice","setting":"gp","open_until":"2026-10-30"}"#,
            r#"{"type":"organisation","code":"PRISON","kind":"practice","setting":"prison"}"#,
            r#"{"type":"organisation","code":"NEW","kind":"practice","open_from":"2026-11-01"}"#,
            r#"{"type":"organisation","code":"GP","kind":"practice","setting":"gp"}"#,
        ]);
        let last = day("2026-10-31");
        assert!(!d.in_scope("CLOSED", last));
        assert!(d.in_scope("CLOSED", day("2026-10-30")));
        assert!(!d.in_scope("PRISON", last));
        assert!(!d.in_scope("NEW", last));
        assert!(d.in_scope("GP", last));
        assert!(d.in_scope("NOBODY-KNOWS", last));
    }

    #[test]
    fn a_date_is_written_with_four_two_and_two_digits() {
        for bad in ["2026-1-01", "2026-02-29", "2026-10", "20261005", "", "2026-10-05-01", "+026-10-05"] {
            assert_eq!(civil_day(bad), None, "{bad}");
        }
    }
}
