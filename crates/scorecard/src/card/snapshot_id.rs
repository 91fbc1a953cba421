//! The id of a frozen or weekly version of a peer group.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 16 bytes; 32 hexadecimal digits as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub [u8; 16]);

impl SnapshotId {
    /// The id with this value, high byte first.
    #[must_use]
    pub fn of_value(value: u128) -> SnapshotId {
        SnapshotId(value.to_be_bytes())
    }

    /// The id with this text of 32 hexadecimal digits.
    #[must_use]
    pub fn of_text(text: &str) -> Option<SnapshotId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
        Some(SnapshotId::of_value(value))
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl Serialize for SnapshotId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SnapshotId, D::Error> {
        let text = String::deserialize(deserializer)?;
        SnapshotId::of_text(&text).ok_or_else(|| D::Error::custom("a snapshot id has 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_high_byte_first_and_reads_back() {
        let id = SnapshotId::of_value(0x0a);
        assert_eq!(id.to_string(), "0000000000000000000000000000000a");
        assert_eq!(SnapshotId::of_text(&id.to_string()), Some(id));
        assert_eq!((SnapshotId::of_text("0a"), SnapshotId::of_text(&"+".repeat(32))), (None, None));
    }
}
