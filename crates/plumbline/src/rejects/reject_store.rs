//! Where raw records wait of which something was refused: files below the data folder, sealed with a key of the deployment, written
//! and synced before their source is answered.
//!
//! The folder is bounded in bytes and in age. The oldest records go first, which is counted and said. Only the process that has the
//! log open changes it; anybody with the keys may read it meanwhile.

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
use crate::log::log_directory::cure;
use crate::rejects::reject_seal::{NONCE_BYTES, RejectSeal};
use crate::rejects::rejected_record::RejectedRecord;

const ENDING: &str = "refused";
const DROPPED_FILE: &str = "DROPPED";
/// A file takes at least this much of a disk.
const BLOCK_BYTES: u64 = 4_096;
/// As long as the topic of rejects keeps what it says of them.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// Why refused records cannot be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum RejectStoreError {
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
    /// A file does not open with the key of this deployment.
    #[error("{} does not open; restore it or the keys that it was sealed with, or remove it", path.display())]
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("no random number is to be had: {0}")]
    Random(String),
}

/// What had to go for want of room, or for its age, since the folder was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCounts {
    /// Elements that nobody can retry any more.
    pub elements: u64,
}

/// A file of the folder: some records that came in together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectFile {
    /// The number of its first record.
    number: u64,
    path: PathBuf,
}

/// The folder of refused records. Clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct RejectStore {
    dir: PathBuf,
    seal: RejectSeal,
    most_bytes: u64,
    /// What the folder holds, once it was looked through: to know what must go costs no look at every file each time.
    held: Arc<Mutex<Option<FileIndex>>>,
}

/// Files by their number, with the bytes that they take.
#[derive(Debug, Default)]
struct FileIndex {
    files: BTreeMap<u64, u64>,
    bytes: u64,
}

impl FileIndex {
    fn set(&mut self, number: u64, bytes: u64) {
        self.bytes = self.bytes + bytes - self.files.insert(number, bytes).unwrap_or(0);
    }

    fn remove(&mut self, number: u64) {
        self.bytes -= self.files.remove(&number).unwrap_or(0);
    }
}

impl RejectStore {
    /// The folder of this deployment, which may hold so many bytes; with 0 nothing is kept. It is made when it is needed.
    #[must_use]
    pub fn new(dir: &Path, keys: &Keys, most_bytes: usize) -> RejectStore {
        RejectStore { dir: dir.to_owned(), seal: RejectSeal::new(keys), most_bytes: most_bytes as u64, held: Arc::default() }
    }

    /// Whether anything is kept at all.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.most_bytes > 0
    }

    /// Keeps records that came in together; returns once they are on the disk. The oldest go where there is no room.
    ///
    /// # Errors
    /// [`RejectStoreError`] when they are not on the disk for certain.
    pub fn put(&self, records: &[RejectedRecord], now: Timestamp) -> Result<(), RejectStoreError> {
        let Some(first) = records.first().filter(|_| self.keeps()) else { return Ok(()) };
        make_private(&self.dir).map_err(self.failed("made"))?;
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
    /// [`RejectStoreError::Io`] when the folder cannot be read; one that is not there holds nothing.
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

    /// The records of a file; none where it has gone meanwhile.
    ///
    /// # Errors
    /// [`RejectStoreError::Sealed`] when it does not open, [`RejectStoreError::Io`] when it cannot be read.
    pub fn read(&self, file: &RejectFile) -> Result<Vec<RejectedRecord>, RejectStoreError> {
        let sealed = match fs::read(&file.path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RejectStoreError::Io { path: file.path.clone(), doing: "read", source }),
        };
        self.seal.open(&sealed).ok_or_else(|| RejectStoreError::Sealed { path: file.path.clone() })
    }

    /// Puts other records in the place of a file's; without any the file goes.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`]; then the file is as it was.
    pub fn replace(&self, file: &RejectFile, records: &[RejectedRecord]) -> Result<(), RejectStoreError> {
        if !records.is_empty() {
            return self.write(file, records);
        }
        self.remove(file)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(self.failed("written"))
    }

    /// Removes what is too old, and the oldest until the rest has room.
    ///
    /// # Errors
    /// [`RejectStoreError::Io`].
    pub fn trim(&self, now: Timestamp) -> Result<(), RejectStoreError> {
        let oldest = u64::try_from(now.plus_seconds(-KEPT_SECONDS).0).unwrap_or(0).saturating_mul(1_000);
        let mut dropped = 0;
        while let Some(file) = self.held(|held| {
            let number = *held.files.keys().next()?;
            (held.bytes > self.most_bytes || number < oldest).then(|| self.file(number))
        })? {
            dropped += self.read(&file).map_or(1, |records| records.iter().map(|record| record.elements.len() as u64).sum());
            self.remove(&file)?;
        }
        if dropped > 0 { self.count(dropped) } else { Ok(()) }
    }

    /// What the folder holds. Nothing panics while it has it; what a panic elsewhere left is whole.
    fn held<T>(&self, then: impl FnOnce(&mut FileIndex) -> T) -> Result<T, RejectStoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = match &mut *held {
            Some(held) => held,
            unknown => {
                let mut found = FileIndex::default();
                for file in self.files()? {
                    found.set(file.number, taken(fs::metadata(&file.path).map_or(0, |found| found.len())));
                }
                unknown.insert(found)
            }
        };
        Ok(then(held))
    }

    /// Whoever removed it before did what was wanted.
    fn remove(&self, file: &RejectFile) -> Result<(), RejectStoreError> {
        match fs::remove_file(&file.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed("written")(error)),
            _ => {}
        }
        self.held(|held| held.remove(file.number))
    }

    fn count(&self, dropped: u64) -> Result<(), RejectStoreError> {
        let elements = self.dropped().elements + dropped;
        warn!(dropped, since_the_beginning = elements, "refused records went for want of room or for their age");
        let text = serde_json::to_string(&DropCounts { elements }).expect("a number can be written");
        fs::write(self.dir.join(DROPPED_FILE), text).map_err(self.failed("written"))
    }

    /// What had to go.
    #[must_use]
    pub fn dropped(&self) -> DropCounts {
        let text = fs::read_to_string(self.dir.join(DROPPED_FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn file(&self, number: u64) -> RejectFile {
        RejectFile { number, path: self.dir.join(format!("{number:020}.{ENDING}")) }
    }

    /// The file appears whole or not at all, readable by its owner alone.
    fn write(&self, file: &RejectFile, records: &[RejectedRecord]) -> Result<(), RejectStoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| RejectStoreError::Random(error.to_string()))?;
        let sealed = self.seal.seal(records, nonce);
        let beside = file.path.with_extension("new");
        let write = || {
            let mut new = private().open(&beside)?;
            new.write_all(&sealed)?;
            new.sync_all()?;
            fs::rename(&beside, &file.path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(self.failed("written"))?;
        self.held(|held| held.set(file.number, taken(sealed.len() as u64)))
    }

    fn failed(&self, doing: &'static str) -> impl Fn(io::Error) -> RejectStoreError {
        let path = self.dir.clone();
        move |source| RejectStoreError::Io { path: path.clone(), doing, source }
    }
}

/// What a file of this length takes of a disk.
fn taken(length: u64) -> u64 {
    length.max(BLOCK_BYTES)
}

#[cfg(unix)]
fn make_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejects::rejected_record::RejectedElement;

    /// A record that came in at this second, refused once.
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
        RejectedRecord { position, received_at: 5, feed: None, items: 1, elements: vec![element], body: body.into() }
    }

    fn all(store: &RejectStore) -> Vec<RejectedRecord> {
        store.files().unwrap().iter().flat_map(|file| store.read(file).unwrap()).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 1_000)
    }

    #[test]
    fn what_was_put_is_had_again_by_who_has_the_key_and_no_byte_of_it_is_readable() {
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
    fn folder_and_files_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("refused");
        let store = RejectStore::new(&folder, &Keys::fixed(), 1 << 20);
        store.put(&[record(1, "x")], at(1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&store.files().unwrap()[0].path)), (0o700, 0o600));
    }

    #[test]
    fn the_oldest_go_where_there_is_no_room_and_that_is_counted() {
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
    fn what_is_older_than_thirty_days_goes_and_nothing_is_kept_without_room() {
        let dir = tempfile::tempdir().unwrap();
        let store = RejectStore::new(dir.path(), &Keys::fixed(), 1 << 20);
        store.put(&[record(1_000, "x")], at(1_000)).unwrap();
        store.put(&[record(2_000, "x")], at(2_000)).unwrap();
        store.trim(at(1_500 + KEPT_SECONDS)).unwrap();
        assert_eq!((all(&store).len(), store.dropped()), (1, DropCounts { elements: 1 }));
        let nowhere = dir.path().join("none");
        RejectStore::new(&nowhere, &Keys::fixed(), 0).put(&[record(1, "x")], at(1)).unwrap();
        assert!(!nowhere.exists());
    }

    #[test]
    fn a_file_is_replaced_by_what_is_left_of_it_and_goes_with_the_last_record() {
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
