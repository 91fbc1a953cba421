//! `conflicts list`: the versions that are left out because their number has another content. It asks the running service, or reads the
//! log if no service is running.

use anyhow::{Context, Result, bail};
use stream::tally::conflict_scan;

use crate::cli::{ConflictsArgs, ConflictsCommand};
use crate::config::options::Config;
use crate::deployment::configured_files::{recognised, running_at};
use crate::deployment::read_only_log::{self, ReadOnlyLog};
use crate::service_client::{ask, encoded};
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
    if let Some(address) = running_at(&config.data) {
        let feed = args.feed.as_deref().map(|feed| format!("?feed={}", encoded(feed))).unwrap_or_default();
        if let Some(response) = ask(&address, "GET", &format!("/v1/conflicts{feed}"), "application/json")? {
            return match response.status {
                200 => serde_json::from_str(&response.body)
                    .with_context(|| format!("the process at {address} does not answer like a Plumbline service; check --data")),
                _ => bail!(response.error()),
            };
        }
    }
    let ReadOnlyLog { mut log, deployment, .. } = read_only_log::read(&recognised(config)?)?;
    let found = conflict_scan::conflicts(&deployment, &mut log)?;
    let wanted = found.iter().rev().filter(|one| args.feed.as_deref().is_none_or(|feed| *one.feed == *feed));
    Ok(wanted.map(ConflictLine::from).collect())
}
