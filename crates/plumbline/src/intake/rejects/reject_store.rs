//! The folder of rejected records: encrypted files below the data folder, synced before their source gets an answer.
//!
//! The folder is bounded in bytes and in age. The oldest records are dropped first, counted and logged. Only the process that has
//! the log open changes the folder; every process with the keys may read it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use codec::identity::keys::Keys;
use scorecard::time::calendar::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::config::keys_file::private;
use crate::intake::rejects::reject_groups::RejectGroups;
use crate::intake::rejects::reject_seal::{NONCE_BYTES, RejectSeal};
use crate::intake::rejects::rejected_record::{RejectFilter, RejectedRecord};
use crate::log::log_directory::cure;
use crate::process::limits::{DISK_BLOCK_BYTES, REJECT_RETENTION_DAYS};

const ENDING: &str = "refused";
const DROPPED_FILE: &str = "DROPPED";
/// Age at which a record expires, seconds.
const RETENTION_SECONDS: i64 = REJECT_RETENTION_DAYS * 86_400;

/// Why rejected records cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum RejectStoreError {
    /// The file system rejects an operation.
    #[error("{} cannot be {doing}: {source}; {}", path.display(), cure(source))]
    Io {
        /// The folder or a file in it.
        path: PathBuf,
        /// The failed operation: `created`, `read`, `written`.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A file does not decrypt with the key of this deployment.
    #[error("{} does not decrypt; restore the file or the keys that sealed it, or remove the file", path.display())]
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// The system's random number generator fails.
    #[error("the system's random number generator fails: {source}; rejected records cannot be encrypted")]
    Random {
        /// The system's error.
        #[from]
        source: getrandom::Error,
    },
}

/// Records dropped because the folder was full or they expired, since the folder was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCounts {
    /// Rejected elements that can no longer be retried.
    pub elements: u64,
}

/// A file of the folder: records that arrived together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectFile {
    /// The number of its first record.
    number: u64,
    path: PathBuf,
}

/// The folder of rejected records. Clones share the folder.
#[derive(Clone, Debug)]
pub struct RejectStore {
    dir: PathBuf,
    seal: RejectSeal,
    most_bytes: u64,
    /// Index of the files, built at the first use, so that a check of the limits reads no folder.
    index: Arc<Mutex<Option<FileIndex>>>,
}

/// Files by their number.
#[derive(Debug, Default)]
struct FileIndex {
    files: BTreeMap<u64, IndexedFile>,
    bytes: u64,
}

#[derive(Debug)]
struct IndexedFile {
    /// Bytes on disk.
    bytes: u64,
    /// Its groups; unknown until the file is written or first listed.
    groups: Option<Arc<RejectGroups>>,
}

impl FileIndex {
    fn set(&mut self, number: u64, bytes: u64, groups: Option<Arc<RejectGroups>>) {
        let before = self.files.insert(number, IndexedFile { bytes, groups });
        self.bytes = self.bytes + bytes - before.map_or(0, |file| file.bytes);
    }

    fn remove(&mut self, number: u64) {
        self.bytes -= self.files.remove(&number).map_or(0, |file| file.bytes);
    }
}

impl RejectStore {
    /// A folder of at most `most_bytes` bytes; with 0 it stores nothing. It is created at the first write.
    #[must_use]
    pub fn new(dir: &Path, keys: &Keys, most_bytes: usize) -> RejectStore {
        RejectStore { dir: dir.to_owned(), seal: RejectSeal::new(keys), most_bytes: most_bytes as u64, index: Arc::default() }
    }

    /// Whether the store is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.most_bytes > 0
    }

    /// Stores records that arrived together and returns after a sync. A full folder drops its oldest files.
    ///
    /// # Errors
    /// [`RejectStoreError`] when the records are not on disk for certain.
    pub fn put(&self, records: &[RejectedRecord], now: Timestamp) -> Result<(), RejectStoreError> {
        let Some(first) = records.first().filter(|_| self.is_enabled()) else { return Ok(()) };
        create_private(&self.dir).map_err(self.failed("created"))?;
        let mut file = self.file(first.position);
        while file.path.exists() {
            file = self.file(file.number + 1);
        }
        self.write(&file, records)?;
        self.trim(now)
    }

    /// The files, oldest first.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`] when the folder cannot be read. An absent folder is empty.
    pub fn files(&self) -> Result<Vec<RejectFile>, RejectStoreError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("read")(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(self.failed("read"))?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            if let Some(number) = number.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) {
                files.push(RejectFile { number, path });
            }
        }
        files.sort();
        Ok(files)
    }

    /// The records of a file; none if the file was removed meanwhile.
    ///
    /// # Errors
    /// [`RejectStoreError::Sealed`] when it does not decrypt, [`RejectStoreError::Io`] when it cannot be read.
    pub fn read(&self, file: &RejectFile) -> Result<Vec<RejectedRecord>, RejectStoreError> {
        let sealed = match fs::read(&file.path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RejectStoreError::Io { path: file.path.clone(), doing: "read", source }),
        };
        self.seal.open(&sealed).ok_or_else(|| RejectStoreError::Sealed { path: file.path.clone() })
    }

    /// Replaces the records of a file; without records it removes the file.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`]; then the file is unchanged.
    pub fn replace(&self, file: &RejectFile, records: &[RejectedRecord]) -> Result<(), RejectStoreError> {
        // An expired file was removed while its records were retried.
        if !file.path.exists() {
            return Ok(());
        }
        if !records.is_empty() {
            return self.write(file, records);
        }
        self.remove(file)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(self.failed("written"))
    }

    /// The groups of all records that the filter selects. A file is read once and its groups are kept. Files that do not decrypt are
    /// left out.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`].
    pub fn groups(&self, filter: &RejectFilter) -> Result<RejectGroups, RejectStoreError> {
        let unread = |index: &mut FileIndex| -> Vec<u64> {
            index.files.iter().filter(|(_, file)| file.groups.is_none()).map(|(number, _)| *number).collect()
        };
        for number in self.with_index(unread)? {
            let groups = match self.read(&self.file(number)) {
                Ok(records) => RejectGroups::of(&records),
                Err(RejectStoreError::Sealed { .. }) => RejectGroups::default(),
                Err(error) => return Err(error),
            };
            self.with_index(|index| {
                if let Some(file) = index.files.get_mut(&number) {
                    file.groups.get_or_insert_with(|| Arc::new(groups));
                }
            })?;
        }
        let known = |index: &mut FileIndex| -> Vec<Arc<RejectGroups>> {
            index.files.values().filter_map(|file| file.groups.clone()).collect()
        };
        let mut all = RejectGroups::default();
        self.with_index(known)?.iter().for_each(|groups| all.add(groups, filter));
        Ok(all)
    }

    /// Removes expired files, then the oldest ones until the rest fits.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`].
    pub fn trim(&self, now: Timestamp) -> Result<(), RejectStoreError> {
        let oldest = u64::try_from(now.plus_seconds(-RETENTION_SECONDS).0).unwrap_or(0).saturating_mul(1_000);
        let mut dropped = 0;
        while let Some(file) = self.with_index(|index| {
            let number = *index.files.keys().next()?;
            (index.bytes > self.most_bytes || number < oldest).then(|| self.file(number))
        })? {
            dropped += self.read(&file).map_or(1, |records| records.iter().map(|record| record.elements.len() as u64).sum());
            self.remove(&file)?;
        }
        if dropped > 0 { self.count(dropped) } else { Ok(()) }
    }

    /// Calls `then` with the index of the files. No code panics with the lock, so a poisoned index is still complete.
    fn with_index<T>(&self, then: impl FnOnce(&mut FileIndex) -> T) -> Result<T, RejectStoreError> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let index = match &mut *index {
            Some(index) => index,
            absent => {
                let mut found = FileIndex::default();
                for file in self.files()? {
                    found.set(file.number, disk_bytes(fs::metadata(&file.path).map_or(0, |metadata| metadata.len())), None);
                }
                absent.insert(found)
            }
        };
        Ok(then(index))
    }

    /// Removes a file. A file that is already gone is not an error.
    fn remove(&self, file: &RejectFile) -> Result<(), RejectStoreError> {
        match fs::remove_file(&file.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed("written")(error)),
            _ => {}
        }
        self.with_index(|index| index.remove(file.number))
    }

    fn count(&self, dropped: u64) -> Result<(), RejectStoreError> {
        let elements = self.dropped().elements + dropped;
        warn!(dropped, total = elements, "rejected records dropped: the store is full or they expired");
        let text = serde_json::to_string(&DropCounts { elements }).expect("a number serializes");
        fs::write(self.dir.join(DROPPED_FILE), text).map_err(self.failed("written"))
    }

    /// Records dropped so far.
    #[must_use]
    pub fn dropped(&self) -> DropCounts {
        let text = fs::read_to_string(self.dir.join(DROPPED_FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn file(&self, number: u64) -> RejectFile {
        RejectFile { number, path: self.dir.join(format!("{number:020}.{ENDING}")) }
    }

    /// Writes a file atomically, readable by its owner alone.
    fn write(&self, file: &RejectFile, records: &[RejectedRecord]) -> Result<(), RejectStoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let sealed = self.seal.seal(records, nonce);
        let temporary = file.path.with_extension("new");
        let write = || {
            let mut new = private().open(&temporary)?;
            new.write_all(&sealed)?;
            new.sync_all()?;
            fs::rename(&temporary, &file.path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(self.failed("written"))?;
        let groups = Arc::new(RejectGroups::of(records));
        self.with_index(|index| index.set(file.number, disk_bytes(sealed.len() as u64), Some(groups)))
    }

    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> RejectStoreError {
        let path = self.dir.clone();
        move |source| RejectStoreError::Io { path: path.clone(), doing, source }
    }
}

/// Disk space of a file of this length, bytes.
fn disk_bytes(length: u64) -> u64 {
    length.max(DISK_BLOCK_BYTES)
}

#[cfg(unix)]
fn create_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn create_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::rejects::rejected_record::RejectedElement;

    /// A record that arrived at this second, with one rejected element.
    fn record(second: u64, body: &str) -> RejectedRecord {
        let text = |text: &str| text.to_owned();
        let element = RejectedElement {
            ordinal: 0,
            feed: None,
            reason: text("not_json"),
            field: String::new(),
            detail: text("no JSON"),
            excerpt: String::new(),
        };
        let position = second * 1_000_000;
        RejectedRecord {
            position,
            received_at: 5,
            feed: None,
            items: 1,
            elements: vec![element],
            scopes: None,
            counted: Vec::new(),
            body: body.into(),
        }
    }

    fn all(store: &RejectStore) -> Vec<RejectedRecord> {
        store.files().unwrap().iter().flat_map(|file| store.read(file).unwrap()).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000)
    }

    #[test]
    fn stored_records_are_readable_with_the_key_and_with_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("refused");
        let store = RejectStore::new(&folder, &Keys::fixed(), 1 << 20);
        let kept = [record(1, "{\"patient\":\"9434765919\"}"), record(2, "\u{0}\u{ff}")];
        store.put(&kept, at(2)).unwrap();
        store.put(&kept[..1], at(2)).unwrap();
        assert_eq!(all(&store), [&kept[..], &kept[..1]].concat());
        let files = store.files().unwrap();
        let bytes = fs::read(&files[0].path).unwrap();
        assert!(!bytes.windows(7).any(|found| found == b"patient" || found == b"9434765" || found == b"not_jso"));
        let other = RejectStore::new(&folder, &Keys::new([7; 32], Vec::new()), 1 << 20);
        assert!(matches!(other.read(&files[0]), Err(RejectStoreError::Sealed { .. })));
        fs::write(&files[0].path, [&bytes[..bytes.len() - 1], b"x"].concat()).unwrap();
        assert!(matches!(store.read(&files[0]), Err(RejectStoreError::Sealed { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_folder_and_files() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("refused");
        let store = RejectStore::new(&folder, &Keys::fixed(), 1 << 20);
        store.put(&[record(1, "x")], at(1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&store.files().unwrap()[0].path)), (0o700, 0o600));
    }

    #[test]
    fn a_full_folder_drops_its_oldest_files_and_counts_them() {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(dir.path(), &Keys::fixed(), 3 * 4_096);
        for second in 1..=5 {
            store.put(&[record(second, "x")], at(5)).unwrap();
        }
        let kept: Vec<u64> = all(&store).iter().map(|record| record.position / 1_000_000).collect();
        assert_eq!((kept, store.dropped()), (vec![3, 4, 5], DropCounts { elements: 2 }));
        store.put(&[record(6, &"x".repeat(20_000))], at(6)).unwrap();
        assert_eq!((all(&store), store.dropped()), (Vec::new(), DropCounts { elements: 6 }));
    }

    #[test]
    fn records_expire_after_thirty_days_and_a_store_of_zero_bytes_stores_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(dir.path(), &Keys::fixed(), 1 << 20);
        store.put(&[record(1_000, "x")], at(1_000)).unwrap();
        store.put(&[record(2_000, "x")], at(2_000)).unwrap();
        store.trim(at(1_500 + RETENTION_SECONDS)).unwrap();
        assert_eq!((all(&store).len(), store.dropped()), (1, DropCounts { elements: 1 }));
        let nowhere = dir.path().join("none");
        RejectStore::new(&nowhere, &Keys::fixed(), 0).put(&[record(1, "x")], at(1)).unwrap();
        assert!(!nowhere.exists());
    }

    #[test]
    fn groups_are_read_once_and_follow_every_change() {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(dir.path(), &Keys::fixed(), 1 << 20);
        store.put(&[record(1, "a"), record(1, "b")], at(1)).unwrap();
        store.put(&[record(2, "c")], at(2)).unwrap();
        let count = |store: &RejectStore| {
            store.groups(&RejectFilter::default()).unwrap().iter().map(|(_, group)| group.count).sum::<u64>()
        };
        // Another process counts what it finds, and keeps it: a file that is damaged later still counts.
        let other = RejectStore::new(dir.path(), &Keys::fixed(), 1 << 20);
        assert_eq!((count(&store), count(&other)), (3, 3));
        let files = store.files().unwrap();
        fs::write(&files[1].path, "damaged").unwrap();
        assert_eq!((count(&store), count(&other)), (3, 3));
        store.replace(&files[0], &[record(1, "b")]).unwrap();
        assert_eq!(count(&store), 2);
        store.trim(at(10 + RETENTION_SECONDS)).unwrap();
        assert_eq!(count(&store), 0);
        let filter = RejectFilter { reason: Some("not_utf8".to_owned()), ..RejectFilter::default() };
        assert_eq!(other.groups(&filter).unwrap().iter().count(), 0);
    }

    #[test]
    fn a_file_shrinks_to_its_remaining_records_and_is_removed_with_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(dir.path(), &Keys::fixed(), 1 << 20);
        store.put(&[record(1, "a"), record(1, "b")], at(1)).unwrap();
        let file = store.files().unwrap().remove(0);
        store.replace(&file, &[record(1, "b")]).unwrap();
        assert_eq!(all(&store), [record(1, "b")]);
        store.replace(&file, &[]).unwrap();
        assert_eq!(store.files().unwrap(), []);
    }
}
