//! The hash map for look-ups on each event.

use foldhash::fast::FixedState;

/// A hash map with a fast hash and a fixed seed. Code must never let its order decide anything. Its keys come from declared feeds:
/// a sender of colliding keys could do the same harm with as many events.
pub type FastMap<K, V> = hashbrown::HashMap<K, V, FixedState>;
