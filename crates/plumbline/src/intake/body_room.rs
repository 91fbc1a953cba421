//! Room for the bodies that wait for the log. Each sender has a share, so that no sender stops the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::process::limits::SHARE_OF_ROOM;

/// The room for all bodies. Clones share it.
#[derive(Clone, Debug)]
pub struct BodyRoom {
    total: usize,
    share: usize,
    used: Arc<Mutex<UsedRoom>>,
}

#[derive(Debug, Default)]
struct UsedRoom {
    bytes: usize,
    by_sender: BTreeMap<String, usize>,
}

/// Room of one body. Drop it to release the room.
#[derive(Debug)]
pub struct RoomPermit {
    sender: String,
    bytes: usize,
    used: Arc<Mutex<UsedRoom>>,
}

impl BodyRoom {
    /// Room for this many bytes. A sender may use a share of it, at least one body of the largest size.
    #[must_use]
    pub fn new(total: usize, largest_body: usize) -> BodyRoom {
        BodyRoom { total, share: (total / SHARE_OF_ROOM).max(largest_body), used: Arc::default() }
    }

    /// Room for a body of this many bytes; `None` while the sender's share or the whole room is used.
    #[must_use]
    pub fn enter(&self, sender: &str, bytes: usize) -> Option<RoomPermit> {
        let bytes = bytes.max(1);
        let mut used = locked(&self.used);
        let of_sender = used.by_sender.get(sender).copied().unwrap_or(0);
        if used.bytes + bytes > self.total || of_sender + bytes > self.share {
            return None;
        }
        used.bytes += bytes;
        used.by_sender.insert(sender.to_owned(), of_sender + bytes);
        drop(used);
        Some(RoomPermit { sender: sender.to_owned(), bytes, used: self.used.clone() })
    }
}

impl Drop for RoomPermit {
    fn drop(&mut self) {
        let mut used = locked(&self.used);
        used.bytes -= self.bytes;
        let left = used.by_sender.get(&self.sender).map_or(0, |bytes| bytes - self.bytes);
        if left == 0 {
            used.by_sender.remove(&self.sender)
        } else {
            used.by_sender.insert(self.sender.clone(), left)
        };
    }
}

/// No code panics with the lock.
fn locked(used: &Mutex<UsedRoom>) -> MutexGuard<'_, UsedRoom> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_uses_its_share_and_the_others_still_have_room() {
        let room = BodyRoom::new(64, 8);
        let held: Vec<RoomPermit> = (0..9).filter_map(|_| room.enter("north", 8)).collect();
        assert_eq!(held.len(), 2);
        let others: Vec<RoomPermit> =
            ["south", "east", "west"].into_iter().flat_map(|feed| [room.enter(feed, 8), room.enter(feed, 8)]).flatten().collect();
        assert_eq!((others.len(), room.enter("other", 1).is_none()), (6, true), "64 bytes are used");
        drop((held, others));
        assert!(room.enter("north", 8).is_some());
        assert!(locked(&room.used).by_sender.is_empty());
    }

    #[test]
    fn a_share_holds_the_largest_body() {
        let room = BodyRoom::new(8, 8);
        assert!(room.enter("north", 8).is_some());
    }
}
