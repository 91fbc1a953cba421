//! The file `LOG_ENDS` in the data folder: the ends of the embedded log a few seconds ago.
//!
//! An older copy of the folder `log` holds older cards along with older events, so nothing inside of it tells that it is old. The file
//! next to it does.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stream::log::{Log, LogError, Topic};
use stream::log_loss::{LogLoss, Reliance};

use crate::log::local_log::LocalLog;

/// The name of the file.
const NAME: &str = "LOG_ENDS";
/// The topics whose ends are noted.
const NOTED: [Topic; 3] = [Topic::Events, Topic::Registry, Topic::Runs];

/// The file, and the ends that it holds.
#[derive(Debug)]
pub struct LogEndsFile {
    path: PathBuf,
    text: String,
}

impl LogEndsFile {
    /// The file next to the folder of this log.
    #[must_use]
    pub fn next_to(log: &LocalLog) -> LogEndsFile {
        LogEndsFile { path: log.path().parent().unwrap_or(Path::new(".")).join(NAME), text: String::new() }
    }

    /// Checks that the log does not end before the noted ends.
    ///
    /// # Errors
    /// [`LogLoss::End`], and when the file cannot be read.
    pub fn check(&self, log: &mut LocalLog) -> Result<()> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read.with_context(|| format!("reading {}", self.path.display()))?,
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let malformed = || format!("{} has the malformed line {line:?}; delete the file", self.path.display());
            let (topic, partition, noted) = parsed(line).with_context(malformed)?;
            let end = log.bounds(topic, partition)?.end;
            if let Some(position) = noted.checked_sub(1).filter(|last| end <= *last) {
                let reliance = Reliance::Folder;
                return Err(LogError::from(LogLoss::End { topic: topic.name(), partition, end, position, reliance }).into());
            }
        }
        Ok(())
    }

    /// Notes the present ends, if they differ from the noted ones. A crash leaves the old file or the new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&mut self, log: &LocalLog) -> io::Result<()> {
        let mut text =
            "# Ends of the log: topic, partition, offset. `plumbline run` refuses a log that ends before them.\n".to_owned();
        for topic in NOTED {
            for partition in log.partitions(topic) {
                text += &format!("{} {partition} {}\n", topic.name(), log.end_of(topic, partition));
            }
        }
        if text == self.text {
            return Ok(());
        }
        let new = self.path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.text = text;
        Ok(())
    }
}

fn parsed(line: &str) -> Option<(Topic, u32, u64)> {
    let [topic, partition, end] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let topic = NOTED.into_iter().find(|one| one.name() == topic)?;
    Some((topic, partition.parse().ok()?, end.parse().ok()?))
}
