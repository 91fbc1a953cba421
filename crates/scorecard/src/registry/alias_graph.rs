//! Aliases and the names behind them, on each day.
//!
//! A claim maps an alias to a name, and a name can be claimed in turn. On a day, the claim with the highest precedence among those
//! not withdrawn decides each alias. Where claims form a circle, the claim with the highest precedence in it decides: its name is
//! the root of the circle.
//!
//! All aliases are resolved at once, at the first look-up after a change. The time is near-linear in the number of claims, also for
//! long chains.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::registry::disjoint_sets::DisjointSets;
use crate::registry::precedence::Precedence;
use crate::time::calendar::Day;

/// The withdrawal of a claim.
#[derive(Clone, Debug)]
struct ClaimWithdrawal {
    precedence: Precedence,
    /// The name that claims the alias; every name if missing.
    name: Option<Arc<str>>,
    /// The first day without the claim; every day if missing.
    from: Option<Day>,
}

/// The claims of one kind of name: persons, or organisations.
#[derive(Clone, Debug, Default)]
pub(crate) struct AliasGraph {
    /// The precedence of each claim, by alias and claimed name. A repeated claim has that of its last entry.
    claims: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Precedence>>,
    /// By alias.
    withdrawals: BTreeMap<Arc<str>, Vec<ClaimWithdrawal>>,
    /// Names that other entries, such as roles, name directly.
    holders: BTreeSet<Arc<str>>,
    resolved: OnceLock<ResolvedAliases>,
}

/// The root of an alias from each first day on. The first entry has no first day.
type RootSpans = Vec<(Option<Day>, Arc<str>)>;

/// The roots of all aliases.
#[derive(Clone, Debug, Default)]
struct ResolvedAliases {
    /// By alias.
    roots: BTreeMap<Arc<str>, RootSpans>,
    /// The holders among the aliases that have this root on a day, by root.
    aliases: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl AliasGraph {
    /// Adds a claim of an alias by a name, both in normal form.
    pub(crate) fn claim(&mut self, alias: &str, name: &str, precedence: Precedence) {
        if alias == name {
            return;
        }
        let known = self.claims.entry(alias.into()).or_default().entry(name.into()).or_insert(precedence);
        *known = (*known).max(precedence);
        self.resolved = OnceLock::new();
    }

    /// Withdraws the claim of an alias by a name, or by every name, from a day on.
    pub(crate) fn withdraw(&mut self, alias: &str, name: Option<&str>, precedence: Precedence, from: Option<Day>) {
        let name = name.map(Into::into);
        self.withdrawals.entry(alias.into()).or_default().push(ClaimWithdrawal { precedence, name, from });
        self.resolved = OnceLock::new();
    }

    /// Makes [`AliasGraph::held_under`] list this name.
    pub(crate) fn hold(&mut self, name: &str) {
        if !self.holders.contains(name) {
            self.holders.insert(name.into());
            self.resolved = OnceLock::new();
        }
    }

    /// The root of a name on a day; `None` if nobody claims it.
    pub(crate) fn root(&self, name: &str, day: Day) -> Option<&str> {
        let begun = |(from, _): &&(Option<Day>, Arc<str>)| from.is_none_or(|from| from <= day);
        self.resolved().roots.get(name)?.iter().rev().find(begun).map(|(_, root)| &**root).filter(|root| *root != name)
    }

    /// The first days on which the root of this name changes, in order.
    pub(crate) fn changes(&self, name: &str) -> impl Iterator<Item = Day> {
        self.resolved().roots.get(name).into_iter().flatten().filter_map(|(from, _)| *from)
    }

    /// The names that entries name directly, and whose root is this name on a day. The name itself is the first.
    pub(crate) fn held_under<'a>(&'a self, name: &'a str, day: Day) -> impl Iterator<Item = &'a str> {
        let all = self.resolved().aliases.get(name).into_iter().flatten().map(|alias| &**alias);
        std::iter::once(name).chain(all.filter(move |alias| self.root(alias, day) == Some(name)))
    }

    /// The names that entries name directly, and whose root is this name on any day. The name itself is the first.
    pub(crate) fn ever_held_under<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::once(name).chain(self.resolved().aliases.get(name).into_iter().flatten().map(|alias| &**alias))
    }

    fn resolved(&self) -> &ResolvedAliases {
        self.resolved.get_or_init(|| self.resolve())
    }

    fn resolve(&self) -> ResolvedAliases {
        let mut resolved = ResolvedAliases::default();
        for group in self.groups() {
            let mut begins = vec![None];
            begins.extend(self.boundaries(&group).into_iter().map(Some));
            for from in begins {
                self.resolve_group(&group, from, &mut resolved);
            }
        }
        resolved
    }

    /// Adds the roots of a group of connected aliases from a day on.
    fn resolve_group(&self, group: &[&Arc<str>], from: Option<Day>, resolved: &mut ResolvedAliases) {
        let claims: BTreeMap<&Arc<str>, (&Arc<str>, Precedence)> =
            group.iter().filter_map(|alias| Some((*alias, self.claim_from(alias, from)?))).collect();
        let roots = roots(&claims);
        for alias in group {
            let root = roots.get(alias).copied().unwrap_or(alias);
            let history = resolved.roots.entry((*alias).clone()).or_default();
            if history.last().is_none_or(|(_, last)| last != root) {
                history.push((from, root.clone()));
            }
            if root != *alias && self.holders.contains(*alias) {
                resolved.aliases.entry(root.clone()).or_default().insert((*alias).clone());
            }
        }
    }

    /// The claim that decides an alias from a day on; without a day, before every withdrawal that has one.
    fn claim_from(&self, alias: &Arc<str>, day: Option<Day>) -> Option<(&Arc<str>, Precedence)> {
        let withdrawals = self.withdrawals.get(alias).map_or(&[][..], Vec::as_slice);
        let withdrawn = |name: &Arc<str>, claimed: Precedence| {
            let of_claim = |one: &&ClaimWithdrawal| one.name.as_ref().is_none_or(|of| of == name) && one.precedence > claimed;
            withdrawals.iter().filter(of_claim).any(|withdrawal| withdrawal.from <= day)
        };
        let of_alias = self.claims.get(alias)?.iter().map(|(name, precedence)| (name, *precedence));
        of_alias.filter(|(name, precedence)| !withdrawn(name, *precedence)).max_by_key(|(_, precedence)| *precedence)
    }

    /// The first days of the withdrawals of these aliases.
    fn boundaries(&self, group: &[&Arc<str>]) -> BTreeSet<Day> {
        if self.withdrawals.is_empty() {
            return BTreeSet::new();
        }
        let of_group = group.iter().filter_map(|alias| self.withdrawals.get(*alias));
        of_group.flatten().filter_map(|withdrawal| withdrawal.from).collect()
    }

    /// The aliases in groups: two names of one claim are in one group.
    fn groups(&self) -> Vec<Vec<&Arc<str>>> {
        let mut numbers: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for (alias, names) in &self.claims {
            for name in std::iter::once(alias).chain(names.keys()) {
                let next = numbers.len();
                numbers.entry(name).or_insert(next);
            }
        }
        let mut sets = DisjointSets::default();
        sets.grow(numbers.len());
        for (alias, names) in &self.claims {
            names.keys().for_each(|name| sets.join(numbers[alias], numbers[name]));
        }
        let mut groups: BTreeMap<usize, Vec<&Arc<str>>> = BTreeMap::new();
        for (name, number) in numbers {
            groups.entry(sets.find(number)).or_default().push(name);
        }
        groups.into_values().collect()
    }
}

/// The root of every claimed alias. In a circle, the claim with the highest precedence names the root.
fn roots<'a>(claims: &BTreeMap<&'a Arc<str>, (&'a Arc<str>, Precedence)>) -> BTreeMap<&'a Arc<str>, &'a Arc<str>> {
    let mut roots: BTreeMap<&Arc<str>, &Arc<str>> = BTreeMap::new();
    for start in claims.keys() {
        let mut path: Vec<&Arc<str>> = Vec::new();
        let mut places: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        let mut name = *start;
        let root = loop {
            if let Some(root) = roots.get(name) {
                break *root;
            }
            if let Some(begin) = places.get(name) {
                let circle = path[*begin..].iter().map(|alias| claims[alias]);
                break circle.max_by_key(|(_, precedence)| *precedence).map_or(name, |(root, _)| root);
            }
            let Some((next, _)) = claims.get(name) else { break name };
            places.insert(name, path.len());
            path.push(name);
            name = next;
        };
        roots.extend(path.into_iter().map(|alias| (alias, root)));
    }
    roots
}
