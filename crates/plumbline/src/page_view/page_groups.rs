//! The public groups of each month, and the figures of each version of a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use scorecard::card::peer_snapshot::{GroupFigures, Purpose};
use scorecard::card::public_group::{PeerGroup, PeerKey};
use scorecard::card::snapshot_id::SnapshotId;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Month;
use stream::log::{Log, LogError, Topic};

/// Groups and figures, as far as they were read. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageGroups {
    months: BTreeMap<Month, Arc<Vec<PeerGroup>>>,
    figures: BTreeMap<SnapshotId, Arc<GroupFigures>>,
    groups_read: Option<u64>,
    figures_read: Option<u64>,
}

impl PageGroups {
    /// Reads all of a log.
    pub(crate) fn read(log: &mut impl Log) -> Result<PageGroups, LogError> {
        let mut groups = PageGroups::default();
        groups.follow(log)?;
        Ok(groups)
    }

    /// Reads what the log has since the last call. Returns whether there was anything.
    pub(crate) fn follow(&mut self, log: &mut impl Log) -> Result<bool, LogError> {
        let groups = self.follow_groups(log)?;
        Ok(self.follow_figures(log)? || groups)
    }

    /// The newest record of a group counts.
    fn follow_groups(&mut self, log: &mut impl Log) -> Result<bool, LogError> {
        let begin = match self.groups_read {
            Some(read) => read,
            None => log.bounds(Topic::PeerGroups, 0)?.start,
        };
        let mut position = begin;
        let mut newest: BTreeMap<PeerKey, PeerGroup> = BTreeMap::new();
        log.read_to_end(Topic::PeerGroups, 0, &mut position, &mut |entry| {
            if let Record::PeerGroup(group) = entry.record {
                newest.insert(group.key.clone(), *group);
            }
        })?;
        for (key, group) in newest {
            let of_month = Arc::make_mut(self.months.entry(key.month).or_default());
            match of_month.iter_mut().find(|known| known.key == key) {
                Some(known) => *known = group,
                None => of_month.push(group),
            }
        }
        self.groups_read = Some(position);
        Ok(position > begin)
    }

    fn follow_figures(&mut self, log: &mut impl Log) -> Result<bool, LogError> {
        let begin = match self.figures_read {
            Some(read) => read,
            None => log.bounds(Topic::PeerSnapshots, 0)?.start,
        };
        let (mut position, found) = (begin, &mut self.figures);
        log.read_to_end(Topic::PeerSnapshots, 0, &mut position, &mut |entry| {
            if let Record::PeerSnapshot(snapshot) = entry.record
                && snapshot.purpose == Purpose::Month
                && let Some(mut figures) = snapshot.figures
            {
                // A page draws limits from centre, spread and design effect.
                figures.season.clear();
                found.insert(snapshot.snapshot_id, Arc::new(figures));
            }
        })?;
        self.figures_read = Some(position);
        Ok(position > begin)
    }

    /// The public groups of a month.
    pub(crate) fn of_month(&self, month: Month) -> &[PeerGroup] {
        self.months.get(&month).map_or(&[], |groups| groups.as_slice())
    }

    /// The figures of a version of a group.
    pub(crate) fn figures(&self, id: SnapshotId) -> Option<&GroupFigures> {
        self.figures.get(&id).map(Arc::as_ref)
    }
}
