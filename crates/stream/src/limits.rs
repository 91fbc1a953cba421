//! The limits of the tasks, each with its unit and its reason.

/// Records of one read while a task replays or catches up.
///
/// A log decodes one record at a time, so the number costs no memory. Between two reads a task checks whether it must stop.
pub(crate) const RECORDS_PER_READ: usize = 10_000;

/// Bytes of events after which intake closes a batch.
///
/// A broker accepts records of 1 MiB by default, and one event may have 100 KiB.
pub(crate) const BATCH_BYTES: usize = 512 << 10;

/// Cuts whose marks have different keys in `clinician-months`.
///
/// Compaction keeps the newest record of a key, so publish may be this many cuts behind tally.
pub(crate) const MARK_KEYS: i64 = 1024;

/// Months before the first open one whose rows publish keeps.
///
/// A card shows 24 months: change and improvement compare a year with the year before it.
pub(crate) const WINDOW_MONTHS: i32 = 24;

/// Months by which a link usually reaches back.
///
/// A link may reach back further. A log without its beginning may then lack the linked event.
pub(crate) const LINK_MONTHS: i32 = 1;
