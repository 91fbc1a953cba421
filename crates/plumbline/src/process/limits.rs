//! Every limit of the crate in one place: waits, record counts, page sizes and buffer sizes, each with its unit and its reason.
//!
//! Values that an operator may change are not here: they are options of the configuration, or properties of librdkafka in
//! `kafka::settings`.

use std::time::Duration;

// Waits for brokers.

/// One poll of a reader. Between two polls the reader checks for a shutdown.
pub const BROKER_POLL: Duration = Duration::from_millis(100);
/// Longest time between two services of librdkafka's main queue during a poll. Callbacks of errors and rebalances wait no longer.
pub const MAIN_QUEUE_POLL: Duration = Duration::from_millis(200);
/// A request for metadata, watermarks or the end of a partition. The reader repeats it until [`BROKER_OUTAGE`] is over.
pub const BROKER_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// A request of `plumbline topics`. A broker that creates topics on every replica is slower than one that answers from memory.
pub const ADMIN_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// A seek within an assigned partition. It is local to the client, so a longer wait means that the client is busy.
pub const SEEK_TIMEOUT: Duration = Duration::from_secs(1);
/// Silence of a partition after which the reader seeks again; each further silence may last twice as long.
pub const PARTITION_SILENCE: Duration = Duration::from_millis(500);
/// Time in which a topic may seem absent: brokers learn of a new topic with a delay.
pub const NEW_TOPIC_DELAY: Duration = Duration::from_secs(5);
/// Wait of a reader for records of its own process that brokers acknowledged. An open transaction below them ends it.
pub const OWN_RECORDS_WAIT: Duration = Duration::from_secs(10);
/// Outage of the brokers that a task survives. After it the task fails and its supervisor restarts it.
pub const BROKER_OUTAGE: Duration = Duration::from_secs(600);
/// Least time between two log lines about the same outage. Every client of a process reports it.
pub const OUTAGE_LOG_INTERVAL: Duration = Duration::from_secs(30);
/// Wait of `plumbline topics --apply` until every broker knows the topics it created.
pub const TOPIC_CREATION_WAIT: Duration = Duration::from_secs(30);
/// Pause between two looks at the topics while [`TOPIC_CREATION_WAIT`] runs.
pub const TOPIC_CREATION_POLL: Duration = Duration::from_millis(100);
/// Pause of a producer whose queue is full. A queue of 16 MiB cannot run empty in 5 ms below 3 GB/s.
pub const FULL_QUEUE_PAUSE: Duration = Duration::from_millis(5);
/// One poll for delivery reports while a transaction is drained.
pub const DELIVERY_POLL: Duration = Duration::from_millis(1);

// Transactions of publish.

/// One step of a transaction: init or commit. librdkafka repeats it safely.
pub const TRANSACTION_STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// A whole transaction, with begin and commit. Brokers abort it earlier, after `transaction.timeout.ms`.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(600);
/// Abort of a failed transaction. If it takes longer, the next publisher aborts it.
pub const TRANSACTION_ABORT_TIMEOUT: Duration = Duration::from_secs(5);

// The schema registry.

/// A request to the schema registry; connecting may take half of it. The reader that waits for the answer reads nothing meanwhile.
pub const REGISTRY_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Wait of a first start for a schema registry that starts at the same time.
pub const REGISTRY_START_WAIT: Duration = Duration::from_secs(120);
/// Pause after a failed request to the schema registry. Readers that wait for a schema id retry all the time.
pub const REGISTRY_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// A failed request is followed by a pause of this many times its own duration, so that a hanging registry takes a fifth of the time.
pub const REGISTRY_RETRY_FACTOR: u32 = 4;
/// An answer of the schema registry, bytes. The longest schema of Plumbline has 20 KB.
pub const REGISTRY_ANSWER_BYTES: u64 = 4 << 20;
/// The part of a registry's message that an error quotes, characters: one long line of a log.
pub const REGISTRY_MESSAGE_CHARS: usize = 600;
/// Known schema ids in memory. A schema has a few: registries give a new id to the same schema with other docs.
pub const KNOWN_SCHEMA_IDS: usize = 512;
/// Unknown schema ids in memory, so that each is asked for once; the oldest goes first.
pub const UNKNOWN_SCHEMA_IDS: usize = 1_024;
/// Lifetime of a 404 for a schema id. A registry may receive the schema later from another registry.
pub const ABSENT_SCHEMA_ID_LIFETIME: Duration = Duration::from_secs(60);

// Reading the log.

/// Records per read of the log, where a caller reads a topic to its end. One read locks or polls once.
pub const RECORDS_PER_READ: usize = 1_000;
/// Cards per read where the partitions of the revisions are merged: six reads are in memory at once.
pub const CARDS_PER_READ: usize = 256;
/// Records per step of a tally. Between two steps it reports its progress and checks for a shutdown.
pub const RECORDS_PER_STEP: usize = 1_000;

// Intake.

/// Events of one feed per record of `events`. At 150 bytes an event, a record has 75 KB: far below
/// `max.message.bytes` (1 MiB).
pub const EVENTS_PER_BATCH: usize = 500;
/// Requests in the queue of the intake thread. Permits bound the bytes of their bodies as well.
pub const QUEUED_REQUESTS: usize = 4_096;
/// Bytes of bodies per group of requests, which share one sync of the log.
pub const REQUEST_GROUP_BYTES: usize = 16 << 20;
/// Bytes of keys and values per group of input records, which share one commit of offsets.
pub const TOPIC_GROUP_BYTES: usize = 8 << 20;
/// Age at which a group of input records is sent.
pub const TOPIC_GROUP_AGE: Duration = Duration::from_millis(100);
/// Input records per reading of the clock. A reading costs as much as a small part of an event.
pub const RECORDS_PER_CLOCK_READING: u64 = 64;
/// One poll for an input record or for acknowledgements.
pub const INTAKE_POLL: Duration = Duration::from_millis(50);
/// One poll for acknowledgements of the previous group while the next group may still grow.
pub const GROUP_POLL: Duration = Duration::from_millis(5);
/// Wait for acknowledgements before intake polls its paused partitions to stay a member of the group.
/// A pause discards the records that librdkafka fetched ahead, so it is not free.
pub const ACKNOWLEDGEMENT_WAIT: Duration = Duration::from_secs(2);
/// A request for committed offsets.
pub const COMMITTED_OFFSETS_TIMEOUT: Duration = Duration::from_secs(2);
/// Interval at which intake compares its offsets with the committed ones. A rebalance can lose a commit silently.
pub const COMMIT_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Pause before intake joins its group again after a failure, or resumes a partition that waits for a schema.
pub const INTAKE_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Part of `http.max-waiting` that one sender may use: a quarter, or one body of the largest size if that is more.
pub const SHARE_OF_ROOM: usize = 4;
/// Rejects of one reason and field that a request leaves in the log and the store. Further ones are counted: thousands of rejects of
/// one fault help nobody, and each costs a record of the log.
pub const REJECTS_KEPT_A_KIND: u32 = 100;

// Clocks.

/// Difference between two clocks that counts as none.
pub const CLOCK_DIFFERENCE: Duration = Duration::from_secs(300);
/// Time within which a new log publishes first: a month and the days after it, with room.
pub const FIRST_PUBLICATION_WITHIN: Duration = Duration::from_secs(62 * 86_400);

// Shutdown and supervision.

/// Interval at which a waiting thread checks for a shutdown.
pub const SHUTDOWN_POLL: Duration = Duration::from_millis(50);
/// Time that a shutdown leaves to acknowledgements and to open connections. Unacknowledged input records are read again.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);
/// Pause of an idle task between two looks at the clock. New records of the same process wake it at once.
pub const IDLE_PAUSE: Duration = Duration::from_millis(50);
/// Interval at which `serve` copies new cards from Kafka.
pub const CARD_COPY_INTERVAL: Duration = Duration::from_millis(500);
/// One poll of a group member, well below `session.timeout.ms` (15 s).
pub const MEMBER_POLL: Duration = Duration::from_millis(100);
/// Pause before the first restart of a failed task; each further pause is twice as long.
pub const RESTART_PAUSE_SHORTEST: Duration = Duration::from_millis(500);
/// Longest pause before a restart: a recovered broker is used again within half a minute.
pub const RESTART_PAUSE_LONGEST: Duration = Duration::from_secs(30);
/// Run time after which a restarted task counts as recovered and its pause starts small again.
pub const RECOVERED_AFTER: Duration = Duration::from_secs(60);
/// Interval at which a task checks that the log still holds what it has read and published.
pub const LOG_CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// Interval at which a process checks that a broker answers.
pub const BROKER_CHECK_INTERVAL: Duration = Duration::from_secs(3);
/// Wait for the answer to that check. With the interval it stays below 15 s.
pub const BROKER_CHECK_TIMEOUT: Duration = Duration::from_secs(4);
/// Interval at which a waiting request checks that a broker answers.
pub const ANSWER_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Interval at which the lag of partitions and the silence of threads are measured.
pub const LAG_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// Silence after which a thread counts as hung and the process exits. Reads, appends and transactions fail earlier.
pub const HUNG_THREAD_SILENCE: Duration = Duration::from_secs(1_800);

// The embedded log.

/// Unflushed bytes of a handle. A larger buffer is committed without a flush, which bounds memory.
pub const LOG_BUFFER_BYTES: usize = 4 << 20;
/// The storage engine's buffer of recent writes to a topic, bytes. The four large topics can fill theirs at once.
pub const ENGINE_WRITE_BUFFER_BYTES: u64 = 8 << 20;
/// Files of the storage engine's journal that a straggling topic may hold back, bytes: the least that the engine allows.
pub const ENGINE_JOURNAL_BYTES: u64 = 64 << 20;
/// A block of the storage engine, bytes. It is compressed as a whole, and a large block holds many similar records. A reader of one record
/// decompresses one block.
pub const ENGINE_BLOCK_BYTES: u32 = 128 << 10;
/// Time between a start and the first removal of records: the threads read the log first.
pub const FIRST_LOG_TRIM: Duration = Duration::from_secs(60);
/// Difference between the clock and the time that passed since the start, beyond which no record expires.
pub const CLOCK_JUMP: Duration = Duration::from_secs(86_400);
/// Interval at which the service removes expired and outdated records.
pub const LOG_TRIM_INTERVAL: Duration = Duration::from_secs(3_600);
/// Records that one write of the engine removes.
pub const RECORDS_PER_REMOVAL: usize = 10_000;
/// Longest wait until the engine has written its buffer to a file. A full disk ends the wait without a sign.
pub const ENGINE_FLUSH_WAIT: Duration = Duration::from_secs(60);

// Retention, over Kafka and in the embedded log.

/// Retention of `events`, days: 16 months. An amendment may arrive 13 months after its event, and an open month is replayed from its
/// events.
pub const EVENTS_RETENTION_DAYS: i64 = 16 * 31;
/// Retention of published topics, days: 25 months. Subscribers can read two years of published cards.
pub const PUBLISHED_RETENTION_DAYS: i64 = 25 * 31;
/// Publish may lag this long before compaction removes rows that it needs; then it folds the log itself. Days.
pub const COMPACTION_LAG_DAYS: i64 = 7;
/// The storage engine's cache of blocks, bytes. Records are read in order and seldom twice, so a small cache suffices.
pub const ENGINE_CACHE_BYTES: u64 = 8 << 20;

/// A page of records that a service hands to a backup, bytes of text.
pub const BACKUP_PAGE_BYTES: usize = 4 << 20;

// Rejected records.

/// Retention of rejected records and of the topic `rejects`, days. A reject is useful only while its record can be repaired.
pub const REJECT_RETENTION_DAYS: i64 = 30;
/// Interval at which expired records are removed.
pub const REJECT_TRIM_INTERVAL: Duration = Duration::from_secs(3_600);
/// Disk space that a small file takes, bytes: one block of common file systems.
pub const DISK_BLOCK_BYTES: u64 = 4_096;

// Files that `replay` reads.

/// A line of NDJSON, bytes.
pub const INPUT_LINE_BYTES: usize = 16 << 20;
/// A JSON document that spans lines, bytes: it is in memory while it is read.
pub const INPUT_DOCUMENT_BYTES: usize = 256 << 20;
/// Bytes at the start of a file that decide on its format.
pub const FORMAT_PROBE_BYTES: u64 = 4_096;
/// A block of the queue of arrivals, bytes. Growing by blocks copies nothing.
pub const ARRIVAL_BLOCK_BYTES: usize = 8 << 20;

// `send`.

/// Elements of a request: a good size for one sync of the log.
pub const SEND_CHUNK_ELEMENTS: usize = 1_000;
/// Bytes of a request, half of the default of `http.max-body`. One larger record is a request of its own.
pub const SEND_CHUNK_BYTES: usize = 4 << 20;
/// Time to connect to a service.
pub const SEND_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time to send a body, and again to receive its answer. A service on a busy disk answers late.
pub const SEND_REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause before a chunk is sent again; each further pause is twice as long.
pub const SEND_PAUSE_SHORTEST: Duration = Duration::from_millis(500);
/// Longest pause, also where `Retry-After` names a longer one.
pub const SEND_PAUSE_LONGEST: Duration = Duration::from_secs(60);
/// Attempts that a foreign answer may end: a proxy gives some while the service behind it restarts.
pub const SEND_STRANGE_ANSWERS: u32 = 4;
/// Bytes of an answer. 10,000 elements that are all rejected need 4 MB.
pub const SEND_ANSWER_BYTES: u64 = 64 << 20;
/// Least time between two writes of the state of a sender. Records that are sent again after a crash count once.
pub const SEND_STATE_INTERVAL: Duration = Duration::from_secs(1);
/// Rejects that a sender prints. `--rejects FILE` writes all.
pub const SEND_PRINTED_REJECTS: usize = 10;
/// Distinct gaps that a dry run counts by their text.
pub const SEND_GAP_TEXTS: usize = 10_000;

// Maps.

/// A map, bytes: the largest shipped one has 12 KB.
pub const MAP_FILE_BYTES: u64 = 1 << 20;
/// A row of a table, bytes. A quotation mark that is never closed makes the rest of its file one row.
pub const MAP_ROW_BYTES: u64 = 16 << 20;
/// Distinct keys of a look-up that are counted one by one where they are not found.
pub const MAP_REMEMBERED_KEYS: usize = 100_000;
/// Keys that a report lists for each look-up.
pub const MAP_LISTED_KEYS: usize = 20;
/// Kinds of fault that a report lists.
pub const MAP_LISTED_FAULTS: usize = 30;

// HTTP.

/// Time for the head of a request, also of the next one on an open connection.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Time in which a client must take some bytes of an answer.
pub const ANSWER_STALL: Duration = Duration::from_secs(30);
/// Bytes of a request's head, and of the buffer of a connection.
pub const HEAD_BYTES: usize = 64 << 10;
/// Connections beyond `http.max-connections` that only answer `/livez` and `/readyz`.
pub const HEALTH_CONNECTIONS: usize = 16;
/// Pause after a connection could not be accepted, for example because no file descriptor is free.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Time that a body may take before [`BODY_BYTES_A_SECOND`] counts.
pub const BODY_GRACE: Duration = Duration::from_secs(10);
/// Least pace of a body, bytes a second: a quarter of a line of 1 Mbit/s. A body of 8 MiB may take 266 s.
pub const BODY_BYTES_A_SECOND: u64 = 32 << 10;
/// Time without a byte of a body after which it is refused: half of a large body must not hold its room for minutes.
pub const BODY_STALL: Duration = Duration::from_secs(20);
/// Largest window of a zstd frame, as a power of two: 8 MiB, that of the highest standard level.
pub const ZSTD_WINDOW_LOG: u32 = 23;
/// Explanations that wait for the one that is computed. Each folds the log again, which may take minutes.
pub const EXPLAIN_QUEUE: usize = 4;

// Pages.

/// Months for which a look at a card is kept and shown: two years of cards and one month.
pub const ACCESS_MONTHS: i32 = 25;
/// Days for which the log keeps a look at a card.
pub const ACCESS_RETENTION_DAYS: i64 = ACCESS_MONTHS as i64 * 31;
/// Newest looks that a process keeps in memory, about 200 bytes each. The log has all of them.
pub const LOOKS_IN_MEMORY: usize = 100_000;
/// Time between two readings of the registry, the groups and the looks for pages.
pub const PAGE_FOLLOW_INTERVAL: Duration = Duration::from_millis(500);
/// Time for which a clinician alone sees a "please check" of a later revision, seconds, unless `pages.wait` is set: 7 days.
pub const CHECK_WAIT_SECONDS: u32 = 7 * 86_400;
/// Bytes of a form that a browser sends.
pub const FORM_BYTES: usize = 8 << 10;
/// Time in which a sign-in must come back from the provider.
pub const SIGN_IN_TIME: Duration = Duration::from_secs(600);
/// Sign-ins under way. A further one replaces the oldest.
pub const SIGN_INS_UNDER_WAY: usize = 10_000;
/// Time for one request to the identity provider.
pub const PROVIDER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer of the identity provider.
pub const PROVIDER_ANSWER_BYTES: u64 = 1 << 20;
/// Time for which the keys and addresses of the identity provider are kept. A key that is unknown is asked for at once.
pub const PROVIDER_KEPT: Duration = Duration::from_secs(3_600);

/// Entries of a page where the request names no `limit`.
pub const PAGE_ENTRIES: usize = 100;
/// Largest `limit` of a page, entries.
pub const PAGE_ENTRIES_MOST: usize = 1_000;
/// Cards that a page reads at most where a filter needs the cards themselves. Reading them takes about a second.
pub const CARDS_EXAMINED: usize = 10_000;
/// Clients that follow the changes at a time, but at most half of `http.max-connections`: each keeps a connection.
pub const FOLLOWERS: usize = 256;
/// Longest wait of a request for the next change. Proxies often end a request after a minute.
pub const CHANGE_WAIT_MOST: Duration = Duration::from_secs(60);
/// Pause of an event stream without a change after which a comment is sent, so that proxies keep the connection.
pub const EVENT_HEARTBEAT: Duration = Duration::from_secs(15);
/// Pause before a client of an event stream reconnects.
pub const EVENT_RETRY: Duration = Duration::from_secs(5);
/// Exports over HTTP at a time. Each occupies a thread as long as its client reads.
pub const EXPORTS: usize = 4;
/// A piece of an export on its way to the client, bytes.
pub const EXPORT_PIECE_BYTES: usize = 64 << 10;
/// Size from which an answer is compressed, bytes: a smaller one fits into a packet.
pub const COMPRESSED_FROM: usize = 1_024;
/// Size from which an answer is compressed on a thread for blocking work, bytes: other requests must not wait for it.
pub const COMPRESSED_ASIDE: u64 = 64 << 10;

/// A limit of requests that is no option: its name, its value, and the answer beyond it.
pub type FixedLimit = (&'static str, String, &'static str);

/// The limits of requests that are no options, for `config show` and the reference page.
#[must_use]
pub fn fixed_limits() -> Vec<FixedLimit> {
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let kibibytes = |bytes: usize| format!("{} KiB", bytes >> 10);
    vec![
        ("head of a request", format!("{}, {}", seconds(HEAD_TIMEOUT), kibibytes(HEAD_BYTES)), "the connection is closed"),
        ("time between two requests of a connection", seconds(HEAD_TIMEOUT), "the connection is closed"),
        ("pace of a body", format!("{} KiB a second, after {}", BODY_BYTES_A_SECOND >> 10, seconds(BODY_GRACE)), "status 408"),
        ("pause within a body", seconds(BODY_STALL), "status 408"),
        ("window of a zstd body", kibibytes(1 << ZSTD_WINDOW_LOG), "status 400"),
        ("pause of a client that reads an answer", seconds(ANSWER_STALL), "the connection is closed"),
        ("part of `http.max-waiting` for one token", format!("1/{SHARE_OF_ROOM}, at least one body"), "status 429"),
        (
            "connections beyond `http.max-connections`",
            HEALTH_CONNECTIONS.to_string(),
            "they answer `/livez` and `/readyz` only; further ones are closed",
        ),
        ("rejects of one reason and field that a request keeps", REJECTS_KEPT_A_KIND.to_string(), "further ones are counted"),
        ("explanations that wait", EXPLAIN_QUEUE.to_string(), "status 429"),
        ("retries of rejects at a time", "1".to_owned(), "status 429"),
        ("entries of a page", PAGE_ENTRIES_MOST.to_string(), "status 400"),
        ("clients that follow the changes", format!("{FOLLOWERS}, at most half of `http.max-connections`"), "status 429"),
        ("wait for the next change", seconds(CHANGE_WAIT_MOST), "status 400"),
        ("exports at a time", EXPORTS.to_string(), "status 429"),
        ("cards that a page of a filter reads", CARDS_EXAMINED.to_string(), "the page ends, with a link to the next"),
    ]
}
