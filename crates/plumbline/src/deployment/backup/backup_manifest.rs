//! The file `BACKUP` of a backup folder: it names the log and every segment. A segment that it does not name was never finished.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// The name of the file.
pub(crate) const NAME: &str = "BACKUP";
/// The format of folder, manifest and segments.
pub(crate) const FORMAT: u32 = 1;

/// The content of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackupManifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of Plumbline that wrote it last.
    pub version: String,
    /// XXH3-128 of the first record of the log's registry. Two logs never share it.
    pub log: String,
    /// The segments, oldest first.
    pub segments: Vec<SegmentEntry>,
    /// The partitions after the last segment, in order of topic and partition.
    pub partitions: Vec<PartitionEntry>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentEntry {
    /// The name of its file.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// XXH3-128 of the file.
    pub xxh3: String,
    /// Its records.
    pub records: u64,
    /// The time at which the log's ends were read.
    pub taken: String,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartitionEntry {
    /// The topic.
    pub topic: String,
    /// Its number.
    pub partition: u32,
    /// One past the last record.
    pub end: u64,
    /// XXH3-128 of the stored value of the last record.
    pub last: String,
}

/// Why a backup folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder holds other files.
    #[error("{} holds files but no backup of Plumbline's; name an empty or a new folder", dir.display())]
    Foreign {
        /// The folder.
        dir: PathBuf,
    },
    /// There is no backup.
    #[error("{} has no finished backup; name the folder of `plumbline backup`", dir.display())]
    Absent {
        /// The folder.
        dir: PathBuf,
    },
    /// A file of the folder is not as it was written.
    #[error("{} is damaged: {what}; use another copy of the backup", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The damage.
        what: String,
    },
    /// A later version wrote the folder.
    #[error(
        "{} has the format {format}, written by version {version}, and this version reads formats up to {FORMAT}; use that version or a \
         later one",
        dir.display()
    )]
    Newer {
        /// The folder.
        dir: PathBuf,
        /// Its format.
        format: u32,
        /// The version that wrote it.
        version: String,
    },
    /// The folder is a backup of another log.
    #[error("{} is the backup of another log; name an empty or a new folder", dir.display())]
    OtherLog {
        /// The folder.
        dir: PathBuf,
    },
    /// The log is not a continuation of the backup.
    #[error(
        "{}: partition {partition} of {topic} has other records than the backup before offset {end}: the log was restored from an older \
         copy; name an empty or a new folder",
        dir.display()
    )]
    Diverged {
        /// The folder.
        dir: PathBuf,
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// The end of the partition in the backup.
        end: u64,
    },
    /// Another backup writes into the folder.
    #[error("process {pid} writes into {}; wait until it is done", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The process.
        pid: String,
    },
}

/// The hash of files and values, as text.
pub(crate) fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

impl BackupManifest {
    /// Reads the manifest of a folder; `None` where there is none.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] and [`BackupError::Newer`].
    pub fn read(dir: &Path) -> anyhow::Result<Option<BackupManifest>> {
        let file = dir.join(NAME);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            read => read?,
        };
        let damaged = |what: &str| BackupError::Damaged { file: file.clone(), what: what.to_owned() };
        let (body, check) = text.trim_end().rsplit_once('\n').ok_or_else(|| damaged("it is cut off"))?;
        if hash(body.as_bytes()) != check {
            return Err(damaged("its check does not agree").into());
        }
        // A later format may have other fields.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
            version: String,
        }
        let head: Head = serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?;
        if head.format > FORMAT {
            return Err(BackupError::Newer { dir: dir.to_owned(), format: head.format, version: head.version }.into());
        }
        Ok(Some(serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?))
    }

    /// Writes the manifest. A crash leaves the old one or the new one.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let body = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        let new = dir.join("BACKUP.new");
        let mut file = File::create(&new)?;
        writeln!(file, "{body}\n{}", hash(body.as_bytes()))?;
        file.sync_all()?;
        fs::rename(&new, dir.join(NAME))?;
        File::open(dir)?.sync_all()
    }

    /// The records of all segments.
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.records).sum()
    }
}
