//! `plumbline backup DIR`: adds the records since the last backup to a folder, from a running service or a stopped one.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use stream::log::Topic;

use crate::config::options::Config;
use crate::deployment::backup::backup_folder::BackupFolder;
use crate::deployment::backup::backup_manifest::{BackupError, FORMAT, PartitionEntry, SegmentEntry, hash};
use crate::deployment::backup::backup_source::{BackupSource, LogSnapshot, known_topic};
use crate::deployment::backup::refused_copy::mirror;
use crate::deployment::backup::segment::SegmentWriter;
use crate::history::output_folder::REFUSED;
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;

/// Whether a backup holds the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysInBackup {
    /// It holds a copy of the file of the keys.
    Copied,
    /// The operator keeps the keys elsewhere.
    Elsewhere,
}

/// Adds a segment to the folder. A crash or a full disk leaves the backups before it whole.
///
/// # Errors
/// [`BackupError`], and when the log cannot be read or the folder cannot be written.
pub fn backup(config: &Config, dir: &Path, keys: KeysInBackup, clock: &Clock, interrupt: &Interrupt) -> Result<String> {
    refuse_inside(dir, &config.data)?;
    let source = BackupSource::of(config)?;
    let mut folder = BackupFolder::open(dir)?;
    let (snapshot, taken) = (source.snapshot()?, clock.now().to_string());
    check(&folder, &source, &snapshot)?;
    // Rejected records are on disk before the log names them, so the copy holds those that the segment names.
    let name = folder.next_name();
    let path = dir.join(&name);
    let written = write(&path, &folder, &source, &snapshot, interrupt);
    let (segment, partitions) = match written {
        Ok(written) => written,
        Err(error) => {
            // The next backup would remove it, too.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
    };
    let rejected = mirror(&config.data.join(REFUSED), &dir.join(REFUSED)).context("copying the rejected records")?;
    if keys == KeysInBackup::Copied {
        fs::copy(&config.keys, dir.join("keys.toml")).with_context(|| format!("copying {}", config.keys.display()))?;
    }
    let records = segment.records;
    let manifest = &mut folder.manifest;
    (manifest.format, manifest.version, manifest.log) = (FORMAT, env!("CARGO_PKG_VERSION").to_owned(), snapshot.log);
    manifest.segments.push(SegmentEntry { file: name.clone(), taken, ..segment });
    manifest.partitions = partitions;
    manifest.write(dir).with_context(|| format!("writing the manifest of {}", dir.display()))?;
    let all = counted(manifest.records(), "record", "records");
    let of_rejects = counted(rejected, "file of rejected records", "files of rejected records");
    let of_keys = match keys {
        KeysInBackup::Copied => "keys.toml is in the folder: guard it like the keys themselves",
        KeysInBackup::Elsewhere => "keep a copy of keys.toml elsewhere",
    };
    Ok(format!(
        "{}: {} in {name}, {all} in all, and {of_rejects}; {of_keys}\n",
        dir.display(),
        counted(records, "new record", "new records")
    ))
}

/// A backup inside of the data folder would be lost with it, and the data folder inside of a backup would be taken for one.
fn refuse_inside(dir: &Path, data: &Path) -> Result<()> {
    let resolved = |path: &Path| -> Result<std::path::PathBuf> {
        let absolute = std::path::absolute(path)?;
        let existing = absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
        Ok(fs::canonicalize(existing)?.join(rest))
    };
    let (dir, data) = (resolved(dir)?, resolved(data)?);
    if dir.starts_with(&data) || data.starts_with(&dir) {
        bail!(
            "{} and the data folder {} hold each other; name a folder elsewhere, best on another disk",
            dir.display(),
            data.display()
        );
    }
    Ok(())
}

/// Checks that the log continues the backup.
fn check(folder: &BackupFolder, source: &BackupSource, snapshot: &LogSnapshot) -> Result<()> {
    let manifest = &folder.manifest;
    if !manifest.segments.is_empty() && manifest.log != snapshot.log {
        return Err(BackupError::OtherLog { dir: folder.dir.clone() }.into());
    }
    for PartitionEntry { topic, partition, end, last } in &manifest.partitions {
        let bounds = snapshot.partitions.iter().find(|(name, number, ..)| name == topic && number == partition);
        let diverged =
            || BackupError::Diverged { dir: folder.dir.clone(), topic: topic.clone(), partition: *partition, end: *end };
        let (.., log_end) = bounds.ok_or_else(diverged)?;
        let value = if log_end < end { None } else { source.value(known_topic(topic)?, *partition, end - 1)? };
        // Retention and compaction may have removed the record, but never the last one of a partition.
        if log_end < end || value.as_ref().map_or(log_end == end, |value| hash(value) != *last) {
            return Err(diverged().into());
        }
    }
    Ok(())
}

/// Writes the records since the last segment.
fn write(
    path: &Path,
    folder: &BackupFolder,
    source: &BackupSource,
    snapshot: &LogSnapshot,
    interrupt: &Interrupt,
) -> Result<(SegmentEntry, Vec<PartitionEntry>)> {
    let failed = || format!("writing {}", path.display());
    let mut segment = SegmentWriter::create(path).with_context(failed)?;
    let mut partitions = Vec::new();
    for (name, partition, start, end) in &snapshot.partitions {
        let topic: Topic = known_topic(name)?;
        let before = folder.manifest.partitions.iter().find(|entry| entry.topic == *name && entry.partition == *partition);
        let mut last = before.map(|entry| entry.last.clone()).unwrap_or_default();
        let mut next = before.map_or(0, |entry| entry.end).max(*start);
        while next < *end {
            interrupt.check()?;
            let records = source.page(topic, *partition, next..*end)?;
            let Some((newest, value)) = records.last() else { break };
            (next, last) = (newest + 1, hash(value));
            for (offset, value) in &records {
                segment.add(topic, *partition, *offset, value).with_context(failed)?;
            }
        }
        ensure!(next == *end, "partition {partition} of {name} ended at {next} and not at {end}; run the backup again");
        partitions.push(PartitionEntry { topic: name.clone(), partition: *partition, end: *end, last });
    }
    let finished = segment.finish().with_context(failed)?;
    let (bytes, xxh3, records) = (finished.bytes, finished.xxh3, finished.records);
    Ok((SegmentEntry { file: String::new(), bytes, xxh3, records, taken: String::new() }, partitions))
}
