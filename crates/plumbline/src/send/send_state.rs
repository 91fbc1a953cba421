//! The state of a sender: how many records of each file the target has answered. The same command reads it and goes on behind them.
//!
//! The file is written at most once a second. After a crash some records are sent again, and each event counts once.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::process::limits::SEND_STATE_INTERVAL;
use crate::send::send_summary::SendSummary;

/// Beginning of the file's name; the hash of the command follows. A folder that is sent skips hidden files.
const NAME: &str = ".plumbline-send";

/// The progress of one command.
#[derive(Debug)]
pub(crate) struct SendState {
    /// None for a sender that keeps none, such as one of standard input.
    path: Option<PathBuf>,
    content: StateContent,
    written: Option<Instant>,
    is_changed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct StateContent {
    /// The command that the numbers belong to: its target, feed, map and paths.
    command: String,
    files: BTreeMap<String, FileProgress>,
    summary: SendSummary,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct FileProgress {
    /// Bytes and time of change, or the like: another stamp is another file.
    stamp: String,
    /// Records that the target answered.
    records: u64,
    /// Whether these are all.
    #[serde(default)]
    is_complete: bool,
}

impl SendState {
    /// No state: nothing is kept.
    pub(crate) fn none() -> SendState {
        SendState { path: None, content: StateContent::default(), written: None, is_changed: false }
    }

    /// The state of a command in this folder. A file of another command or another form is ignored.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub(crate) fn open(folder: &Path, command: String) -> Result<SendState> {
        let path = folder.join(format!("{NAME}-{:08x}.json", xxh3_128(command.as_bytes()) & 0xffff_ffff));
        let content = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<StateContent>(&bytes).ok().filter(|content| content.command == command),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("reading the state {}", path.display())),
        };
        let content = content.unwrap_or_else(|| StateContent { command, ..StateContent::default() });
        Ok(SendState { path: Some(path), content, written: None, is_changed: false })
    }

    /// The command that the state belongs to.
    pub(crate) fn command(&self) -> &str {
        &self.content.command
    }

    /// The counts of earlier runs of this command.
    pub(crate) fn summary(&self) -> SendSummary {
        self.content.summary.clone()
    }

    /// Whether an earlier run has sent something.
    pub(crate) fn is_resumed(&self) -> bool {
        !self.content.files.is_empty()
    }

    /// Records of a file that the target has answered. A changed file begins at 0.
    pub(crate) fn records(&self, file: &str, stamp: &str) -> u64 {
        self.content.files.get(file).filter(|progress| progress.stamp == stamp).map_or(0, |progress| progress.records)
    }

    /// Whether a file is complete.
    pub(crate) fn is_complete(&self, file: &str, stamp: &str) -> bool {
        self.content.files.get(file).is_some_and(|progress| progress.is_complete && progress.stamp == stamp)
    }

    /// Notes that this many records of a file are answered.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn answered(
        &mut self,
        (file, stamp): (&str, &str),
        records: u64,
        is_complete: bool,
        summary: &SendSummary,
    ) -> Result<()> {
        let progress = FileProgress { stamp: stamp.to_owned(), records, is_complete };
        self.content.files.insert(file.to_owned(), progress);
        self.content.summary = summary.clone();
        self.is_changed = true;
        if self.written.is_none_or(|written| written.elapsed() >= SEND_STATE_INTERVAL) { self.write() } else { Ok(()) }
    }

    /// Writes what has changed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&mut self) -> Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.is_changed) else { return Ok(()) };
        let text = serde_json::to_vec(&self.content).expect("texts and numbers serialize");
        let unfinished = path.with_extension("part");
        let write = || fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, path));
        write().with_context(|| format!("writing the state {}; name another folder with --state", path.display()))?;
        self.written = Some(Instant::now());
        self.is_changed = false;
        Ok(())
    }

    /// Removes the state of a finished command.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub(crate) fn remove(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing the state {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Bytes and time of change of a file.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn stamp(path: &Path) -> io::Result<String> {
    let found = fs::metadata(path)?;
    let changed = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} bytes, changed at {}", found.len(), changed.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_goes_on_and_another_command_or_file_begins() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = SendState::open(dir.path(), "a".to_owned()).unwrap();
        assert!(!state.is_resumed());
        let summary = SendSummary { received: 7, ..SendSummary::default() };
        state.answered(("f", "1"), 7, false, &summary).unwrap();
        state.answered(("g", "1"), 2, true, &summary).unwrap();
        state.write().unwrap();
        let again = SendState::open(dir.path(), "a".to_owned()).unwrap();
        assert_eq!((again.records("f", "1"), again.records("f", "2"), again.summary().received), (7, 0, 7));
        assert!(again.is_complete("g", "1") && !again.is_complete("g", "2") && !again.is_complete("f", "1"));
        assert!(!SendState::open(dir.path(), "b".to_owned()).unwrap().is_resumed());
        again.remove().unwrap();
        assert!(!SendState::open(dir.path(), "a".to_owned()).unwrap().is_resumed());
    }

    #[test]
    fn a_damaged_state_begins_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = SendState::open(dir.path(), "a".to_owned()).unwrap();
        state.answered(("f", "1"), 7, false, &SendSummary::default()).unwrap();
        let file = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
        fs::write(&file, "{\"command\":\"a\",").unwrap();
        assert_eq!(SendState::open(dir.path(), "a".to_owned()).unwrap().records("f", "1"), 0);
    }
}
