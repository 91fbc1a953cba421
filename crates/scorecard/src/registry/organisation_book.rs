//! Organisations on each day: their statements, their aliases, and the organisations above them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::registry::alias_graph::AliasGraph;
use crate::registry::day_span::DaySpan;
use crate::registry::entry::{Organisation, OrganisationKind};
use crate::registry::identifier::{NO_PRACTICE, is_location, organisation_key};
use crate::registry::precedence::Precedence;
use crate::registry::setting::is_compared;
use crate::time::calendar::Day;

/// Most parents followed from a practice. The limit ends a circle of parents.
const LONGEST_CHAIN: usize = 8;

/// The organisations above a practice on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain<'a> {
    /// Code of its primary care network.
    pub pcn: Option<&'a str>,
    /// Code of its locality.
    pub locality: Option<&'a str>,
}

/// The content of an entry. Equal statements of the operator and of a feed are two statements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OrganisationStatement {
    kind: OrganisationKind,
    /// Code or alias, in normal form.
    parent: Option<String>,
    compared: bool,
    days: DaySpan,
    /// It states more than aliases.
    detailed: bool,
    operator: bool,
}

#[derive(Clone, Debug)]
struct OrganisationWithdrawal {
    precedence: Precedence,
    from: Option<Day>,
}

/// The organisations of a registry.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrganisationBook {
    pub aliases: AliasGraph,
    /// By code or alias as the entries name it. A repeated statement has the precedence of its last entry.
    statements: BTreeMap<String, BTreeMap<OrganisationStatement, Precedence>>,
    withdrawals: BTreeMap<String, Vec<OrganisationWithdrawal>>,
}

impl OrganisationBook {
    /// Adds an entry. It ignores an organisation whose dates are invalid.
    pub(crate) fn add(&mut self, organisation: &Organisation, precedence: Precedence) {
        let Some(days) = DaySpan::read(organisation.open_from.as_deref(), organisation.open_until.as_deref()) else { return };
        let code = organisation_key(&organisation.code);
        for alias in &organisation.aliases {
            self.aliases.claim(&organisation_key(alias), &code, precedence);
        }
        let statement = OrganisationStatement {
            kind: organisation.kind,
            parent: organisation.parent.as_deref().map(|parent| organisation_key(parent).into_owned()),
            compared: is_compared(organisation.setting.as_deref()),
            days,
            detailed: organisation.has_details(),
            operator: precedence.is_operators(),
        };
        self.aliases.hold(&code);
        self.statements.entry(code.into_owned()).or_default().insert(statement, precedence);
    }

    /// Whether an entry describes an organisation with this key, at any time.
    pub(crate) fn describes(&self, key: &str) -> bool {
        self.statements.contains_key(key)
    }

    /// Withdraws the earlier entries of an organisation from a day on.
    pub(crate) fn withdraw(&mut self, code: &str, precedence: Precedence, from: Option<Day>) {
        let code = organisation_key(code).into_owned();
        self.aliases.hold(&code);
        self.withdrawals.entry(code).or_default().push(OrganisationWithdrawal { precedence, from });
    }

    /// The code behind an alias on a day, or the normal form of the text itself. A location that no entry names
    /// is no practice: a clinician with many rooms has one card.
    pub(crate) fn code_of<'a>(&'a self, practice: &'a str, day: Day) -> Cow<'a, str> {
        match organisation_key(practice) {
            Cow::Borrowed(key) => match self.root_of(key, day) {
                root if is_location(root) => Cow::Borrowed(NO_PRACTICE),
                root => Cow::Borrowed(root),
            },
            Cow::Owned(key) => self.aliases.root(&key, day).map_or_else(|| Cow::Owned(key.clone()), Cow::Borrowed),
        }
    }

    /// The code behind a key in normal form on a day.
    pub(crate) fn root_of<'a>(&'a self, key: &'a str, day: Day) -> &'a str {
        self.aliases.root(key, day).unwrap_or(key)
    }

    /// The network and the locality of this practice on this day, found along its parents.
    pub(crate) fn chain<'a>(&'a self, practice: &'a str, day: Day) -> Chain<'a> {
        let mut chain = Chain::default();
        let parent_of = |code: &'a str| self.in_force(code, day)?.parent.as_deref().map(|parent| self.root_of(parent, day));
        let mut parent = parent_of(practice);
        for _ in 0..LONGEST_CHAIN {
            let Some(code) = parent else { break };
            match self.in_force(code, day).map(|held| held.kind) {
                Some(OrganisationKind::Pcn) => chain.pcn = chain.pcn.or(Some(code)),
                Some(OrganisationKind::Locality) => chain.locality = chain.locality.or(Some(code)),
                Some(OrganisationKind::Practice) | None => {}
            }
            parent = parent_of(code);
        }
        chain
    }

    /// Whether units of this practice are compared on this day: it is open, and its setting is missing or `gp`. A practice without an
    /// entry is compared, and so is one whose entries are all withdrawn.
    pub(crate) fn in_scope(&self, practice: &str, day: Day) -> bool {
        match self.in_force(practice, day) {
            Some(held) => held.compared && !held.days.ended(day),
            None => !self.statements_of(practice, day).any(|(_, precedence)| !self.is_withdrawn(practice, day, precedence)),
        }
    }

    /// Whether the setting of this practice is compared on this day: it is missing or `gp`. It is of no matter whether the practice is open.
    pub(crate) fn has_compared_setting(&self, practice: &str, day: Day) -> bool {
        self.in_force(practice, day).is_none_or(|held| held.compared)
    }

    /// The days on which the setting of this practice can change.
    pub(crate) fn setting_turns<'a>(&'a self, practice: &'a str) -> impl Iterator<Item = Day> + use<'a> {
        let names = self.aliases.ever_held_under(practice);
        names.flat_map(|name| {
            let stated = self.statements.get(name).into_iter().flatten().filter_map(|(statement, _)| statement.days.from);
            let withdrawn = self.withdrawals.get(name).into_iter().flatten().filter_map(|withdrawal| withdrawal.from);
            stated.chain(withdrawn).chain(self.aliases.changes(name))
        })
    }

    /// The statement about this organisation that has begun by this day and has the highest precedence. One with details comes
    /// before one with aliases alone. An ended one still provides the parent, and the organisation is closed.
    fn in_force<'a>(&'a self, code: &'a str, day: Day) -> Option<&'a OrganisationStatement> {
        let in_force = self
            .statements_of(code, day)
            .filter(|(statement, precedence)| statement.days.begun(day) && !self.is_withdrawn(code, day, *precedence));
        in_force.max_by_key(|(statement, precedence)| (statement.detailed, *precedence)).map(|(statement, _)| statement)
    }

    /// The statements about this organisation under its code and under its aliases.
    fn statements_of<'a>(&'a self, code: &'a str, day: Day) -> impl Iterator<Item = (&'a OrganisationStatement, Precedence)> {
        let all = self.aliases.held_under(code, day).filter_map(|name| self.statements.get(name)).flatten();
        all.map(|(statement, precedence)| (statement, *precedence))
    }

    /// Whether a withdrawal of this organisation takes a statement of this precedence out of effect on this day.
    fn is_withdrawn(&self, code: &str, day: Day, precedence: Precedence) -> bool {
        if self.withdrawals.is_empty() {
            return false;
        }
        let withdrawals = self.aliases.held_under(code, day).filter_map(|name| self.withdrawals.get(name)).flatten();
        withdrawals.filter(|one| one.precedence > precedence).any(|one| one.from.is_none_or(|from| from <= day))
    }
}
