//! `check`: every mistake in the configuration and in the files that it names, without a start.

use std::path::Path;

use anyhow::Result;
use scorecard::measure::definition::DEFAULT_CLASSIFICATION;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::measure::reference_network::USED_MONTHS;
use scorecard::registry::registry_file::RegistryContent;
use scorecard::time::calendar::{Month, Zone};
use stream::log::with_sources;

use crate::config::config_file::{self, ConfigSources, Mistake};
use crate::config::keys_file;
use crate::config::options::Config;
use crate::deployment::configured_files::{measures_of, refuse_output};
use crate::deployment::data_directory::check_folder;
use crate::deployment::registry_file_check;
use crate::input_files::code_files::{CodeFile, CodeTable, code_book, identifier_table, role_table};
use crate::input_files::measure_files::MeasuresError;
use crate::kafka::property_check::property_mistakes;
use crate::process::clock::Clock;
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
    let measures = measures_of(&config);
    let registry = config.registry.as_deref().map(registry_file_check::read).transpose();
    let classification = measures.as_ref().map_or(DEFAULT_CLASSIFICATION, |found| found.set.codes().classification());
    found.extend(of_code_files(&config, classification));
    // The mistakes of code files are listed above.
    let is_new = |error: &MeasuresError| !matches!(error, MeasuresError::Codes(_));
    found.extend(measures.as_ref().err().filter(|error| is_new(error)).map(|error| with_sources(error)));
    let registry = registry.map_err(|error| found.push(with_sources(&error))).ok();
    found.extend(measures.as_ref().ok().and_then(|found| old_reference(&found.set, today())));
    found.extend(others_of(&config));
    match (measures, registry) {
        (Ok(measures), Some(registry)) if found.is_empty() => {
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

/// The mistake of a reference network that is too old for the cards of this month.
fn old_reference(measures: &MeasureSet, month: Month) -> Option<String> {
    let reference = measures.reference().filter(|reference| !reference.covers(month))?;
    Some(format!(
        "the reference network {} is of {}, and its figures are used for {USED_MONTHS} months; export it again",
        reference.name, reference.month
    ))
}

/// The current month.
fn today() -> Month {
    Zone::london().day_of(Clock::System.now()).month()
}

/// Mistakes in the data folder, the keys and the settings of the brokers.
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
    found.extend(config.kafka.iter().flat_map(property_mistakes));
    found
}

/// The mistakes of each code file.
fn of_code_files(config: &Config, classification: &str) -> Vec<String> {
    let mistakes = |file: &CodeFile| {
        let text = file.read()?;
        match text.table {
            CodeTable::Identifiers => identifier_table(&[text]).map(|_| ()),
            CodeTable::Roles => role_table(&[text]).map(|_| ()),
            _ => code_book(classification, &[text]).map(|_| ()),
        }
    };
    config.codes.iter().filter_map(|file| mistakes(file).err()).map(|error| with_sources(&error)).collect()
}
