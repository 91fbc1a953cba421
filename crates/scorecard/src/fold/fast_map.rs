//! The hash map of everything that is looked up for each event.

use foldhash::fast::FixedState;

/// Hashed fast and always alike. Its order decides nothing, and its keys come from declared feeds: nobody who could flood it with
/// colliding texts could not as well send as many events.
pub type FastMap<K, V> = hashbrown::HashMap<K, V, FixedState>;
