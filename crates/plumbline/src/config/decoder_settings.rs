//! The configuration of a decoder: feeds, zone, identifier systems and role codes of a deployment.

use codec::formats::record_decoder::DecoderConfig;
use codec::identity::keys::Keys;
use scorecard::time::calendar::Day;

use crate::config::options::Config;
use crate::input_files::code_files::{CodeFile, CodeFileError, identifier_table, listed_codes, role_table};

/// The decoder of a configuration, with these keys. `first_day` is the first day of which it accepts events.
///
/// # Errors
/// [`CodeFileError`] when a file of identifier systems or roles cannot be read or has mistakes.
pub fn decoder_config(config: &Config, keys: Keys, first_day: Option<Day>) -> Result<DecoderConfig, CodeFileError> {
    let texts = config.codes.iter().map(CodeFile::read).collect::<Result<Vec<_>, _>>()?;
    let table = identifier_table(&texts)?;
    let defaults = DecoderConfig::default();
    let mut preference = table.preference;
    preference
        .extend(defaults.identifier_preference.iter().filter(|name| !preference.contains(name)).cloned().collect::<Vec<_>>());
    Ok(DecoderConfig {
        keys,
        feeds: config.feeds.clone(),
        zone: config.zone.clone(),
        identifier_systems: table.systems,
        identifier_preference: preference,
        roles: role_table(&texts)?,
        no_contact: config.no_contact.clone(),
        listed_codes: listed_codes(&texts)?,
        first_day,
        ..defaults
    })
}
