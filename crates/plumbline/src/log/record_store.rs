//! The records of a local log in the storage engine: one keyspace a topic, in compressed blocks.
//!
//! A topic can so be rewritten without the others, and the size of each is known. Format 1 kept all topics in one keyspace without
//! compression. A start moves such records into the keyspaces of format 2.

use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fjall::config::{BlockSizePolicy, CompressionPolicy, FilterPolicy};
use fjall::{CompressionType, Database, Iter, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use stream::log::Topic;
use tracing::info;

use crate::log::log_directory::{DirectoryFormat, LocalLogError, LogDirectory};
use crate::log::log_record_layout::{KEY_BYTES, parse_key, topic_number};
use crate::process::limits::{
    ENGINE_BLOCK_BYTES, ENGINE_CACHE_BYTES, ENGINE_FLUSH_WAIT, ENGINE_JOURNAL_BYTES, ENGINE_WRITE_BUFFER_BYTES, LOG_BUFFER_BYTES,
    SHUTDOWN_POLL,
};

/// The only keyspace of format 1.
const OLD_KEYSPACE: &str = "records";
/// Small topics fill a quarter of the buffer of a large one.
const SMALL_TOPIC: u64 = 4;

/// The open storage engine.
pub struct RecordStore {
    database: Database,
    /// In the order of [`Topic::ALL`].
    topics: Vec<Keyspace>,
    dir: PathBuf,
}

/// Memory of the storage engine, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineMemory {
    /// Recent writes that no file holds yet.
    pub write_buffers: u64,
    /// Blocks of files.
    pub cache: u64,
}

impl RecordStore {
    /// Opens the engine of a directory, and brings records of format 1 into the present format.
    ///
    /// # Errors
    /// [`LocalLogError`] names the directory and the cure.
    pub fn open(directory: &LogDirectory) -> Result<RecordStore, LocalLogError> {
        let failed = |error| LocalLogError::of_engine(directory.path(), "opened", error);
        // With manual persistence a commit makes no system call; a durable batch requests a sync at its commit.
        let builder = Database::builder(directory.engine_path())
            .manual_journal_persist(true)
            .worker_threads(1)
            .cache_size(ENGINE_CACHE_BYTES)
            .max_journaling_size(ENGINE_JOURNAL_BYTES)
            // A damaged journal names the keys of its records, so its values stay legible.
            .journal_compression(CompressionType::None);
        let database = builder.open().map_err(failed)?;
        let keyspace = |topic: &Topic| database.keyspace(topic.name(), || options(*topic));
        let topics = Topic::ALL.iter().map(keyspace).collect::<fjall::Result<_>>().map_err(failed)?;
        let store = RecordStore { database, topics, dir: directory.path().to_owned() };
        store.move_old_records(directory)?;
        Ok(store)
    }

    /// A crash between two steps leaves the old keyspace whole or the new ones, and the next start goes on.
    fn move_old_records(&self, directory: &LogDirectory) -> Result<(), LocalLogError> {
        let is_old = directory.format() == DirectoryFormat::OneKeyspace;
        if self.database.keyspace_exists(OLD_KEYSPACE) {
            let failed = |error| LocalLogError::of_engine(&self.dir, "brought into the present format", error);
            let old = self.database.keyspace(OLD_KEYSPACE, KeyspaceCreateOptions::default).map_err(failed)?;
            if is_old {
                info!(dir = %self.dir.display(), "log of format 1: its records are being compressed, once");
                self.copy(&old).map_err(failed)?;
                directory.note_format()?;
            }
            self.database.delete_keyspace(old).map_err(failed)?;
        } else if is_old {
            directory.note_format()?;
        }
        Ok(())
    }

    fn copy(&self, old: &Keyspace) -> fjall::Result<()> {
        let (mut batch, mut bytes) = (self.database.batch(), 0);
        for found in old.iter() {
            let (key, value) = found.into_inner()?;
            let topic =
                parse_key(&key).and_then(|(number, ..)| Topic::ALL.into_iter().find(|topic| topic_number(*topic) == number));
            // A key of no topic is none of ours, and no reader has ever returned it.
            let Some(topic) = topic else { continue };
            bytes += key.len() + value.len();
            batch.insert(self.of(topic), key, value);
            if bytes >= LOG_BUFFER_BYTES {
                std::mem::replace(&mut batch, self.database.batch()).commit()?;
                bytes = 0;
            }
        }
        batch.commit()?;
        self.database.persist(PersistMode::SyncAll)
    }

    /// The keyspace of a topic.
    #[must_use]
    pub fn of(&self, topic: Topic) -> &Keyspace {
        let place = Topic::ALL.iter().position(|one| *one == topic).expect("ALL holds every topic");
        &self.topics[place]
    }

    /// An empty batch of writes.
    #[must_use]
    pub fn batch(&self) -> OwnedWriteBatch {
        self.database.batch()
    }

    /// The records of a topic in a range of keys, as they are now.
    pub fn range(&self, topic: Topic, keys: impl RangeBounds<[u8; KEY_BYTES]>) -> Iter {
        self.of(topic).range(keys)
    }

    /// Writes the journal to the disk.
    ///
    /// # Errors
    /// The engine's.
    pub fn sync(&self) -> fjall::Result<()> {
        self.database.persist(PersistMode::SyncAll)
    }

    /// Bytes of the files of a topic, and without a topic those of the journal.
    #[must_use]
    pub fn file_bytes(&self, topic: Option<Topic>) -> u64 {
        topic.map_or_else(|| self.database.journal_disk_space().unwrap_or(0), |topic| self.of(topic).disk_space())
    }

    /// Memory of the engine now.
    #[must_use]
    pub fn memory(&self) -> EngineMemory {
        EngineMemory { write_buffers: self.database.write_buffer_size(), cache: self.database.cache_size() }
    }

    /// Writes every buffer into files, so that the engine can remove old journals. Returns whether it was done in time.
    ///
    /// # Errors
    /// The engine's.
    pub fn flush_buffers(&self) -> fjall::Result<bool> {
        for topic in &self.topics {
            topic.rotate_memtable()?;
        }
        let begun = Instant::now();
        // The engine's own wait has no end where its disk is full.
        while self.topics.iter().any(|topic| topic.sealed_memtable_count() > 0) {
            if begun.elapsed() > ENGINE_FLUSH_WAIT {
                return Ok(false);
            }
            std::thread::sleep(SHUTDOWN_POLL);
        }
        Ok(true)
    }

    /// Rewrites the files of a topic without its removed records. Until the end the disk holds both.
    ///
    /// # Errors
    /// The engine's.
    pub fn rewrite(&self, topic: Topic) -> fjall::Result<()> {
        self.of(topic).major_compact()
    }

    /// The directory of the log.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }
}

/// Keys are read in ranges and never guessed, so filters would only cost memory.
fn options(topic: Topic) -> KeyspaceCreateOptions {
    let buffer = match topic {
        Topic::Events | Topic::ClinicianMonths | Topic::Scorecards | Topic::ScorecardRevisions => ENGINE_WRITE_BUFFER_BYTES,
        _ => ENGINE_WRITE_BUFFER_BYTES / SMALL_TOPIC,
    };
    KeyspaceCreateOptions::default()
        .manual_journal_persist(true)
        .max_memtable_size(buffer)
        .data_block_size_policy(BlockSizePolicy::all(ENGINE_BLOCK_BYTES))
        .data_block_compression_policy(CompressionPolicy::all(CompressionType::Lz4))
        .filter_policy(FilterPolicy::disabled())
}
