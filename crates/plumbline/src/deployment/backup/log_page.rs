//! A page of stored records: the form in which a service hands its log to `plumbline backup`.
//!
//! One record a line: offset, a blank, and the stored value in Base64.

use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stream::log::{LogError, Topic};

use crate::log::local_log::LocalLog;
use crate::process::limits::BACKUP_PAGE_BYTES;

/// The bounds of every partition that holds records, at one moment.
pub type LogBounds = Vec<(Topic, u32, Range<u64>)>;

/// The topic of a name.
#[must_use]
pub fn topic_named(name: &str) -> Option<Topic> {
    Topic::ALL.into_iter().find(|topic| topic.name() == name)
}

/// The records of a partition between two offsets, up to a page full of them.
///
/// # Errors
/// [`LogError`] when the log cannot be read.
pub fn page(log: &LocalLog, topic: Topic, partition: u32, offsets: Range<u64>) -> Result<String, LogError> {
    let mut text = String::new();
    log.each_raw((topic, partition), offsets, &mut |offset, value| {
        writeln!(text, "{offset} {}", STANDARD.encode(value)).expect("a String takes all");
        if text.len() < BACKUP_PAGE_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(text)
}

/// The records of a page; `None` for text that is none.
#[must_use]
pub fn parsed(text: &str) -> Option<Vec<(u64, Vec<u8>)>> {
    let record = |line: &str| {
        let (offset, value) = line.split_once(' ')?;
        Some((offset.parse().ok()?, STANDARD.decode(value).ok()?))
    };
    text.lines().map(record).collect()
}
