//! Links between facts. A fact can name one other event of its feed, even before that event arrives.

use crate::fold::fact::FactId;
use crate::fold::fast_map::FastMap;

/// Targets by the slot of the referring fact, and referring slots by target.
#[derive(Debug, Default)]
pub(crate) struct Links {
    targets: FastMap<u32, FactId>,
    referrers: FastMap<FactId, Vec<u32>>,
}

impl Links {
    pub(crate) fn target(&self, slot: u32) -> Option<FactId> {
        self.targets.get(&slot).copied()
    }

    /// The slots of the facts that name this event, in the order of their links.
    pub(crate) fn referrers(&self, target: FactId) -> &[u32] {
        self.referrers.get(&target).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn insert(&mut self, slot: u32, target: FactId) {
        self.targets.insert(slot, target);
        self.referrers.entry(target).or_default().push(slot);
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(target) = self.targets.remove(&slot) else { return };
        let Some(referrers) = self.referrers.get_mut(&target) else { return };
        referrers.retain(|&s| s != slot);
        if referrers.is_empty() {
            self.referrers.remove(&target);
        }
    }
}
