//! `view`: the pages of a folder, on this machine only.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::cli::ServiceArgs;
use crate::config::options::Config;
use crate::deployment::configured_files::recognised;
use crate::page_view::folder_server::serve;
use crate::page_view::page_cards::PageCards;
use crate::process::interrupt::Interrupt;

/// The options of a command that reads this folder.
#[must_use]
pub fn folder(folder: &Path) -> ServiceArgs {
    ServiceArgs { config: None, data: Some(folder.display().to_string()), listen: None }
}

/// Serves the pages of the configuration's folder until Ctrl-C.
///
/// # Errors
/// When the folder does not exist, cannot be read or is in use, or the port cannot be used.
pub fn view(config: &Config, port: u16, interrupt: &Interrupt) -> Result<()> {
    let folder = &config.data;
    ensure!(folder.is_dir(), "there is no folder {}; name the folder of `demo` or `replay`", folder.display());
    let cards = PageCards::open(&recognised(config.clone())?)?;
    serve(cards, port, interrupt)
}
