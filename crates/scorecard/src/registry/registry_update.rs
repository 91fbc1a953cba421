//! The entries by which a registry file differs from what the operator has stated so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::disjoint_sets::DisjointSets;
use crate::registry::entry::{Entry, Withdrawal, WithdrawnKind};
use crate::registry::identifier::{organisation_key, person_key};

/// The matter of an entry. Only entries about the same matter decide against each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Matter {
    Person(String),
    PersonAlias(String),
    Role(String, String),
    Lead(String, String),
    Organisation(String),
    OrganisationAlias(String),
    Feed(String),
    Sends(String),
    Fence(String, String),
}

/// The entries of a file that a log lacks, in the order of the file. `log` has every entry of the log in its order.
///
/// The file states the last word of the operator on each of its matters. An entry is missing where the operator's last entries in the
/// log about one of its matters are not those of the file, in this order. So an alias that moved away and back is added again.
#[must_use]
pub fn missing_entries(file: &[Entry], log: &[Entry]) -> Vec<Entry> {
    let stated: Vec<&Entry> = log.iter().filter(|entry| entry.is_operators()).collect();
    let known = by_matter(stated.iter().copied());
    let wanted = by_matter(file);
    let settled = |matter: &Matter| known.get(matter).is_some_and(|known| known.ends_with(&wanted[matter]));
    let mut groups = MatterGroups::default();
    file.iter().for_each(|entry| groups.join(&matters(entry)));
    let open: BTreeSet<usize> = wanted.keys().filter(|matter| !settled(matter)).map(|matter| groups.group(matter)).collect();
    let mut is_missing = |entry: &&Entry| matters(entry).iter().any(|matter| open.contains(&groups.group(matter)));
    file.iter().filter(|entry| is_missing(entry)).cloned().collect()
}

fn by_matter<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeMap<Matter, Vec<&'a Entry>> {
    let mut by_matter: BTreeMap<Matter, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        for matter in matters(entry) {
            by_matter.entry(matter).or_default().push(entry);
        }
    }
    by_matter
}

/// The matters of an entry, at least one.
fn matters(entry: &Entry) -> Vec<Matter> {
    let person = |id: &str| person_key(id).into_owned();
    let code = |code: &str| organisation_key(code).into_owned();
    match entry {
        Entry::Person(one) => {
            let aliases = one.aliases.iter().map(|alias| Matter::PersonAlias(person(alias)));
            std::iter::once(Matter::Person(person(&one.id))).chain(aliases).collect()
        }
        Entry::Organisation(one) => {
            let aliases = one.aliases.iter().map(|alias| Matter::OrganisationAlias(code(alias)));
            std::iter::once(Matter::Organisation(code(&one.code))).chain(aliases).collect()
        }
        Entry::Role(role) => vec![Matter::Role(person(&role.person), code(&role.practice))],
        Entry::Lead(lead) => vec![Matter::Lead(person(&lead.person), code(&lead.practice))],
        Entry::Feed(rule) => vec![Matter::Feed(rule.feed.clone())],
        Entry::Sends(one) => vec![Matter::Sends(one.feed.clone())],
        Entry::Fence(fence) => vec![Matter::Fence(fence.feed.clone(), fence.id.clone())],
        Entry::Withdrawal(withdrawal) => vec![withdrawn(withdrawal)],
    }
}

fn withdrawn(withdrawal: &Withdrawal) -> Matter {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let person = person_key(&text(&withdrawal.person)).into_owned();
    let practice = organisation_key(&text(&withdrawal.practice)).into_owned();
    match withdrawal.withdraws {
        WithdrawnKind::Alias if withdrawal.code.is_none() => {
            Matter::PersonAlias(person_key(&text(&withdrawal.alias)).into_owned())
        }
        WithdrawnKind::Alias => Matter::OrganisationAlias(organisation_key(&text(&withdrawal.alias)).into_owned()),
        WithdrawnKind::Role => Matter::Role(person, practice),
        WithdrawnKind::Lead => Matter::Lead(person, practice),
        WithdrawnKind::Organisation => Matter::Organisation(organisation_key(&text(&withdrawal.code)).into_owned()),
    }
}

/// Matters that share an entry, directly or through others. Entries of one group are added together, so that they keep their order.
#[derive(Debug, Default)]
struct MatterGroups {
    numbers: BTreeMap<Matter, usize>,
    sets: DisjointSets,
}

impl MatterGroups {
    fn join(&mut self, matters: &[Matter]) {
        let numbers: Vec<usize> = matters.iter().map(|matter| self.number(matter)).collect();
        numbers.windows(2).for_each(|pair| self.sets.join(pair[0], pair[1]));
    }

    fn number(&mut self, matter: &Matter) -> usize {
        let next = self.numbers.len();
        self.sets.grow(next + 1);
        *self.numbers.entry(matter.clone()).or_insert(next)
    }

    /// The number of a matter's group.
    fn group(&mut self, matter: &Matter) -> usize {
        let number = self.number(matter);
        self.sets.find(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::entry::EntrySource;

    fn entries(lines: &[&str]) -> Vec<Entry> {
        let read = |line: &&str| serde_json::from_str::<Entry>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        lines.iter().map(read).map(|entry| entry.stated_by(EntrySource::Operator)).collect()
    }

    /// The log after several files, each read once.
    fn log_after(files: &[&[&str]]) -> Vec<Entry> {
        let mut log = Vec::new();
        for file in files {
            let missing = missing_entries(&entries(file), &log);
            log.extend(missing);
            assert_eq!(missing_entries(&entries(file), &log), [], "a second reading adds nothing");
        }
        log
    }

    const ONE: &str = r#"{"type":"person","id":"p1","aliases":["gmc|1"]}"#;
    const NONE: &str = r#"{"type":"person","id":"p1"}"#;
    const TWO: &str = r#"{"type":"person","id":"p2","aliases":["gmc|1"]}"#;
    const OTHER: &str = r#"{"type":"person","id":"p3","aliases":["gmc|3"]}"#;

    #[test]
    fn a_file_is_added_once() {
        assert_eq!(log_after(&[&[ONE, OTHER], &[ONE, OTHER]]).len(), 2);
    }

    #[test]
    fn an_alias_that_moves_away_and_back_is_added_again_and_others_are_not() {
        let log = log_after(&[&[ONE, OTHER], &[NONE, TWO, OTHER], &[ONE, OTHER]]);
        assert_eq!(log, entries(&[ONE, OTHER, NONE, TWO, ONE]));
    }

    #[test]
    fn a_withdrawal_that_is_no_longer_in_the_file_is_overruled_by_the_entry() {
        let gone = r#"{"type":"withdrawal","withdraws":"alias","person":"p1","alias":"gmc|1"}"#;
        let log = log_after(&[&[ONE], &[ONE, gone], &[ONE]]);
        assert_eq!(log.last(), entries(&[ONE]).last());
    }

    #[test]
    fn entries_that_depend_on_their_order_are_added_together() {
        let both = r#"{"type":"person","id":"p1","aliases":["gmc|1","gmc|2"]}"#;
        let log = log_after(&[&[ONE, TWO], &[both, TWO]]);
        assert_eq!(log, entries(&[ONE, TWO, both, TWO]));
    }

    #[test]
    fn entries_of_feeds_and_of_older_versions_do_not_count_as_the_operators() {
        let old: Vec<Entry> = vec![serde_json::from_str(ONE).unwrap()];
        assert_eq!(missing_entries(&entries(&[ONE]), &old).len(), 1);
        let feeds = vec![old[0].clone().stated_by(EntrySource::Feed("f".into()))];
        assert_eq!(missing_entries(&entries(&[ONE]), &feeds).len(), 1);
    }
}
