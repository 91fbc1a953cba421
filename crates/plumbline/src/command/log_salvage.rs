//! `log verify` and `log salvage`: the records that an embedded log can still read, and a new data folder with these.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use stream::log::Topic;

use crate::config::options::Config;
use crate::deployment::read_only_log::LOG_FOLDER;
use crate::history::output_folder::REFUSED;
use crate::log::journal;
use crate::log::local_log::{Durability, LocalLog, StoredRecord};
use crate::log::log_directory::LogDirectory;
use crate::log::log_record_layout::topic_number;
use crate::log::log_trimmer::LogTrimmer;
use crate::process::clock::Clock;
use crate::service::log_ends_file::{LogEndsFile, MissingTail};
use crate::service::private_folder::set_private_umask;
use crate::terminal::count::counted;

/// Folder of the repaired copy while a salvage runs.
const COPY_FOLDER: &str = "salvage.tmp";
/// Bytes in one MB.
const MB: u64 = 1_000_000;
/// Most lost records that are named one by one.
const NAMED_RECORDS: usize = 1_000;

/// A log with damaged records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{report}restore a copy, or run `plumbline log salvage --to NEW` with the same options: it keeps every other record")]
pub struct DamagedLogError {
    report: String,
}

/// The records of a log by their state.
#[derive(Debug, Default)]
struct LogInventory {
    readable: u64,
    /// Place, key and reason of the records that are lost.
    lost: BTreeMap<(u8, u32, u64), String>,
    /// Last records that the service has noted and the log does not hold.
    tails: Vec<MissingTail>,
}

/// Reads every record of the embedded log.
///
/// # Errors
/// [`DamagedLogError`] names the damaged records. Other errors: there is no embedded log, or another process has it open.
pub fn verify(config: &Config) -> Result<String> {
    let dir = embedded(config)?;
    let mut inventory = journal_losses(&dir)?;
    // The engine would truncate a damaged journal.
    if inventory.lost.is_empty() {
        let log = LocalLog::open(&dir, Clock::System, Durability::Synced)?;
        inventory = inventory_of(&log, &mut |_, _| Ok(()))?;
        inventory.tails = LogEndsFile::of(&config.data).missing_tails(&log)?;
    }
    if inventory.is_whole() {
        return Ok(format!("{}: {}, all whole\n", dir.display(), counted(inventory.readable, "record", "records")));
    }
    Err(DamagedLogError { report: inventory.report(&dir) }.into())
}

/// Copies every readable record into a new data folder, with the keys and the rejected records. Returns the lost records.
///
/// # Errors
/// When the folder exists, there is no embedded log, another process has it open, or the disk refuses.
pub fn salvage(config: &Config, to: &Path) -> Result<String> {
    let dir = embedded(config)?;
    ensure!(!to.exists(), "{} exists; name a new folder with --to", to.display());
    set_private_umask();
    let mut inventory = journal_losses(&dir)?;
    let copy = to.join(COPY_FOLDER);
    {
        let _locked = LogDirectory::open(&dir)?;
        copy_folder(&dir, &copy).with_context(|| format!("copying {} to {}", dir.display(), copy.display()))?;
    }
    journal::keep_whole_batches(&LogDirectory::engine_path_of(&copy)).context("repairing the journal of the copy")?;
    {
        let from = LocalLog::open(&copy, Clock::System, Durability::Buffered)?;
        let mut log = LocalLog::open(&to.join(LOG_FOLDER), Clock::System, Durability::Buffered)?;
        let copied = inventory_of(&from, &mut |topic, record| Ok(log.put_stored(topic, record)?))?;
        inventory.tails = LogEndsFile::of(&config.data).missing_tails(&from)?;
        log.finish_copy()?;
        inventory.readable = copied.readable;
        inventory.lost.extend(copied.lost);
    }
    fs::remove_dir_all(&copy).with_context(|| format!("removing {}", copy.display()))?;
    copy_rest(config, to)?;
    let kept = counted(inventory.readable, "record", "records");
    let lost = if inventory.is_whole() { "No record is known to be lost.\n".to_owned() } else { inventory.report(&dir) };
    let lost = match inventory.tails.is_empty() {
        true => lost,
        false => format!(
            "{lost}The service refuses the new folder while LOG_ENDS in it names these; delete that file to accept the loss.\n"
        ),
    };
    Ok(format!("{}: {kept} kept. {lost}Start the service with --data {}.\n", to.display(), to.display()))
}

/// Removes the expired and outdated records of a log that no process has open, and rewrites its files.
///
/// # Errors
/// When there is no embedded log, another process has it open, or the disk refuses.
pub fn trim(config: &Config, clock: Clock) -> Result<String> {
    let dir = embedded(config)?;
    let now = clock.now();
    let mut log = LocalLog::open(&dir, clock, Durability::Synced)?;
    let before = log.disk_bytes()?;
    let counts = LogTrimmer::default().trim(&mut log, now)?;
    Topic::ALL.into_iter().try_for_each(|topic| log.rewrite(topic))?;
    let expired = counted(counts.expired, "expired record", "expired records");
    let outdated = counted(counts.outdated, "outdated record", "outdated records");
    // The engine frees old files when the log is closed.
    drop(log);
    let after = LogDirectory::open(&dir)?.disk_bytes()?;
    Ok(format!("{}: {expired} and {outdated} removed, {} MB before, {} MB now\n", dir.display(), before / MB, after / MB))
}

/// The folder of the embedded log.
fn embedded(config: &Config) -> Result<PathBuf> {
    if config.kafka.is_some() {
        bail!("the log is on Kafka, whose brokers check their records; name a data folder with an embedded log with --data");
    }
    let dir = config.data.join(LOG_FOLDER);
    ensure!(dir.is_dir(), "{} has no log; name the data folder with --data", config.data.display());
    Ok(dir)
}

/// The records of damaged journals.
fn journal_losses(dir: &Path) -> Result<LogInventory> {
    let locked = LogDirectory::open(dir)?;
    let damage = journal::damage(&locked.engine_path()).with_context(|| format!("reading the journal of {}", dir.display()))?;
    let mut inventory = LogInventory::default();
    for one in damage {
        let legible: Vec<_> = one.records.into_iter().map(|lost| ((lost.topic, lost.partition, lost.offset), lost.key)).collect();
        if legible.is_empty() {
            inventory
                .lost
                .insert((0, 0, 0), format!("{} in {}", counted(one.places as u64, "place", "places"), one.file.display()));
        }
        inventory.lost.extend(legible.into_iter().map(|(place, key)| (place, format!("{key} (journal)"))));
    }
    Ok(inventory)
}

/// Looks at every record. `keep` gets the readable ones.
fn inventory_of(log: &LocalLog, keep: &mut dyn FnMut(Topic, StoredRecord<'_>) -> Result<()>) -> Result<LogInventory> {
    let mut inventory = LogInventory::default();
    for topic in Topic::ALL {
        for partition in log.partitions(topic) {
            for offset in log.start_of(topic, partition)..log.end_of(topic, partition) {
                match log.stored(topic, partition, offset) {
                    // A log that was copied may have gaps.
                    Ok(None) => {}
                    Ok(Some(value)) => match StoredRecord::whole(partition, offset, &value) {
                        Ok(record) => {
                            inventory.readable += 1;
                            keep(topic, record)?;
                        }
                        Err(why) => drop(inventory.lost.insert((topic_number(topic), partition, offset), why)),
                    },
                    Err(error) => {
                        let why = format!("unreadable: {}", stream::log::with_sources(&error));
                        inventory.lost.insert((topic_number(topic), partition, offset), why);
                    }
                }
            }
        }
    }
    Ok(inventory)
}

impl LogInventory {
    fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.tails.is_empty()
    }

    /// The lost records, one a line, and the ranges that are missing at the ends.
    fn report(&self, dir: &Path) -> String {
        let lost = self.lost.len() as u64;
        let mut text = String::new();
        for MissingTail { topic, partition, end, position } in &self.tails {
            let name = topic.name();
            writeln!(text, "{}: {name}, partition {partition}: offsets {end} to {position} are missing", dir.display())
                .expect("a String takes all");
        }
        if lost == 0 {
            return text;
        }
        writeln!(text, "{}: {} damaged:", dir.display(), counted(lost, "record is", "records are")).expect("a String takes all");
        for ((topic, partition, offset), why) in self.lost.iter().take(NAMED_RECORDS) {
            let name = Topic::ALL.into_iter().find(|known| topic_number(*known) == *topic).map_or("journal", Topic::name);
            writeln!(text, "  {name}, partition {partition}, offset {offset}: {why}").expect("a String takes all");
        }
        if self.lost.len() > NAMED_RECORDS {
            writeln!(text, "  and {} more", self.lost.len() - NAMED_RECORDS).expect("a String takes all");
        }
        text
    }
}

/// Copies the keys and the rejected records of a data folder.
fn copy_rest(config: &Config, to: &Path) -> Result<()> {
    if config.keys.starts_with(&config.data) && config.keys.is_file() {
        let name = config.keys.file_name().unwrap_or_default();
        fs::copy(&config.keys, to.join(name)).with_context(|| format!("copying {}", config.keys.display()))?;
    }
    LogEndsFile::copy(&config.data, to).context("copying LOG_ENDS")?;
    let refused = config.data.join(REFUSED);
    if refused.is_dir() {
        copy_folder(&refused, &to.join(REFUSED)).with_context(|| format!("copying {}", refused.display()))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
