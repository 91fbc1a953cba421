//! The layout of one record in the local log. The key orders records by topic, partition and offset. The value holds the append
//! time, the record's own key and the bytes from `codec`.
//!
//! ```text
//! key    topic: u8 | partition: u32 | offset: u64                        big-endian, so that bytes sort as numbers do
//! value  append time in ms: i64 | key length: u32 | key | record         big-endian
//! ```

use scorecard::time::calendar::Timestamp;
use stream::log::Topic;

/// Bytes of a stored key.
pub const KEY_BYTES: usize = 13;
const HEADER_BYTES: usize = 12;

/// The number of a topic in stored keys. Constant for good: logs on disks hold it.
#[must_use]
pub fn topic_number(topic: Topic) -> u8 {
    match topic {
        Topic::Events => 1,
        Topic::ClinicianMonths => 2,
        Topic::Registry => 3,
        Topic::Scorecards => 4,
        Topic::ScorecardRevisions => 5,
        Topic::PeerGroups => 6,
        Topic::PeerSnapshots => 7,
        Topic::Runs => 8,
        Topic::Rejects => 9,
        Topic::Definitions => 10,
        Topic::People => 11,
        Topic::Access => 12,
    }
}

/// The stored key of a record.
#[must_use]
pub fn key(topic: Topic, partition: u32, offset: u64) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    bytes[0] = topic_number(topic);
    bytes[1..5].copy_from_slice(&partition.to_be_bytes());
    bytes[5..].copy_from_slice(&offset.to_be_bytes());
    bytes
}

/// Topic number, partition and offset of a stored key; `None` for bytes that are not a key.
#[must_use]
pub fn parse_key(bytes: &[u8]) -> Option<(u8, u32, u64)> {
    let (topic, rest) = bytes.split_first()?;
    let (partition, offset) = rest.split_first_chunk::<4>()?;
    let offset: [u8; 8] = offset.try_into().ok()?;
    Some((*topic, u32::from_be_bytes(*partition), u64::from_be_bytes(offset)))
}

/// Writes everything of a value but the record's bytes; append those next.
pub fn begin_value(value: &mut Vec<u8>, appended: Timestamp, key: &str) {
    let length = u32::try_from(key.len()).expect("keys are far shorter than 4 GiB");
    value.extend_from_slice(&appended.0.to_be_bytes());
    value.extend_from_slice(&length.to_be_bytes());
    value.extend_from_slice(key.as_bytes());
}

/// Append time, key and record bytes of a value; `None` when it is truncated or damaged.
#[must_use]
pub fn parse_value(value: &[u8]) -> Option<(Timestamp, &str, &[u8])> {
    let (header, rest) = value.split_at_checked(HEADER_BYTES)?;
    let (appended, length) = header.split_first_chunk::<8>()?;
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let (key, record) = rest.split_at_checked(length)?;
    Some((Timestamp(i64::from_be_bytes(*appended)), std::str::from_utf8(key).ok()?, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_topic_partition_and_offset() {
        let keys = [
            key(Topic::Events, 0, 0),
            key(Topic::Events, 0, 255),
            key(Topic::Events, 0, 256),
            key(Topic::Events, 1, 0),
            key(Topic::Events, u32::MAX, u64::MAX),
            key(Topic::ClinicianMonths, 0, 0),
            key(Topic::Rejects, 0, 0),
        ];
        assert!(keys.is_sorted());
        assert_eq!(parse_key(&keys[3]), Some((1, 1, 0)));
    }

    #[test]
    fn every_topic_has_a_number_of_its_own() {
        let mut numbers: Vec<u8> = Topic::ALL.iter().map(|topic| topic_number(*topic)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), Topic::ALL.len());
    }

    #[test]
    fn a_value_truncated_before_its_record_is_rejected() {
        let mut value = Vec::new();
        begin_value(&mut value, Timestamp(-1), "feed-é");
        let header = value.len();
        value.extend_from_slice(b"record");
        assert_eq!(parse_value(&value), Some((Timestamp(-1), "feed-é", b"record".as_slice())));
        for length in 0..header {
            assert_eq!(parse_value(&value[..length]), None, "{length} bytes");
        }
    }
}
