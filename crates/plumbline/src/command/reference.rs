//! `reference export`: the figures of a network as a reference file for a smaller one.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use scorecard::card::peer_snapshot::{PeerSnapshot, Purpose};
use scorecard::card::public_group::PeerKey;
use scorecard::measure::measure_set::MeasureSet;
use scorecard::measure::reference_network::ReferenceNetwork;
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::reference_figures::exported;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Month;
use stream::log::{Log, Topic};

use crate::cli::reference_args::ReferenceExportArgs;
use crate::config::options::Config;
use crate::deployment::read_only_log::{ReadOnlyLog, read};
use crate::terminal::count::counted;

/// The newest chunks of the groups of each month.
type Chunks = BTreeMap<Month, BTreeMap<(PeerKey, u32), PeerSnapshot>>;

/// The text of a reference file, and a report for standard error.
#[derive(Debug)]
pub struct ReferenceExport {
    /// The file.
    pub text: String,
    /// The groups in it, in words.
    pub report: String,
}

/// The reference file of a log's groups.
///
/// # Errors
/// When the log cannot be read, has no groups of the month, or no group with 20 members; or when the name is unusable.
pub fn export(args: &ReferenceExportArgs, config: &Config) -> Result<ReferenceExport> {
    let ReadOnlyLog { mut log, deployment, .. } = read(config)?;
    export_of(&args.name, args.month, &mut log, &deployment.measures)
}

fn export_of(name: &str, month: Option<Month>, log: &mut impl Log, measures: &MeasureSet) -> Result<ReferenceExport> {
    let mut months = chunks(log)?;
    let Some(month) = month.or_else(|| newest(&months)) else {
        bail!("the log has no peer groups yet; export after the first cards are published");
    };
    let of_month = months.remove(&month).with_context(|| {
        let known: Vec<String> = months.keys().map(ToString::to_string).collect();
        format!("the log has no peer groups of {month}; choose one of {}", known.join(", "))
    })?;
    let table = PeerTable::of_snapshots(of_month.into_values())?;
    let file = exported(name, month, table.networks(), measures)?;
    ensure!(!file.groups.is_empty(), "no role has 20 members with a value in a measure of {month}; export from a larger network");
    Ok(ReferenceExport { report: report(&file), text: file.text() })
}

fn report(file: &ReferenceNetwork) -> String {
    let groups = counted(file.groups.len() as u64, "group", "groups");
    format!("{groups} of {}, of roles with 20 members or more; no person is in the file\n", file.month)
}

fn chunks(log: &mut impl Log) -> Result<Chunks> {
    let mut months = Chunks::new();
    let mut from = log.bounds(Topic::PeerSnapshots, 0)?.start;
    log.read_to_end(Topic::PeerSnapshots, 0, &mut from, &mut |entry| {
        if let Record::PeerSnapshot(snapshot) = entry.record
            && snapshot.purpose == Purpose::Month
        {
            months.entry(snapshot.key.month).or_default().insert((snapshot.key.clone(), snapshot.chunk), snapshot);
        }
    })?;
    Ok(months)
}

/// The newest month with frozen groups, else the newest one.
fn newest(months: &Chunks) -> Option<Month> {
    let frozen = months.iter().rev().find(|(_, chunks)| chunks.values().any(|chunk| chunk.frozen));
    frozen.or_else(|| months.iter().next_back()).map(|(month, _)| *month)
}
