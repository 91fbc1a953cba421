//! Conflicts as a table or JSON. A conflict is a version with the number of a known version of the event and other content.

use std::fmt::Write;

use scorecard::fold::conflict_list::Conflict;
use serde::{Deserialize, Serialize};

use crate::cli::Output;
use crate::terminal::count::counted;

/// One conflict, as the service answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictLine {
    /// The feed.
    pub feed: String,
    /// The id of the event, as the log holds it.
    pub id: String,
    /// The number that two versions share.
    pub version: u64,
    /// The time at which the service received the version that is left out.
    pub received_at: String,
}

impl From<&Conflict> for ConflictLine {
    fn from(conflict: &Conflict) -> ConflictLine {
        let Conflict { feed, id, version, received_at } = conflict;
        ConflictLine { feed: feed.to_string(), id: id.clone(), version: *version, received_at: received_at.to_string() }
    }
}

/// Conflicts in the requested form, newest first.
#[must_use]
pub fn conflicts_text(conflicts: &[ConflictLine], output: Output) -> String {
    let lines = || conflicts.iter().map(|one| serde_json::to_string(one).expect("texts serialize"));
    match output {
        Output::Table => table(conflicts),
        Output::Json => format!("[{}]\n", lines().collect::<Vec<_>>().join(",\n")),
        Output::Ndjson => lines().map(|line| line + "\n").collect(),
    }
}

fn table(conflicts: &[ConflictLine]) -> String {
    if conflicts.is_empty() {
        return "no conflicts: every version number has one content\n".to_owned();
    }
    let width = |of: fn(&ConflictLine) -> &str, head: &str| {
        conflicts.iter().map(|one| of(one).chars().count()).chain([head.len()]).max().unwrap_or_default()
    };
    let (feeds, ids) = (width(|one| &one.feed, "feed"), width(|one| &one.id, "id"));
    let mut text = format!("{:feeds$}  {:ids$}  {:>10}  received\n", "feed", "id", "version");
    for ConflictLine { feed, id, version, received_at } in conflicts {
        writeln!(text, "{feed:feeds$}  {id:ids$}  {version:>10}  {received_at}").expect("a String takes all");
    }
    let count = counted(conflicts.len() as u64, "version is", "versions are");
    text + &format!("{count} left out: the first content counts. Send the right content with a higher version.\n")
}
