//! A folder of backups, locked: its manifest, its segments, and the copies of rejected records and keys.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::deployment::backup::backup_manifest::{BackupError, BackupManifest, FORMAT, NAME, SegmentEntry};
use crate::deployment::backup::segment::examined;
use crate::log::lock_file::{LockError, LockFile};

const LOCK: &str = "LOCK";
/// The end of the names of segments.
const SEGMENT: &str = "segment";

/// An open folder.
#[derive(Debug)]
pub(crate) struct BackupFolder {
    pub dir: PathBuf,
    pub manifest: BackupManifest,
    _lock: LockFile,
}

impl BackupFolder {
    /// Opens a folder to add to it, or creates it. Removes what an unfinished backup left.
    ///
    /// # Errors
    /// [`BackupError`], and the file system's.
    pub fn open(dir: &Path) -> Result<BackupFolder> {
        fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
        let is_ours = |name: &str| name == LOCK || name == NAME || name == "BACKUP.new" || name.ends_with(SEGMENT);
        let manifest = BackupManifest::read(dir)?;
        if manifest.is_none() && !names(dir)?.iter().all(|name| is_ours(name)) {
            return Err(BackupError::Foreign { dir: dir.to_owned() }.into());
        }
        let lock = lock(dir)?;
        // Another backup may have ended between the two.
        let manifest =
            BackupManifest::read(dir)?.unwrap_or_else(|| BackupManifest { format: FORMAT, ..BackupManifest::default() });
        for name in names(dir)?.iter().filter(|name| name.ends_with(SEGMENT)) {
            if !manifest.segments.iter().any(|segment| segment.file == *name) {
                fs::remove_file(dir.join(name)).with_context(|| format!("removing the unfinished {name}"))?;
            }
        }
        let folder = BackupFolder { dir: dir.to_owned(), manifest, _lock: lock };
        folder.check_sizes()?;
        Ok(folder)
    }

    /// Opens a finished backup to read it, and examines every byte of it.
    ///
    /// # Errors
    /// [`BackupError`], and the file system's.
    pub fn finished(dir: &Path) -> Result<BackupFolder> {
        let absent = || BackupError::Absent { dir: dir.to_owned() };
        BackupManifest::read(dir)?.ok_or_else(absent)?;
        let lock = lock(dir)?;
        let manifest = BackupManifest::read(dir)?.ok_or_else(absent)?;
        let folder = BackupFolder { dir: dir.to_owned(), manifest, _lock: lock };
        folder.check_sizes()?;
        for segment in &folder.manifest.segments {
            let file = folder.file(segment);
            if examined(&file)?.1 != segment.xxh3 {
                return Err(BackupError::Damaged { file, what: "its hash is not that of BACKUP".to_owned() }.into());
            }
        }
        Ok(folder)
    }

    /// The file of a segment.
    pub fn file(&self, segment: &SegmentEntry) -> PathBuf {
        self.dir.join(&segment.file)
    }

    /// The name of the next segment.
    pub fn next_name(&self) -> String {
        format!("{:06}.{SEGMENT}", self.manifest.segments.len() + 1)
    }

    fn check_sizes(&self) -> Result<()> {
        for segment in &self.manifest.segments {
            let file = self.file(segment);
            let bytes = fs::metadata(&file).map(|found| found.len()).unwrap_or(0);
            if bytes != segment.bytes {
                let what = format!("it has {bytes} bytes, and BACKUP says {}", segment.bytes);
                return Err(BackupError::Damaged { file, what }.into());
            }
        }
        Ok(())
    }
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn lock(dir: &Path) -> Result<LockFile> {
    LockFile::acquire(&dir.join(LOCK)).map_err(|error| match error {
        LockError::Held { pid } => BackupError::InUse { dir: dir.to_owned(), pid }.into(),
        LockError::Io(source) => anyhow::Error::new(source).context(format!("locking {}", dir.display())),
    })
}
