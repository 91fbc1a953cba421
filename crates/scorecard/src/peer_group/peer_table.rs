//! The peer groups of one month with their members. A table read from a frozen snapshot gives the same comparisons, bit for bit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::card::fingerprint::snapshot_id;
use crate::card::peer_group::{Level, PeerGroup, PeerKey, PeerSnapshot};
use crate::sums::ratio::Ratio;

/// Most members in one chunk of a snapshot. A record then stays below 100 KB.
pub const CHUNK: usize = 5_000;

/// Least members of a group for a comparison: the unit and five others.
pub const LEAST_MEMBERS: usize = 6;

/// Code of the group with all units of a role.
pub const NETWORK: &str = "network";

/// One peer group and its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Peers {
    /// The published group.
    pub group: PeerGroup,
    /// Numerator and denominator of each member, in ascending order of value, ties by denominator.
    pub values: Vec<Ratio>,
}

/// All peer groups of one month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerTable {
    /// In order of their keys.
    peers: Vec<Arc<Peers>>,
    /// Measure and window of each column, in order.
    columns: Vec<(Arc<str>, u8)>,
    /// Every role with a network.
    roles: BTreeSet<Arc<str>>,
    /// The group of every column by role, level and code. A card looks up a hundred groups of the same few codes.
    places: HashMap<String, Box<[Option<NonZeroU32>]>>,
}

/// The groups of one role, level and code.
#[derive(Clone, Copy, Debug)]
pub struct MemberPlace<'a> {
    table: &'a PeerTable,
    groups: &'a [Option<NonZeroU32>],
}

impl<'a> MemberPlace<'a> {
    /// Its group in this column.
    #[must_use]
    pub fn group(&self, column: usize) -> Option<&'a Peers> {
        let number = self.groups.get(column).copied().flatten()?;
        self.table.peers.get(number.get() as usize - 1).map(Arc::as_ref)
    }
}

/// The key of the groups of one role, level and code.
fn place_name(role: &str, level: Level, group: &str) -> String {
    let mut name = String::with_capacity(role.len() + group.len() + 3);
    write_place_name(&mut name, role, level, group);
    name
}

fn write_place_name(name: &mut String, role: &str, level: Level, group: &str) {
    let level = match level {
        Level::Practice => "1",
        Level::Pcn => "2",
        Level::Locality => "3",
        Level::Network => "4",
    };
    name.clear();
    [role, "\0", level, "\0", group].into_iter().for_each(|part| name.push_str(part));
}

/// An error in frozen groups or their snapshots.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadSnapshot {
    /// A chunk is missing.
    #[error("peer snapshot {id} of {key:?}: chunk {chunk} is missing; read topic `peer-snapshots` from its beginning")]
    Missing {
        /// The group.
        key: Box<PeerKey>,
        /// The snapshot.
        id: String,
        /// The chunk, from 0.
        chunk: u32,
    },
    /// The members differ from the frozen ones.
    #[error(
        "peer snapshot of {key:?}: fingerprint of the members is {found}, expected {expected}; restore the topic from a backup"
    )]
    Differs {
        /// The group.
        key: Box<PeerKey>,
        /// Fingerprint in the group.
        expected: String,
        /// Fingerprint of the members.
        found: String,
    },
}

impl PeerTable {
    /// A table of these groups.
    #[must_use]
    pub fn new(peers: Vec<Peers>) -> PeerTable {
        let mut peers: Vec<Arc<Peers>> = peers.into_iter().map(Arc::new).collect();
        peers.sort_unstable_by(|a, b| a.group.key.cmp(&b.group.key));
        PeerTable::in_order(peers)
    }

    /// A table of these groups, already in order of their keys.
    pub(crate) fn in_order(peers: Vec<Arc<Peers>>) -> PeerTable {
        debug_assert!(peers.is_sorted_by(|a, b| a.group.key < b.group.key), "in order of their keys");
        let mut columns: Vec<(Arc<str>, u8)> = Vec::new();
        for peers in &peers {
            let key = &peers.group.key;
            if columns.last().is_none_or(|(measure, window)| *measure != key.measure || *window != key.window) {
                columns.push((key.measure.clone(), key.window));
            }
        }
        let networks = peers.iter().filter(|peers| peers.group.key.level == Level::Network);
        let roles = networks.map(|peers| peers.group.key.role.clone()).collect();
        let mut table = PeerTable { peers, columns, roles, places: HashMap::new() };
        table.fill_places();
        table
    }

    fn fill_places(&mut self) {
        let mut column = 0;
        let mut name = String::new();
        for (number, peers) in (1..).zip(&self.peers) {
            let key = &peers.group.key;
            while self.columns[column].0 != key.measure || self.columns[column].1 != key.window {
                column += 1;
            }
            write_place_name(&mut name, &key.role, key.level, &key.group);
            if !self.places.contains_key(&name) {
                self.places.insert(name.clone(), vec![None; self.columns.len()].into());
            }
            if let Some(groups) = self.places.get_mut(&name) {
                groups[column] = NonZeroU32::new(number);
            }
        }
    }

    /// The column of a measure (`id@version`) and window.
    #[must_use]
    pub fn column(&self, measure: &str, window: u8) -> Option<usize> {
        self.columns.binary_search_by(|(m, w)| (&**m, *w).cmp(&(measure, window))).ok()
    }

    /// Every role with a network, in order.
    pub fn roles(&self) -> impl Iterator<Item = &Arc<str>> {
        self.roles.iter()
    }

    /// The groups of this role, level and code.
    #[must_use]
    pub fn place(&self, role: &str, level: Level, group: &str) -> Option<MemberPlace<'_>> {
        Some(MemberPlace { table: self, groups: self.places.get(&place_name(role, level, group))? })
    }

    /// Restores a table from its groups and the chunks of their snapshots. It skips chunks of other snapshots, because a compacted topic
    /// can still hold some.
    ///
    /// # Errors
    /// [`BadSnapshot`] for the first group with missing or different members.
    pub fn from_frozen(groups: Vec<PeerGroup>, snapshots: Vec<PeerSnapshot>) -> Result<PeerTable, BadSnapshot> {
        let mut chunks: BTreeMap<(PeerKey, Arc<str>, u32), PeerSnapshot> =
            snapshots.into_iter().map(|s| ((s.key.clone(), s.snapshot_id.clone(), s.chunk), s)).collect();
        let mut peers = Vec::with_capacity(groups.len());
        for group in groups {
            let values = members(&group, &mut chunks)?;
            peers.push(Peers { group, values });
        }
        Ok(PeerTable::new(peers))
    }

    /// The same table with all groups frozen.
    #[must_use]
    pub fn frozen(mut self) -> PeerTable {
        for peers in &mut self.peers {
            Arc::make_mut(peers).group.frozen = true;
        }
        self
    }

    /// This table, and the groups of `other` for further measures (`id@version`): a new measure set freezes its own groups and keeps
    /// the others.
    #[must_use]
    pub fn completed_by(self, other: PeerTable) -> PeerTable {
        let known: BTreeSet<Arc<str>> = self.groups().map(|group| group.key.measure.clone()).collect();
        let missing = other.peers.into_iter().filter(|peers| !known.contains(&peers.group.key.measure));
        let mut peers: Vec<Arc<Peers>> = self.peers.into_iter().chain(missing).collect();
        peers.sort_unstable_by(|a, b| a.group.key.cmp(&b.group.key));
        PeerTable::in_order(peers)
    }

    /// The groups in order of their keys.
    pub fn groups(&self) -> impl Iterator<Item = &PeerGroup> {
        self.peers.iter().map(|peers| &peers.group)
    }

    /// The members of all groups in order of their keys, at most [`CHUNK`] in a record.
    pub fn snapshots(&self) -> impl Iterator<Item = PeerSnapshot> {
        self.peers.iter().flat_map(|peers| chunked(peers))
    }

    /// The group of this measure (`id@version`), window, role, level and code.
    #[must_use]
    pub fn find(&self, measure: &str, window: u8, role: &str, level: Level, group: &str) -> Option<&Peers> {
        self.place(role, level, group)?.group(self.column(measure, window)?)
    }

    /// The networks of all roles for this measure (`id@version`) and window.
    pub fn networks<'a>(&'a self, measure: &'a str, window: u8) -> impl Iterator<Item = &'a Peers> {
        let from = self.peers.partition_point(|peers| (&*peers.group.key.measure, peers.group.key.window) < (measure, window));
        let same = move |peers: &&Peers| &*peers.group.key.measure == measure && peers.group.key.window == window;
        self.peers[from..].iter().map(Arc::as_ref).take_while(same).filter(|peers| peers.group.key.level == Level::Network)
    }
}

/// The members of a group from the chunks of its snapshot.
fn members(group: &PeerGroup, chunks: &mut BTreeMap<(PeerKey, Arc<str>, u32), PeerSnapshot>) -> Result<Vec<Ratio>, BadSnapshot> {
    let mut values = Vec::new();
    let mut chunk = 0;
    let mut count = 1;
    while chunk < count {
        let wanted = (group.key.clone(), group.snapshot_id.clone(), chunk);
        let Some(found) = chunks.remove(&wanted) else {
            return Err(BadSnapshot::Missing { key: Box::new(group.key.clone()), id: group.snapshot_id.to_string(), chunk });
        };
        count = found.chunks;
        values.extend(found.values);
        chunk += 1;
    }
    let found = snapshot_id(&values);
    if found == group.snapshot_id {
        Ok(values)
    } else {
        Err(BadSnapshot::Differs {
            key: Box::new(group.key.clone()),
            expected: group.snapshot_id.to_string(),
            found: found.to_string(),
        })
    }
}

fn chunked(peers: &Peers) -> impl Iterator<Item = PeerSnapshot> {
    let chunks = u32::try_from(peers.values.len().div_ceil(CHUNK)).expect("fewer than 2^32 chunks of 5000 members");
    (0..chunks).zip(peers.values.chunks(CHUNK)).map(move |(chunk, values)| PeerSnapshot {
        key: peers.group.key.clone(),
        snapshot_id: peers.group.snapshot_id.clone(),
        chunk,
        chunks,
        values: values.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::calendar::Month;

    fn peers(group: &str, size: i64) -> Peers {
        let values: Vec<Ratio> = (0..size).map(|n| (n, 20_000)).collect();
        let key = PeerKey {
            measure: "dna_rate@1".into(),
            window: 12,
            role: "gp".into(),
            level: Level::Network,
            group: group.into(),
            month: Month::from_ym(2026, 10).unwrap(),
        };
        let group = PeerGroup {
            key,
            snapshot_id: snapshot_id(&values),
            frozen: false,
            size: u32::try_from(size).unwrap(),
            numerator: 0,
            denominator: 0,
            mean: None,
            deciles: Vec::new(),
            numerator_price_pence: None,
            other_price_pence: None,
            lower: None,
            upper: None,
            phi: None,
            tau2: None,
            variation: None,
            event_size: None,
        };
        Peers { group, values }
    }

    #[test]
    fn a_large_snapshot_is_restored_from_its_chunks_in_any_order() {
        let table = PeerTable::new(vec![peers("b", 12_345), peers("a", 6)]).frozen();
        let mut snapshots: Vec<PeerSnapshot> = table.snapshots().collect();
        assert_eq!(snapshots.iter().map(|s| s.values.len()).collect::<Vec<_>>(), [6, 5_000, 5_000, 2_345]);
        snapshots.reverse();
        let groups = table.groups().cloned().collect();
        assert_eq!(PeerTable::from_frozen(groups, snapshots), Ok(table));
    }

    #[test]
    fn a_chunk_that_is_missing_or_damaged_is_named() {
        let table = PeerTable::new(vec![peers("a", 7_000)]);
        let groups: Vec<PeerGroup> = table.groups().cloned().collect();
        let mut snapshots: Vec<PeerSnapshot> = table.snapshots().collect();
        let last = snapshots.pop().unwrap();
        let missing = PeerTable::from_frozen(groups.clone(), snapshots.clone()).unwrap_err();
        assert!(matches!(missing, BadSnapshot::Missing { chunk: 1, .. }), "{missing}");
        snapshots.push(PeerSnapshot { values: last.values[1..].to_vec(), ..last });
        let differs = PeerTable::from_frozen(groups, snapshots).unwrap_err();
        assert!(matches!(differs, BadSnapshot::Differs { .. }), "{differs}");
    }

    #[test]
    fn a_group_is_found_by_its_key_alone() {
        let table = PeerTable::new(vec![peers("b", 2), peers("a", 3)]);
        assert_eq!(table.find("dna_rate@1", 12, "gp", Level::Network, "a").map(|p| p.values.len()), Some(3));
        assert_eq!(table.find("dna_rate@1", 3, "gp", Level::Network, "a"), None);
        assert_eq!(table.find("dna_rate@1", 12, "gp", Level::Pcn, "a"), None);
    }
}
