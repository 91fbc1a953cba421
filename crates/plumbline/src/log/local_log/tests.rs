use super::*;
use scorecard::record::log_record::Tick;
use stream::log::Put;

fn tick(at: i64) -> Record<'static> {
    Record::Tick(Tick { at: Timestamp(at) })
}

fn open(dir: &Path) -> LocalLog {
    LocalLog::open(dir, Clock::standing_at(Timestamp(1_000)), Durability::Buffered).unwrap()
}

type ReadEntry = (u64, Timestamp, String, Record<'static>);

fn all(log: &mut LocalLog, topic: Topic, partition: u32) -> Vec<ReadEntry> {
    let mut seen = Vec::new();
    let mut from = 0;
    loop {
        let next = log
            .read(topic, partition, from, 2, &mut |lent| {
                seen.push((lent.offset, lent.appended, lent.key.to_owned(), lent.record.into_owned()));
                ControlFlow::Continue(())
            })
            .unwrap();
        if next == from {
            return seen;
        }
        from = next;
    }
}

fn at_once(log: &mut LocalLog, ats: &[i64]) -> Result<(), LogError> {
    log.append_atomically(&mut |put| ats.iter().try_for_each(|at| put(Topic::Runs, 0, &at.to_string(), &tick(*at))))
}

#[test]
fn flushed_records_are_read_in_order_with_key_and_append_time() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::standing_at(Timestamp(1));
    let mut log = LocalLog::open(dir.path(), clock.clone(), Durability::Synced).unwrap();
    for n in 0..5 {
        clock.set(Timestamp(10 + n));
        log.append(Topic::Events, 3, &format!("feed-{n}"), &tick(n)).unwrap();
    }
    log.append(Topic::Events, 2, "other", &tick(99)).unwrap();
    log.flush().unwrap();
    let expected: Vec<ReadEntry> =
        (0..5).zip(0..).map(|(offset, n)| (offset, Timestamp(10 + n), format!("feed-{n}"), tick(n))).collect();
    assert_eq!(all(&mut log, Topic::Events, 3), expected);
    assert_eq!(log.bounds(Topic::Events, 3).unwrap(), 0..5);
    assert_eq!(log.bounds(Topic::Events, 0).unwrap(), 0..0);
    assert_eq!(log.read(Topic::Events, 0, 7, 10, &mut |_| panic!("the partition is empty")).unwrap(), 7);
}

#[test]
fn the_bytes_of_events_are_those_of_their_keys_and_values_without_ticks() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let mut record = Vec::new();
    encoding::encode(&tick(0), &mut record).unwrap();
    for partition in [0, 7] {
        log.append(Topic::Events, partition, "feed", &tick(0)).unwrap();
    }
    log.append(Topic::Events, 0, "tick", &tick(0)).unwrap();
    log.append(Topic::Runs, 0, "run", &tick(0)).unwrap();
    log.flush().unwrap();
    // A key of 13 bytes; append time, length of the key, the key and the record.
    assert_eq!(log.event_bytes().unwrap(), 2 * (13 + 8 + 4 + 4 + record.len() as u64));
    assert!(log.disk_bytes().unwrap() > 0);
}

#[test]
fn a_read_that_breaks_off_returns_the_next_offset() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for n in 0..5 {
        log.append(Topic::Events, 0, "feed", &tick(n)).unwrap();
    }
    log.flush().unwrap();
    let stop_at_2 = |lent: LogEntry<'_>| if lent.offset == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    assert_eq!(log.read(Topic::Events, 0, 1, 100, &mut { stop_at_2 }).unwrap(), 3);
}

#[test]
fn appended_records_are_visible_only_after_the_flush() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = open(dir.path());
    let mut reader = writer.clone();
    writer.append(Topic::Rejects, 0, "a", &tick(1)).unwrap();
    assert!(all(&mut reader, Topic::Rejects, 0).is_empty());
    assert!(all(&mut writer, Topic::Rejects, 0).is_empty());
    writer.flush().unwrap();
    assert_eq!(all(&mut reader, Topic::Rejects, 0).len(), 1);
}

#[test]
fn offsets_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let places = [(Topic::Events, 0), (Topic::Events, 63), (Topic::Rejects, 0), (Topic::ClinicianMonths, 0)];
    for round in 0..3 {
        let mut log = open(dir.path());
        for (topic, partition) in places {
            assert_eq!(log.bounds(topic, partition).unwrap(), 0..round);
            log.append(topic, partition, "k", &tick(0)).unwrap();
        }
        log.flush().unwrap();
    }
    let mut log = open(dir.path());
    let offsets: Vec<u64> = all(&mut log, Topic::Events, 63).into_iter().map(|seen| seen.0).collect();
    assert_eq!(offsets, [0, 1, 2]);
    assert_eq!(log.bounds(Topic::Events, 7).unwrap(), 0..0);
}

#[test]
fn a_fenced_handle_publishes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut old = open(dir.path());
    let mut new = old.clone();
    old.fence().unwrap();
    at_once(&mut old, &[1]).unwrap();
    new.fence().unwrap();
    assert!(matches!(at_once(&mut old, &[2]), Err(LogError::Fenced)));
    at_once(&mut new, &[3]).unwrap();
    let published: Vec<String> = all(&mut new, Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
    assert_eq!(published, ["1", "3"]);
}

#[test]
fn a_transaction_with_a_record_that_cannot_be_written_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.fence().unwrap();
    let damaged = Record::Undecodable("damaged".to_owned());
    let put_both = |put: &mut Put<'_>| {
        put(Topic::Runs, 0, "1", &tick(1))?;
        put(Topic::Runs, 0, "2", &damaged)
    };
    log.append_atomically(&mut { put_both }).unwrap_err();
    at_once(&mut log, &[3]).unwrap();
    let kept: Vec<String> = all(&mut log, Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
    assert_eq!(kept, ["3"]);
}

#[test]
fn a_tombstone_is_read_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(Topic::People, 0, "dr-lee", &Record::Tombstone).unwrap();
    log.flush().unwrap();
    drop(log);
    let kept = all(&mut open(dir.path()), Topic::People, 0);
    assert_eq!(kept, [(0, Timestamp(1_000), "dr-lee".to_owned(), Record::Tombstone)]);
}

#[test]
fn a_transaction_truncated_in_the_journal_is_lost_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.fence().unwrap();
    at_once(&mut log, &[1, 2]).unwrap();
    at_once(&mut log, &[3, 4, 5]).unwrap();
    drop(log);
    cut_last_byte_of_journal(dir.path());
    let kept: Vec<String> = all(&mut open(dir.path()), Topic::Runs, 0).into_iter().map(|seen| seen.2).collect();
    assert_eq!(kept, ["1", "2"]);
}

/// Cuts the journal before its last byte that is not zero: the journal is preallocated with zeros.
fn cut_last_byte_of_journal(dir: &Path) {
    let engine = dir.join("records");
    let journal = std::fs::read_dir(engine)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "jnl"))
        .expect("a written log has a journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).expect("the journal holds records");
    bytes.truncate(last);
    std::fs::write(&journal, bytes).unwrap();
}

#[test]
fn damaged_bytes_are_undecodable_and_end_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for n in 0..4 {
        log.append(Topic::Events, 0, "feed", &tick(n)).unwrap();
    }
    log.flush().unwrap();
    let whole = log.shared.records.of(Topic::Events).get(log_record_layout::key(Topic::Events, 0, 1)).unwrap().unwrap();
    log.shared.records.of(Topic::Events).insert(log_record_layout::key(Topic::Events, 0, 1), &whole[..5]).unwrap();
    log.shared.records.of(Topic::Events).insert(log_record_layout::key(Topic::Events, 0, 2), &whole[..whole.len() - 1]).unwrap();
    let seen = all(&mut log, Topic::Events, 0);
    assert_eq!(seen.len(), 4);
    assert!(matches!(seen[1].3, Record::Undecodable(_)), "{:?}", seen[1]);
    assert!(matches!(seen[2].3, Record::Undecodable(_)), "{:?}", seen[2]);
    assert_eq!(seen[3].3, tick(3));
}

#[test]
fn a_full_buffer_is_committed_without_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let key = "k".repeat(1 << 20);
    for _ in 0..5 {
        log.append(Topic::Events, 0, &key, &tick(0)).unwrap();
    }
    assert!(log.bounds(Topic::Events, 0).unwrap().end >= 4);
}
