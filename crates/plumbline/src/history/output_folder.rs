//! The folder that `replay` and `demo` write into: only ever one of their own, or a new one.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use crate::log::lock_file::{LockError, LockFile};
use crate::log::log_directory::cure;

/// Where the local log lies inside the folder while it is written.
const LOG: &str = "log";
/// Made first: says that everything beside it may be replaced. Locked while a run writes.
const MARKER: &str = ".plumbline";
/// Files that these commands write.
const FILES: [&str; 7] = [
    "scorecards.ndjson",
    "clinician-months.ndjson",
    "peer-groups.ndjson",
    "rejects.ndjson",
    "runs.ndjson",
    "card.txt",
    "summary.json",
];

/// Why a folder cannot be written into.
#[derive(Debug, thiserror::Error)]
pub enum OutputFolderError {
    /// Somebody else's files are there.
    #[error("{} holds {found}, which no replay wrote; name an empty or a new folder with --out", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
        /// The first file that is not ours, by name.
        found: String,
    },
    /// Another run writes there.
    #[error("process {pid} is writing into {}; let it end, or name another folder with --out", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// Id of the process.
        pid: String,
    },
    /// The file system refuses.
    #[error("{} cannot be {doing}: {source}; {}", path.display(), cure(source))]
    Io {
        /// The folder or a file in it.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// A folder that holds nothing but what this run writes.
#[derive(Debug)]
pub struct OutputFolder {
    dir: PathBuf,
    _lock: LockFile,
}

impl OutputFolder {
    /// Makes the folder, or empties it of what an earlier run left.
    ///
    /// # Errors
    /// [`OutputFolderError::Foreign`] when anything else is in it, [`OutputFolderError::InUse`] when another run writes there: then
    /// nothing was touched.
    pub fn make(dir: &Path) -> Result<OutputFolder, OutputFolderError> {
        fs::create_dir_all(dir).map_err(io_error(dir, "made"))?;
        if let Some(found) = foreign(dir).map_err(io_error(dir, "read"))? {
            return Err(OutputFolderError::Foreign { dir: dir.to_owned(), found });
        }
        let lock = LockFile::acquire(&dir.join(MARKER)).map_err(|error| match error {
            LockError::Held { pid } => OutputFolderError::InUse { dir: dir.to_owned(), pid },
            LockError::Io(source) => io_error(dir, "written")(source),
        })?;
        let folder = OutputFolder { dir: dir.to_owned(), _lock: lock };
        folder.clear()?;
        Ok(folder)
    }

    fn clear(&self) -> Result<(), OutputFolderError> {
        for file in FILES {
            remove(&self.dir.join(file), fs::remove_file(self.dir.join(file)))?;
        }
        self.remove_log()
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Where the local log belongs.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// A new file, one of the names that the folder knows.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when it cannot be made.
    pub fn create(&self, name: &str) -> Result<BufWriter<File>, OutputFolderError> {
        debug_assert!(FILES.contains(&name), "{name} would be foreign to the next run");
        let path = self.dir.join(name);
        let file = File::create(&path).map_err(io_error(&path, "written"))?;
        Ok(BufWriter::with_capacity(1 << 16, file))
    }

    /// Ends a run: the local log goes, and what a run that failed had written goes with it.
    ///
    /// # Errors
    /// [`OutputFolderError::Io`] when something cannot be removed.
    pub fn finish<T, E>(&self, result: &Result<T, E>) -> Result<(), OutputFolderError> {
        if result.is_ok() { self.remove_log() } else { self.clear() }
    }

    fn remove_log(&self) -> Result<(), OutputFolderError> {
        remove(&self.log(), fs::remove_dir_all(self.log()))
    }
}

/// The first thing in it that no run of ours can have left.
fn foreign(dir: &Path) -> io::Result<Option<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let marked = names.iter().any(|name| name == MARKER);
    let ours = |name: &str| marked && (name == MARKER || name == LOG || FILES.contains(&name));
    Ok(names.into_iter().find(|name| !ours(name)))
}

fn io_error(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> OutputFolderError {
    let path = path.to_owned();
    move |source| OutputFolderError::Io { path, doing, source }
}

/// That there was nothing to remove is as good.
fn remove(path: &Path, result: io::Result<()>) -> Result<(), OutputFolderError> {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(path, "removed")(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_earlier_run_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("new/out");
        let first = OutputFolder::make(&out).unwrap();
        first.create("summary.json").unwrap().write_all(b"{}").unwrap();
        fs::create_dir_all(first.log().join("records")).unwrap();
        drop(first);
        let _second = OutputFolder::make(&out).unwrap();
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "only the marker is left");
    }

    #[test]
    fn a_run_that_is_writing_is_not_disturbed() {
        let dir = tempfile::tempdir().unwrap();
        let first = OutputFolder::make(dir.path()).unwrap();
        first.create("runs.ndjson").unwrap().write_all(b"{}").unwrap();
        let refused = OutputFolder::make(dir.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        assert_eq!(fs::read(dir.path().join("runs.ndjson")).unwrap(), b"{}");
    }

    #[test]
    fn files_of_others_are_never_touched_even_under_our_names() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("summary.json"), "mine").unwrap();
        let refused = OutputFolder::make(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("summary.json") && refused.contains("--out"), "{refused}");
        assert_eq!(fs::read_to_string(dir.path().join("summary.json")).unwrap(), "mine");
        let mixed = tempfile::tempdir().unwrap();
        drop(OutputFolder::make(mixed.path()).unwrap());
        fs::write(mixed.path().join("letter.txt"), "mine").unwrap();
        assert!(matches!(OutputFolder::make(mixed.path()), Err(OutputFolderError::Foreign { .. })));
    }
}
