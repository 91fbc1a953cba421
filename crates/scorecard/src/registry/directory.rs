//! The registry as of a day: the person behind a clinician id, their role at a practice, the practice behind a reference, and its
//! network and locality.
//!
//! Among the entries in force on a day, the operator's come first, and the last one of the log decides among equals. The order of
//! entries of the operator and of feeds therefore does not matter. In an empty directory each clinician id is its own person with the
//! role `unknown`, and the only levels are practice and network.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::data_kind::{DataKind, KindSet};
use crate::registry::alias_graph::AliasGraph;
use crate::registry::day_span::{DaySpan, optional_day};
use crate::registry::entry::{Entry, FeedRule, Lead, Person, Role, Withdrawal, WithdrawnKind};
use crate::registry::identifier::{organisation_key, person_key, role_word};
use crate::registry::organisation_book::OrganisationBook;
use crate::registry::precedence::Precedence;
use crate::registry::role_words::{REGISTERED, role_of_number};
use crate::registry::term_book::{PracticeTerm, TermAuthor, TermBook, TermWithdrawal};
use crate::time::calendar::{Day, Month};

pub use crate::registry::day_span::civil_day;
pub use crate::registry::organisation_book::Chain;

/// Role of a person without a registry entry.
pub const UNKNOWN_ROLE: &str = "unknown";

/// The word of a lead among terms.
const LEAD: &str = "lead";

/// After every day of a calendar: the registry as its last withdrawals leave it.
pub const LAST_DAY: Day = Day(i32::MAX);

/// A person's role at a practice on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleOnDay<'a> {
    /// `gp`, `nurse` and so on; [`UNKNOWN_ROLE`] without an entry.
    pub role: &'a str,
    /// Whether the person is a locum.
    pub locum: bool,
}

/// The person and the practice to whom the rows of a clinician id and a practice belong in some months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOwner<'a> {
    /// The first month.
    pub first: Month,
    /// The last month.
    pub last: Month,
    /// Id of the person.
    pub person: Cow<'a, str>,
    /// Code of the practice.
    pub practice: Cow<'a, str>,
}

/// The entries of the registry, applied in the order of the log.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    applied: u64,
    pub(crate) persons: AliasGraph,
    pub(crate) roles: TermBook,
    leads: TermBook,
    /// Whether the operator has stated a role.
    has_operator_roles: bool,
    pub(crate) organisations: OrganisationBook,
    feeds: BTreeMap<String, FeedRule>,
    sends: BTreeMap<String, KindSet>,
}

impl Directory {
    /// Applies the next entry of the log. It ignores an entry whose dates are invalid; `plumbline registry check` rejects these before
    /// they reach the log. It ignores leads, withdrawals and declarations of other authors than the operator.
    pub fn apply(&mut self, entry: &Entry) {
        self.applied += 1;
        let precedence = Precedence::of(entry, self.applied);
        match entry {
            Entry::Person(person) => self.apply_person(person, precedence),
            Entry::Role(role) => self.apply_role(role, precedence),
            Entry::Organisation(organisation) => self.organisations.add(organisation, precedence),
            Entry::Lead(lead) if entry.is_operators() => self.apply_lead(lead, precedence),
            Entry::Withdrawal(withdrawal) if entry.is_operators() => {
                self.apply_withdrawal(withdrawal, precedence);
            }
            Entry::Sends(one) if entry.is_operators() => {
                let kinds = one.sends.iter().filter_map(|word| DataKind::of_word(word)).collect();
                self.sends.insert(one.feed.clone(), kinds);
            }
            Entry::Lead(_) | Entry::Withdrawal(_) | Entry::Sends(_) | Entry::Fence(_) => {}
            Entry::Feed(rule) => {
                self.feeds.entry(rule.feed.clone()).or_insert_with(|| rule.clone());
            }
        }
    }

    fn apply_person(&mut self, person: &Person, precedence: Precedence) {
        let id = person_key(&person.id);
        for alias in &person.aliases {
            self.persons.claim(&person_key(alias), &id, precedence);
        }
    }

    fn apply_role(&mut self, role: &Role, precedence: Precedence) {
        let Some(days) = DaySpan::read(role.from.as_deref(), role.until.as_deref()) else { return };
        let term = PracticeTerm {
            practice: organisation_key(&role.practice).into_owned(),
            word: role_word(&role.role).into_owned(),
            locum: role.locum,
            days,
            author: TermAuthor::of(role.source.as_ref()),
        };
        self.has_operator_roles |= term.author == TermAuthor::Operator;
        let person = person_key(&role.person);
        self.persons.hold(&person);
        for alias in &role.aliases {
            self.persons.claim(&person_key(alias), &person, precedence);
            self.organisations.aliases.claim(&organisation_key(alias), &organisation_key(&role.practice), precedence);
        }
        self.roles.add(person.into_owned(), term, precedence);
    }

    fn apply_lead(&mut self, lead: &Lead, precedence: Precedence) {
        let Some(days) = DaySpan::read(lead.from.as_deref(), lead.until.as_deref()) else { return };
        let practice = organisation_key(&lead.practice).into_owned();
        let term = PracticeTerm { practice, word: LEAD.to_owned(), locum: false, days, author: TermAuthor::Operator };
        let person = person_key(&lead.person);
        self.persons.hold(&person);
        self.leads.add(person.into_owned(), term, precedence);
    }

    /// `None` for a withdrawal without a field that its kind needs, or with an invalid date.
    fn apply_withdrawal(&mut self, withdrawal: &Withdrawal, precedence: Precedence) -> Option<()> {
        let Withdrawal { person, alias, practice, role, code, .. } = withdrawal;
        let from = optional_day(withdrawal.from.as_deref())?;
        let person = person.as_deref().map(person_key);
        person.iter().for_each(|person| self.persons.hold(person));
        let terms = |practice: &str, word: Option<&String>| TermWithdrawal {
            precedence,
            practice: organisation_key(practice).into_owned(),
            word: word.map(|word| role_word(word).into_owned()),
            from,
        };
        match (withdrawal.withdraws, code) {
            (WithdrawnKind::Alias, None) => {
                self.persons.withdraw(&person_key(alias.as_ref()?), person.as_deref(), precedence, from)
            }
            (WithdrawnKind::Alias, Some(code)) => {
                let alias = organisation_key(alias.as_ref()?);
                self.organisations.aliases.withdraw(&alias, Some(&organisation_key(code)), precedence, from);
            }
            (WithdrawnKind::Role, _) => self.roles.withdraw(person?.into_owned(), terms(practice.as_ref()?, role.as_ref())),
            (WithdrawnKind::Lead, _) => self.leads.withdraw(person?.into_owned(), terms(practice.as_ref()?, None)),
            (WithdrawnKind::Organisation, code) => self.organisations.withdraw(code.as_ref()?, precedence, from),
        }
        Some(())
    }

    /// The person behind this `system|value` on a day, or its normal form if nobody claims it. A person can be claimed in turn, so
    /// that aliases from clinical systems and an operator's own ids combine.
    #[must_use]
    pub fn person_of<'a>(&'a self, clinician: &'a str, day: Day) -> Cow<'a, str> {
        let key = person_key(clinician);
        match self.persons.root(&key, day) {
            Some(person) => Cow::Borrowed(person),
            None => key,
        }
    }

    /// The code of the practice behind this reference on a day, or its normal form if no organisation has the alias.
    #[must_use]
    pub fn practice_of<'a>(&'a self, practice: &'a str, day: Day) -> Cow<'a, str> {
        self.organisations.code_of(practice, day)
    }

    /// Whether an entry describes the practice with this code, at any time. [`Directory::practice_of`] finds the code.
    #[must_use]
    pub fn describes(&self, practice: &str) -> bool {
        self.organisations.describes(practice)
    }

    /// The persons and practices to whom the rows of a clinician id and a practice belong, month by month.
    ///
    /// The registry as of the last day of a row's own month decides, also where a later card sums the row.
    #[must_use]
    pub fn row_owners<'a>(&'a self, clinician: &'a str, practice: &'a str) -> Vec<RowOwner<'a>> {
        let (person, place) = (person_key(clinician), organisation_key(practice));
        let changes = self.persons.changes(&person).chain(self.organisations.aliases.changes(&place));
        let begins: BTreeSet<Month> = changes.map(Day::month).collect();
        let mut owners = vec![self.row_owner(clinician, practice, Month::EARLIEST)];
        for first in begins {
            if let Some(before) = owners.last_mut() {
                before.last = first.plus(-1);
            }
            owners.push(self.row_owner(clinician, practice, first));
        }
        owners
    }

    fn row_owner<'a>(&'a self, clinician: &'a str, practice: &'a str, first: Month) -> RowOwner<'a> {
        let day = if first == Month::EARLIEST { Day(i32::MIN) } else { first.last_day() };
        let (person, practice) = (self.person_of(clinician, day), self.practice_of(practice, day));
        RowOwner { first, last: Month(i32::MAX), person, practice }
    }

    /// The role of this person at this practice on this day, from the entry in force with the highest precedence. An empty practice,
    /// as on a roll-up, considers the entries of all practices that count for roll-ups.
    #[must_use]
    pub fn role_at(&self, person: &str, practice: &str, day: Day) -> RoleOnDay<'_> {
        let held = self.terms_at(&self.roles, person, practice, day).find(|term| !practice.is_empty() || self.may_roll_up(term));
        held.map_or(RoleOnDay { role: UNKNOWN_ROLE, locum: false }, |term| {
            let role = if term.word == REGISTERED { self.registered_role(person, day) } else { &term.word };
            RoleOnDay { role, locum: term.locum }
        })
    }

    /// The role of the register of a person's numbers on a day; `other` without one.
    fn registered_role(&self, person: &str, day: Day) -> &'static str {
        self.persons.held_under(person, day).find_map(role_of_number).unwrap_or("other")
    }

    /// Whether a role counts for roll-ups: it is the operator's, or a trusted source's while the operator has stated no role at all.
    pub(crate) fn may_roll_up(&self, term: &PracticeTerm) -> bool {
        match term.author {
            TermAuthor::Operator => true,
            TermAuthor::Trusted => !self.has_operator_roles,
            TermAuthor::Feed => false,
        }
    }

    /// Whether the operator names this person as a lead of this practice on this day.
    #[must_use]
    pub fn is_lead(&self, person: &str, practice: &str, day: Day) -> bool {
        self.terms_at(&self.leads, person, practice, day).next().is_some()
    }

    /// The leads of this practice on this day, in order of their ids.
    #[must_use]
    pub fn leads_at(&self, practice: &str, day: Day) -> BTreeSet<String> {
        let persons: BTreeSet<Cow<'_, str>> = self.leads.names().map(|name| self.person_of(name, day)).collect();
        persons.into_iter().filter(|person| self.is_lead(person, practice, day)).map(Cow::into_owned).collect()
    }

    /// The terms of a person in force on a day, highest precedence first; an empty practice means all.
    fn terms_at<'a>(
        &'a self,
        book: &'a TermBook,
        person: &str,
        practice: &str,
        day: Day,
    ) -> impl Iterator<Item = &'a PracticeTerm> + use<'a> {
        let is_person = self.persons.root(person, day).is_none();
        let names: Vec<&str> = self.persons.held_under(person, day).filter(|_| is_person).collect();
        self.named_terms(book, &names, practice, day, day)
    }

    /// The terms of these names in force on a day. `named` is the day on which names of practices are resolved.
    pub(crate) fn named_terms<'a>(
        &'a self,
        book: &'a TermBook,
        names: &[&str],
        practice: &str,
        named: Day,
        day: Day,
    ) -> impl Iterator<Item = &'a PracticeTerm> + use<'a> {
        let practice = practice.to_owned();
        let practice_of = |practice: &'a str| Cow::Borrowed(self.organisations.root_of(practice, named));
        book.in_force(names, day, &practice_of)
            .filter(move |term| practice.is_empty() || self.organisations.root_of(&term.practice, named) == practice)
    }

    /// The network and the locality of this practice on this day, found along its parents.
    #[must_use]
    pub fn chain<'a>(&'a self, practice: &'a str, day: Day) -> Chain<'a> {
        self.organisations.chain(practice, day)
    }

    /// Whether units of this practice are compared on this day: it is open, and its setting is missing or `gp`. A practice without an
    /// entry is compared.
    #[must_use]
    pub fn in_scope(&self, practice: &str, day: Day) -> bool {
        self.organisations.in_scope(practice, day)
    }

    /// The kinds of data that a feed declares to send; `None` without a declaration.
    #[must_use]
    pub fn sends(&self, feed: &str) -> Option<KindSet> {
        self.sends.get(feed).copied()
    }

    /// The rules of a feed: those of its first entry.
    #[must_use]
    pub fn feed(&self, name: &str) -> Option<&FeedRule> {
        self.feeds.get(name)
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
        assert_eq!(nothing.person_of("gmc|7012345", LAST_DAY), "gmc|7012345");
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
        assert_eq!(d.person_of("feed|Practitioner/1", LAST_DAY), "p1");
        assert_eq!(d.person_of("p1", LAST_DAY), "p1");
        let later = directory(&[
            r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#,
            r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#,
        ]);
        assert_eq!(later.person_of("gmc|1", LAST_DAY), "p2");
    }

    #[test]
    fn of_two_persons_who_claim_each_other_the_later_claim_wins() {
        let d = directory(&[r#"{"type":"person","id":"a","aliases":["b"]}"#, r#"{"type":"person","id":"b","aliases":["a"]}"#]);
        assert_eq!((&*d.person_of("a", LAST_DAY), &*d.person_of("b", LAST_DAY)), ("b", "b"));
        let longer = directory(&[
            r#"{"type":"person","id":"b","aliases":["a"]}"#,
            r#"{"type":"person","id":"c","aliases":["b"]}"#,
            r#"{"type":"person","id":"d","aliases":["c"]}"#,
            r#"{"type":"person","id":"a","aliases":["c"]}"#,
        ]);
        assert_eq!(["a", "b", "c", "d"].map(|id| longer.person_of(id, LAST_DAY).into_owned()), ["a", "a", "a", "d"]);
    }

    #[test]
    fn a_role_counts_from_its_first_day_to_its_last() {
        let d = directory(&[
            r#"{"type":"role","person":"p1","practice":"A1","role":"trainee","until":"2026-08-04"}"#,
            r#"{"type":"role","person":"p1","practice":"A1","role":"gp","locum":true,"from":"2026-08-05","source":"operator"}"#,
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
}
