//! `check`: every mistake in the configuration and in the files that it names, without a start.

use std::path::Path;

use anyhow::Result;
use codec::identity::keys::Keys;
use scorecard::registry::registry_file::RegistryContent;
use stream::log::with_sources;

use crate::config::config_file::{self, ConfigSources, Mistake};
use crate::config::decoder_settings::decoder_config;
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::configured_files::refuse_output;
use crate::deployment::data_directory::check_folder;
use crate::deployment::registry_file_check;
use crate::kafka::property_check::property_mistakes;
use crate::measure_files;
use crate::terminal::count::counted;

/// Mistakes, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct CheckError(pub Vec<String>);

/// Checks what can be checked without a start. `others` are the environment variables that are no options.
///
/// # Errors
/// [`CheckError`] with every mistake, and when the configuration file cannot be read.
pub fn check(sources: &ConfigSources, others: &[&str]) -> Result<String> {
    let (config, mut mistakes) = config_file::examined(sources)?;
    mistakes.extend(config_file::unknown_variables_of(sources, &config, others));
    let mut found: Vec<String> = mistakes.iter().map(|Mistake { origin, text }| format!("{origin}: {text}")).collect();
    let measures = measure_files::chosen(config.measures.as_deref(), config.built_in_measures, &config.codes);
    let registry = config.registry.as_deref().map(registry_file_check::read).transpose();
    let measures = measures.map_err(|error| found.push(with_sources(&error))).ok();
    let registry = registry.map_err(|error| found.push(with_sources(&error))).ok();
    found.extend(others_of(&config));
    match (measures, registry) {
        (Some(measures), Some(registry)) if found.is_empty() => {
            let count = measures.set.measures().len() as u64;
            Ok(no_mistakes(&config, count, &registry.unwrap_or_default()))
        }
        _ => Err(CheckError(found).into()),
    }
}

fn no_mistakes(config: &Config, measures: u64, registry: &RegistryContent) -> String {
    let measures = counted(measures, "measure", "measures");
    let feeds = counted(config.feeds.len() as u64, "declared feed", "declared feeds");
    format!("no mistakes: {measures}, {feeds}, {}\n", registry_file_check::holds(registry))
}

/// Mistakes in the data folder, the keys, the identifier systems and the settings of the brokers.
fn others_of(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |result: Result<()>| found.extend(result.err().map(|error| with_sources(error.as_ref())));
    // A faulty value of `data` has its own mistake.
    if config.data != Path::new("") {
        add(refuse_output(config));
        add(check_folder(&config.data));
    }
    if config.keys.exists() {
        add(keys_file::read(&config.keys).map(|_| ()).map_err(Into::into));
    }
    if config.codes.iter().all(|file| file.read().is_ok()) {
        add(decoder_config(config, Keys::fixed(), None).map(|_| ()).map_err(Into::into));
    }
    found.extend(config.kafka.iter().flat_map(property_mistakes));
    found
}
