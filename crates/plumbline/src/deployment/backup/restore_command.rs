//! `plumbline restore BACKUP --to DIR`: makes a new data folder of a backup.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use stream::log::Topic;

use crate::deployment::backup::backup_folder::BackupFolder;
use crate::deployment::backup::backup_manifest::{BackupError, SegmentEntry};
use crate::deployment::backup::backup_source::known_topic;
use crate::deployment::backup::refused_copy::mirror;
use crate::deployment::backup::segment::each_record;
use crate::deployment::read_only_log::LOG_FOLDER;
use crate::history::output_folder::REFUSED;
use crate::log::local_log::{Durability, LocalLog, StoredRecord};
use crate::process::clock::Clock;
use crate::process::interrupt::Interrupt;
use crate::terminal::count::counted;

/// Makes the data folder `to`. It appears as a whole: until then it has another name.
///
/// # Errors
/// [`BackupError`], when `to` exists, or when the disk refuses.
pub fn restore(from: &Path, to: &Path, interrupt: &Interrupt) -> Result<String> {
    let is_free = !to.exists() || fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    ensure!(is_free, "{} holds files already; name a new folder with --to, or move the old one away", to.display());
    let folder = BackupFolder::finished(from)?;
    let unfinished = unfinished_name(to)?;
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).with_context(|| format!("removing the unfinished {}", unfinished.display()))?;
    }
    if let Err(error) = fill(&folder, &unfinished, interrupt) {
        // The next restore would remove it, too.
        let _ = fs::remove_dir_all(&unfinished);
        return Err(error);
    }
    fs::rename(&unfinished, to).with_context(|| format!("naming the restored folder {}", to.display()))?;
    let taken = folder.manifest.segments.last().map_or("", |segment| segment.taken.as_str());
    let keys = if to.join("keys.toml").is_file() { "with keys.toml" } else { "put keys.toml into it" };
    let records = counted(folder.manifest.records(), "record", "records");
    Ok(format!("{}: {records}, the log of {taken}; {keys}, then start the service with --data {}\n", to.display(), to.display()))
}

/// A folder next to the new one, so that renaming it is one step.
fn unfinished_name(to: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(to)?;
    let name = absolute.file_name().context("--to names no folder; name a new one")?;
    let mut name = name.to_owned();
    name.push(".restoring");
    Ok(absolute.with_file_name(name))
}

fn fill(folder: &BackupFolder, to: &Path, interrupt: &Interrupt) -> Result<()> {
    let mut log = LocalLog::open(&to.join(LOG_FOLDER), Clock::System, Durability::Buffered)?;
    for segment in &folder.manifest.segments {
        add(folder, segment, &mut log, interrupt)?;
    }
    log.finish_copy()?;
    for entry in &folder.manifest.partitions {
        let end = log.end_of(known_topic(&entry.topic)?, entry.partition);
        let what = format!("partition {} of {} ends at {end}, and BACKUP says {}", entry.partition, entry.topic, entry.end);
        if end != entry.end {
            return Err(BackupError::Damaged { file: folder.dir.clone(), what }.into());
        }
    }
    drop(log);
    mirror(&folder.dir.join(REFUSED), &to.join(REFUSED)).context("copying the rejected records")?;
    let keys = folder.dir.join("keys.toml");
    if keys.is_file() {
        fs::copy(&keys, to.join("keys.toml")).context("copying keys.toml")?;
    }
    Ok(())
}

fn add(folder: &BackupFolder, segment: &SegmentEntry, log: &mut LocalLog, interrupt: &Interrupt) -> Result<()> {
    let file = folder.file(segment);
    let mut newest: BTreeMap<(Topic, u32), u64> = BTreeMap::new();
    each_record(&file, &mut |topic, partition, offset, value| {
        interrupt.check()?;
        let damaged = |what: String| BackupError::Damaged { file: file.clone(), what };
        if newest.insert((topic, partition), offset).is_some_and(|before| before >= offset) {
            return Err(damaged(format!("offset {offset} of {} is out of order", topic.name())).into());
        }
        Ok(log.put_stored(topic, StoredRecord::any(partition, offset, value))?)
    })
}
