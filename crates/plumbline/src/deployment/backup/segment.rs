//! A segment: the records that one backup added, compressed.
//!
//! ```text
//! record  topic: u8 | partition: u32 | offset: u64 | length of the value: u32 | value        big-endian, in a gzip stream
//! ```
//!
//! Topics have the numbers of the log's keys. Records are in the order of topic, partition and offset.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use stream::log::Topic;
use xxhash_rust::xxh3::Xxh3;

use crate::log::log_record_layout::topic_number;

/// Longest stored value, bytes: far above the largest record.
const MOST_VALUE_BYTES: u32 = 1 << 30;

/// A file that hashes and counts its bytes.
struct HashedFile {
    file: BufWriter<File>,
    hash: Xxh3,
    bytes: u64,
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A segment that is being written.
pub(crate) struct SegmentWriter {
    out: GzEncoder<HashedFile>,
    records: u64,
}

/// A finished segment.
pub(crate) struct FinishedSegment {
    pub bytes: u64,
    pub xxh3: String,
    pub records: u64,
}

impl SegmentWriter {
    /// # Errors
    /// The file system's.
    pub fn create(path: &Path) -> io::Result<SegmentWriter> {
        let file = HashedFile { file: BufWriter::new(File::create(path)?), hash: Xxh3::new(), bytes: 0 };
        Ok(SegmentWriter { out: GzEncoder::new(file, Compression::default()), records: 0 })
    }

    /// # Errors
    /// The file system's.
    pub fn add(&mut self, topic: Topic, partition: u32, offset: u64, value: &[u8]) -> io::Result<()> {
        self.out.write_all(&[topic_number(topic)])?;
        self.out.write_all(&partition.to_be_bytes())?;
        self.out.write_all(&offset.to_be_bytes())?;
        self.out.write_all(&u32::try_from(value.len()).map_err(io::Error::other)?.to_be_bytes())?;
        self.out.write_all(value)?;
        self.records += 1;
        Ok(())
    }

    /// Writes the rest, and syncs the file.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(self) -> io::Result<FinishedSegment> {
        let HashedFile { file, hash, bytes } = self.out.finish()?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(FinishedSegment { bytes, xxh3: format!("{:032x}", hash.digest128()), records: self.records })
    }
}

/// Bytes and hash of a file.
///
/// # Errors
/// The file system's.
pub(crate) fn examined(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash, mut bytes) = (BufReader::new(File::open(path)?), Xxh3::new(), 0);
    let mut buffer = [0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, format!("{:032x}", hash.digest128()))),
            read => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// Gets topic, partition, offset and stored value of a record.
pub(crate) type EachRecord<'e> = dyn FnMut(Topic, u32, u64, &[u8]) -> anyhow::Result<()> + 'e;

/// Calls `each` with every record of a segment.
///
/// # Errors
/// The file system's, [`io::ErrorKind::InvalidData`] for bytes that are no records, and that of `each`.
pub(crate) fn each_record(path: &Path, each: &mut EachRecord<'_>) -> anyhow::Result<()> {
    let mut input = GzDecoder::new(BufReader::new(File::open(path)?));
    let mut value = Vec::new();
    loop {
        let mut topic = [0; 1];
        if input.read(&mut topic)? == 0 {
            return Ok(());
        }
        let (mut partition, mut offset, mut length) = ([0; 4], [0; 8], [0; 4]);
        input.read_exact(&mut partition)?;
        input.read_exact(&mut offset)?;
        input.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        let known = Topic::ALL.into_iter().find(|known| topic_number(*known) == topic[0]);
        let Some(topic) = known.filter(|_| length <= MOST_VALUE_BYTES) else {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        };
        value.resize(length as usize, 0);
        input.read_exact(&mut value)?;
        each(topic, u32::from_be_bytes(partition), u64::from_be_bytes(offset), &value)?;
    }
}
