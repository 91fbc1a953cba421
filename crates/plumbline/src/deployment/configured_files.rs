//! The files that a configuration names: measures, registry and keys; and the address of the process that serves the data folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use codec::identity::keys::Keys;
use scorecard::data_kind::DataKind;
use scorecard::registry::entry::{Entry, EntrySource, FeedSends};
use scorecard::registry::registry_file::RegistryContent;
use stream::log::{Log, Topic};
use tracing::warn;

use crate::config::keys_file::{self, KeysState};
use crate::config::options::Config;
use crate::deployment::registry_file_check::{self, RegistryFileError};
use crate::history::finished_output::FinishedOutput;
use crate::history::output_folder::OutputFolderError;
use crate::input_files::measure_files::{self, MeasureSelection, MeasuresError};
use crate::log::any_log::AnyLog;
use crate::log::log_directory::LocalLogError;

/// The file that holds the address of the serving process.
pub(crate) const ADDRESS_FILE: &str = "ADDRESS";

/// The contents of the files that a configuration names.
#[derive(Debug)]
pub struct Files {
    /// The measures.
    pub measures: MeasureSelection,
    /// The content of the registry file.
    pub registry: RegistryContent,
}

/// Reads the measures and the registry that a configuration names. The folder of `demo` or `replay` has measures of its own, and its
/// registry is in its log.
///
/// # Errors
/// [`measure_files::MeasuresError`] and [`registry_file_check::RegistryFileError`], which name every mistake of their files.
pub fn files(config: &Config) -> Result<Files> {
    if let Some(output) = FinishedOutput::find(&config.data)? {
        return Ok(Files { measures: output.measures()?, registry: RegistryContent::default() });
    }
    let measures = measures_of(config)?;
    let registry = registry(config, config.registry.as_deref())?;
    Ok(Files { measures, registry })
}

/// The content of a registry file, and the kinds that feeds of the configuration declare and the file does not.
///
/// # Errors
/// [`RegistryFileError`] with every mistake.
pub fn registry(config: &Config, file: Option<&Path>) -> Result<RegistryContent, RegistryFileError> {
    let mut content = file.map(registry_file_check::read).transpose()?.unwrap_or_default();
    let in_file = |feed: &str| content.entries.iter().any(|entry| matches!(entry, Entry::Sends(one) if one.feed == feed));
    let declared: Vec<Entry> =
        config.sends.iter().filter(|(feed, _)| !in_file(feed)).map(|(feed, kinds)| sends(feed, kinds)).collect();
    content.entries.extend(declared);
    Ok(content)
}

fn sends(feed: &str, kinds: &[DataKind]) -> Entry {
    let sends = kinds.iter().map(|kind| kind.word().to_owned()).collect();
    Entry::Sends(FeedSends { feed: feed.to_owned(), sends, source: Some(EntrySource::Operator) })
}

/// The measures of a configuration, with its codes and its reference network.
///
/// # Errors
/// [`MeasuresError`] names every invalid file.
pub fn measures_of(config: &Config) -> Result<MeasureSelection, MeasuresError> {
    let selection = measure_files::chosen(config.measures.as_deref(), config.built_in_measures, &config.codes)?;
    selection.with_reference(config.reference.as_deref())
}

/// The configuration of the folder that `data` names, for a command that only reads. The folder of `demo`, `replay` or `migrate` has its
/// log and its keys in itself, and a registry and brokers of a configuration file do not belong to it.
///
/// # Errors
/// [`OutputFolderError`] when the folder is unfinished.
pub fn recognised(config: Config) -> Result<Config, OutputFolderError> {
    let Some(output) = FinishedOutput::find(&config.data)? else { return Ok(config) };
    Ok(Config { kafka: None, registry: None, keys: output.keys(), ..config })
}

/// Refuses the folder of `demo` or `replay` as the data folder of a service: its keys are public.
///
/// # Errors
/// When the folder is one of those.
pub fn refuse_output(config: &Config) -> Result<()> {
    if FinishedOutput::find(&config.data)?.is_some() {
        bail!(
            "{} is the folder of a `demo` or a `replay`, which only `card`, `explain`, `peek` and `migrate` read; set another folder with --data",
            config.data.display()
        );
    }
    Ok(())
}

/// The keys of the log. They are created only for an empty log: with new keys, the versions of an event would no longer match.
pub(crate) fn keys(config: &Config, log: &mut AnyLog) -> Result<Keys> {
    if log.bounds(Topic::Registry, 0)?.end > 0 {
        let lost = || "the log exists and its keys are missing; restore the file of the keys from a copy";
        return keys_file::read(&config.keys).with_context(lost);
    }
    let (keys, found) = keys_file::read_or_make(&config.keys)?;
    if found == KeysState::Made {
        warn!(path = %config.keys.display(), "keys created; keep a copy in a safe place, without them no event can be amended");
    }
    Ok(keys)
}

/// The error with the address of the process that has the folder open.
pub(crate) fn in_use(data: &Path, error: LocalLogError) -> anyhow::Error {
    let held = matches!(error, LocalLogError::InUse { .. });
    let error = anyhow::Error::new(error);
    match running_at(data) {
        Some(address) if held => error.context(format!("another process serves this folder at {address}")),
        _ => error,
    }
}

/// The address of the process that has this folder open, if it wrote one.
#[must_use]
pub fn running_at(data: &Path) -> Option<String> {
    let text = fs::read_to_string(data.join(ADDRESS_FILE)).ok()?;
    Some(text.trim().to_owned()).filter(|address| !address.is_empty())
}
