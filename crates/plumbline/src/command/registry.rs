//! `registry load` and `registry show`: the operator's entries into the log, and the entries that the log holds.

use anyhow::Result;
use codec::identity::pseudonym::Pseudonyms;
use scorecard::registry::directory::{Directory, LAST_DAY};
use scorecard::registry::entry::{Entry, Lead, Organisation, Person, Role, Withdrawal};
use scorecard::registry::identifier::{organisation_key, person_key};
use scorecard::registry::person_details::PersonDetails;
use serde_json::json;
use stream::log::Log;
use stream::people::People;

use crate::cli::RegistryLoadArgs;
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::data_directory::DataDirectory;
use crate::deployment::protected_registry::protected;
use crate::deployment::read_only_log::log_to_read;
use crate::deployment::registry_change::{self, RegistryChange};
use crate::deployment::registry_file_check;
use crate::process::clock::Clock;
use crate::process::roles::{ProcessRole, ProcessRoles};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::terminal::count::counted;

/// The result of `registry load`.
#[derive(Debug)]
pub struct LoadResult {
    /// The number of additions, for standard error.
    pub report: String,
    /// The entries and details, one a line, for standard output.
    pub lines: String,
}

/// Adds the entries of a file that the log lacks.
///
/// # Errors
/// When the file has mistakes, another process has an embedded log open, or the log fails.
pub fn load(args: &RegistryLoadArgs, config: &Config, clock: Clock) -> Result<LoadResult> {
    let file = registry_file_check::read(&args.file)?;
    // Without a log there are no keys, and the message about the log is the better one.
    let mut log = log_to_read(config)?;
    let file = protected(file, &Pseudonyms::new(&keys_file::read(&config.keys)?));
    let change = if args.dry_run {
        RegistryChange::of(&file, &mut log)?
    } else {
        drop(log);
        // A process of this role neither serves cards nor reads the configured file.
        let roles = ProcessRoles::of(&[ProcessRole::Tally]);
        let mut data = DataDirectory::open(config, clock, roles, &ShutdownSignal::default())?;
        let change = RegistryChange::of(&file, &mut data.log)?;
        change.add(&mut data.log, data.deployment.partitions)?;
        change
    };
    let entries = change.entries.iter().map(|entry| json!({ "entry": entry }).to_string());
    let people = change.people.iter().map(|one| json!({ "people": one }).to_string());
    Ok(LoadResult { report: report(args.dry_run, &change), lines: entries.chain(people).map(|line| line + "\n").collect() })
}

fn report(dry_run: bool, change: &RegistryChange) -> String {
    let entries = counted(change.entries.len() as u64, "entry", "entries");
    let people = counted(change.people.len() as u64, "person's details", "persons' details");
    match (change.is_empty(), dry_run) {
        (true, _) => "the log lacks no entry of the file\n".to_owned(),
        (false, true) => format!("{entries} and {people} would be added\n"),
        (false, false) => format!("{entries} and {people} added; the next cut applies them\n"),
    }
}

/// The entries of a log as NDJSON, or only those about one name.
///
/// # Errors
/// When there is no log, another process has an embedded log open, or the log cannot be read.
pub fn show(name: Option<&str>, config: &Config) -> Result<String> {
    show_of(name, &mut log_to_read(config)?)
}

fn show_of(name: Option<&str>, log: &mut impl Log) -> Result<String> {
    let (mut entries, mut directory) = (Vec::new(), Directory::default());
    registry_change::entries(log, &mut |offset, entry| {
        directory.apply(&entry);
        entries.push((offset, entry));
    })?;
    let wanted = name.map(|name| (directory.person_of(name, LAST_DAY), directory.practice_of(name, LAST_DAY)));
    let is_wanted = |entry: &Entry| {
        let Some((person, practice)) = &wanted else { return true };
        let (persons, organisations) = names(entry);
        persons.iter().any(|name| directory.person_of(name, LAST_DAY) == *person || person_key(name) == *person)
            || organisations
                .iter()
                .any(|name| directory.practice_of(name, LAST_DAY) == *practice || organisation_key(name) == *practice)
    };
    let shown = entries.iter().filter(|(_, entry)| is_wanted(entry));
    let entry_lines = shown.map(|(offset, entry)| json!({ "offset": offset, "entry": entry }).to_string());
    let people = People::read(log)?;
    let is_shown = |one: &&PersonDetails| wanted.as_ref().is_none_or(|(person, _)| one.person == *person);
    let people_lines = people.all().filter(is_shown).map(|one| json!({ "people": one }).to_string());
    Ok(entry_lines.chain(people_lines).map(|line| line + "\n").collect())
}

/// The names of persons and of organisations in an entry.
fn names(entry: &Entry) -> (Vec<&str>, Vec<&str>) {
    fn listed<'e>(first: &'e str, more: &'e [String]) -> Vec<&'e str> {
        std::iter::once(first).chain(more.iter().map(String::as_str)).collect()
    }
    match entry {
        Entry::Person(Person { id, aliases, .. }) => (listed(id, aliases), Vec::new()),
        Entry::Organisation(Organisation { code, aliases, .. }) => (Vec::new(), listed(code, aliases)),
        Entry::Role(Role { person, practice, .. }) | Entry::Lead(Lead { person, practice, .. }) => (vec![person], vec![practice]),
        Entry::Feed(_) | Entry::Sends(_) | Entry::Fence(_) => (Vec::new(), Vec::new()),
        Entry::Withdrawal(Withdrawal { person, alias, practice, code, .. }) => {
            let (of_person, of_organisation) = if code.is_none() { (alias, &None) } else { (&None, alias) };
            let persons = [person, of_person].into_iter().filter_map(Option::as_deref).collect();
            (persons, [practice, code, of_organisation].into_iter().filter_map(Option::as_deref).collect())
        }
    }
}
