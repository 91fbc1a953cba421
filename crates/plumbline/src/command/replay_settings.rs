//! The settings of a replay: those of its command line over those of a configuration.

use codec::formats::record_decoder::DecoderConfig;
use codec::identity::keys::Keys;
use scorecard::registry::registry_file::RegistryContent;
use scorecard::time::calendar::{Day, Zone};

use crate::cli::ReplayArgs;
use crate::config::config_file::{self, ConfigError, ConfigSources};
use crate::config::decoder_settings::decoder_config;
use crate::config::options::{Config, FirstDay};
use crate::deployment::configured_files;
use crate::deployment::registry_file_check::RegistryFileError;
use crate::input_files::code_files::CodeFileError;
use crate::input_files::measure_files::{MeasureSelection, MeasuresError};

/// The settings.
#[derive(Debug)]
pub struct ReplaySettings {
    /// The named configuration, else the defaults.
    pub config: Config,
    /// The zone whose calendar months are used.
    pub zone: Zone,
    first_day: Option<Day>,
}

impl ReplaySettings {
    /// The settings of a command line.
    ///
    /// # Errors
    /// [`ConfigError`] when the named configuration cannot be read or has mistakes.
    pub fn of(args: &ReplayArgs) -> Result<ReplaySettings, ConfigError> {
        let mut config = match &args.config {
            Some(file) => config_file::read(&ConfigSources::of_process(Some(file.clone()), Vec::new()))?,
            None => config_file::defaults(),
        };
        let files = args.measures.codes.iter().cloned();
        let zone = args.zone.clone().unwrap_or_else(|| config.zone.clone());
        let first_day = args.first_day.or(match config.first_day {
            Some(FirstDay::On(day)) => Some(day),
            Some(FirstDay::Unbounded) | None => None,
        });
        config.codes.extend(files);
        config.zone = zone.clone();
        Ok(ReplaySettings { config, zone, first_day })
    }

    /// The measures with the code files of both.
    ///
    /// # Errors
    /// [`MeasuresError`] names every invalid file.
    pub fn measures(&self, args: &ReplayArgs) -> Result<MeasureSelection, MeasuresError> {
        // The code files of the command line are among those of the configuration already.
        args.measures.with_codes(Vec::new()).chosen_over(&self.config)
    }

    /// The registry file of the command line, else that of the configuration; and the kinds that feeds declare.
    ///
    /// # Errors
    /// [`RegistryFileError`] with every mistake.
    pub fn registry(&self, args: &ReplayArgs) -> Result<RegistryContent, RegistryFileError> {
        let file = args.registry.as_deref().or(self.config.registry.as_deref());
        configured_files::registry(&self.config, file)
    }

    /// The configuration of the decoder.
    ///
    /// # Errors
    /// [`CodeFileError`] when a file of identifier systems is invalid.
    pub fn decoder(&self, keys: &Keys) -> Result<DecoderConfig, CodeFileError> {
        decoder_config(&self.config, keys.clone(), self.first_day)
    }
}
