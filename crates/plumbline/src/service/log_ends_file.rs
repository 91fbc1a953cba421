//! The file `LOG_ENDS` in the data folder: the ends of the embedded log a few seconds ago.
//!
//! An older copy of the folder `log` holds older cards along with older events, so nothing inside of it tells that it is old. The file
//! next to it does.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use stream::log::{LogError, Topic};
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

/// The last records of a partition, which the log held and does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingTail {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: u32,
    /// The end of the partition now: the first offset that is missing.
    pub end: u64,
    /// The last offset that is missing.
    pub position: u64,
}

impl LogEndsFile {
    /// The file in this data folder.
    #[must_use]
    pub fn of(data: &Path) -> LogEndsFile {
        LogEndsFile { path: data.join(NAME), text: String::new() }
    }

    /// The file next to the folder of this log.
    #[must_use]
    pub fn next_to(log: &LocalLog) -> LogEndsFile {
        LogEndsFile::of(log.path().parent().unwrap_or(Path::new(".")))
    }

    /// Checks that the log does not end before the noted ends.
    ///
    /// # Errors
    /// [`LogLoss::End`], and when the file cannot be read.
    pub fn check(&self, log: &LocalLog) -> Result<()> {
        match self.missing_tails(log)?.first() {
            Some(MissingTail { topic, partition, end, position }) => {
                let (topic, reliance) = (topic.name(), Reliance::Folder);
                let loss = LogLoss::End { topic, partition: *partition, end: *end, position: *position, reliance };
                Err(LogError::from(loss).into())
            }
            None => Ok(()),
        }
    }

    /// The partitions of this log that end before the noted ends.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn missing_tails(&self, log: &LocalLog) -> Result<Vec<MissingTail>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.with_context(|| format!("reading {}", self.path.display()))?,
        };
        let mut missing = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let malformed = || format!("{} has the malformed line {line:?}; delete the file", self.path.display());
            let (topic, partition, noted) = parsed(line).with_context(malformed)?;
            let end = log.end_of(topic, partition);
            if let Some(position) = noted.checked_sub(1).filter(|last| end <= *last) {
                missing.push(MissingTail { topic, partition, end, position });
            }
        }
        Ok(missing)
    }

    /// Copies the file of one data folder into another.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
        match fs::copy(from.join(NAME), to.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            copied => copied.map(drop),
        }
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
