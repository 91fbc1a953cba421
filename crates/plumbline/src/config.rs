//! Configuration: options, their values and origins, keys, tokens and measure files.

pub mod config_file;
pub(crate) mod page_options;
pub mod decoder_settings;
pub mod given_values;
pub(crate) mod config_values;
pub mod unknown_variables;
pub mod options;
pub mod page_settings;
pub mod authorizer;
pub mod source_rights;
pub mod scope;
pub mod keys_file;
pub mod quantity;
pub mod did_you_mean;
