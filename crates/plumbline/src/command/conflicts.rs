//! `conflicts list`: the versions that are left out because their number has another content. It asks the running service, or reads the
//! log if no service is running.

use anyhow::Result;
use stream::tally::conflict_scan;

use crate::cli::{ConflictsArgs, ConflictsCommand};
use crate::config::options::Config;
use crate::deployment::configured_files::{recognised, running_at};
use crate::deployment::read_only_log::{self, ReadOnlyLog};
use crate::service_client::{ask_running, encoded};
use crate::view::conflicts_view::{ConflictLine, conflicts_text};

/// Runs the command. Returns text for standard output.
///
/// # Errors
/// When neither a service answers nor the log can be read.
pub fn conflicts(command: &ConflictsCommand, config: Config) -> Result<String> {
    let ConflictsCommand::List(args) = command;
    Ok(conflicts_text(&listed(args, config)?, args.output))
}

fn listed(args: &ConflictsArgs, config: Config) -> Result<Vec<ConflictLine>> {
    let feed = args.feed.as_deref().map(|feed| format!("?feed={}", encoded(feed))).unwrap_or_default();
    if let Some(found) = ask_running(running_at(&config.data), "GET", &format!("/v1/conflicts{feed}"), |_| None)? {
        return Ok(found);
    }
    let ReadOnlyLog { mut log, deployment, .. } = read_only_log::read(&recognised(config)?)?;
    let found = conflict_scan::conflicts(&deployment, &mut log)?;
    let wanted = found.iter().rev().filter(|one| args.feed.as_deref().is_none_or(|feed| *one.feed == *feed));
    Ok(wanted.map(ConflictLine::from).collect())
}
