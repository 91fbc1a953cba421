//! Terms of persons at practices, on each day: roles and leads.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::registry::day_span::DaySpan;
use crate::registry::entry::EntrySource;
use crate::registry::precedence::Precedence;
use crate::time::calendar::Day;

/// The author of a term, as far as it decides where the term counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TermAuthor {
    /// A feed.
    Feed,
    /// A feed, through a source with `registry = "trusted"`; or an older version, whose entries name no author.
    Trusted,
    Operator,
}

impl TermAuthor {
    pub(crate) fn of(source: Option<&EntrySource>) -> TermAuthor {
        match source {
            Some(EntrySource::Operator) => TermAuthor::Operator,
            Some(EntrySource::Trusted(_)) | None => TermAuthor::Trusted,
            Some(EntrySource::Feed(_)) => TermAuthor::Feed,
        }
    }
}

/// A person's statement at a practice: a role, or the lead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PracticeTerm {
    /// Code or alias of the practice, in normal form.
    pub practice: String,
    /// The role in normal form; a constant word for leads.
    pub word: String,
    pub locum: bool,
    pub days: DaySpan,
    /// Equal terms of the operator and of a feed are two terms.
    pub author: TermAuthor,
}

/// The withdrawal of terms.
#[derive(Clone, Debug)]
pub(crate) struct TermWithdrawal {
    pub precedence: Precedence,
    pub practice: String,
    /// The role; every role if missing.
    pub word: Option<String>,
    /// The first day without the term; every day if missing.
    pub from: Option<Day>,
}

/// All terms of one kind, by the id or alias of the person as the entries name it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TermBook {
    /// The precedence of each term. A repeated term has that of its last entry.
    terms: BTreeMap<String, BTreeMap<PracticeTerm, Precedence>>,
    withdrawals: BTreeMap<String, Vec<TermWithdrawal>>,
}

/// A term with its precedence.
type RankedTerm<'a> = (Precedence, &'a PracticeTerm);

impl TermBook {
    pub(crate) fn add(&mut self, person: String, term: PracticeTerm, precedence: Precedence) {
        self.terms.entry(person).or_default().insert(term, precedence);
    }

    pub(crate) fn withdraw(&mut self, person: String, withdrawal: TermWithdrawal) {
        self.withdrawals.entry(person).or_default().push(withdrawal);
    }

    /// The names with a term, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.keys().map(String::as_str)
    }

    /// The days on which the terms of these names can begin or cease to be in force, and the practices that they name.
    pub(crate) fn turns<'a>(&'a self, names: &[&str]) -> (BTreeSet<Day>, BTreeSet<&'a str>) {
        let terms = || names.iter().filter_map(|name| self.terms.get(*name)).flat_map(BTreeMap::keys);
        let withdrawals = || names.iter().filter_map(|name| self.withdrawals.get(*name)).flatten();
        let after = |until: Day| Day(until.0.saturating_add(1));
        let mut days: BTreeSet<Day> = withdrawals().filter_map(|withdrawal| withdrawal.from).collect();
        days.extend(terms().flat_map(|term| [term.days.from, term.days.until.map(after)]).flatten());
        let withdrawn = withdrawals().map(|withdrawal| withdrawal.practice.as_str());
        (days, terms().map(|term| term.practice.as_str()).chain(withdrawn).collect())
    }

    /// The terms in force on a day of a person with these names, highest precedence first. `practice_of` resolves practices.
    pub(crate) fn in_force<'a>(
        &'a self,
        names: &[&str],
        day: Day,
        practice_of: &dyn Fn(&'a str) -> Cow<'a, str>,
    ) -> impl Iterator<Item = &'a PracticeTerm> + use<'a> {
        let of_names = names.iter().filter_map(|name| self.terms.get(*name)).flatten();
        let mut terms: Vec<RankedTerm<'a>> = of_names.map(|(term, precedence)| (*precedence, term)).collect();
        terms.sort_unstable_by(|one, other| other.cmp(one));
        let withdrawals: Vec<&'a TermWithdrawal> =
            names.iter().filter_map(|name| self.withdrawals.get(*name)).flatten().collect();
        let mut ends = BTreeMap::new();
        terms.retain(|term| is_in_force(*term, day, &withdrawals, &mut ends, practice_of));
        terms.into_iter().map(|(_, term)| term)
    }
}

/// The terms that an end concerns: those of every first day, or those with this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum EndScope {
    Every,
    BegunOn(Option<Day>),
}

/// The last day before the current one on which a term of higher precedence ends, by practice, word, locum and scope.
type Ends<'a> = BTreeMap<(Cow<'a, str>, &'a str, bool, EndScope), Day>;

/// Whether a term is in force. Terms of higher precedence come first.
///
/// An added `until` ends an open role: a term that ends also ends the same role of lower precedence that had begun by then. A feed
/// may send two terms of one role in any order, so its end concerns only a term with the same first day.
fn is_in_force<'a>(
    (precedence, term): RankedTerm<'a>,
    day: Day,
    withdrawals: &[&'a TermWithdrawal],
    ends: &mut Ends<'a>,
    practice_of: &dyn Fn(&'a str) -> Cow<'a, str>,
) -> bool {
    let practice = practice_of(&term.practice);
    let withdrawn = |withdrawal: &'a TermWithdrawal| {
        withdrawal.precedence > precedence
            && withdrawal.from.is_none_or(|from| from <= day)
            && withdrawal.word.as_ref().is_none_or(|word| *word == term.word)
            && practice_of(&withdrawal.practice) == practice
    };
    if withdrawals.iter().any(|withdrawal| withdrawn(withdrawal)) {
        return false;
    }
    let key = |scope| (practice.clone(), term.word.as_str(), term.locum, scope);
    if let Some(until) = term.days.until.filter(|until| *until < day) {
        let scope = match term.author {
            TermAuthor::Operator => EndScope::Every,
            TermAuthor::Feed | TermAuthor::Trusted => EndScope::BegunOn(term.days.from),
        };
        let end = ends.entry(key(scope)).or_insert(until);
        *end = (*end).max(until);
        return false;
    }
    let ended = |scope| ends.get(&key(scope)).is_some_and(|end| term.days.from.is_none_or(|from| from <= *end));
    term.days.begun(day) && !ended(EndScope::Every) && !ended(EndScope::BegunOn(term.days.from))
}
