//! Forms all peer groups of a month from its units.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::measure::measure_set::{Measure, MeasureSet};
use crate::peer_group::group_change::{continued, kept};
use crate::peer_group::network_builder::NetworkBuilder;
use crate::peer_group::peer_member::{PeerMember, role_of_parts};
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::peer_table::PeerTable;
use crate::time::calendar::{Month, Timestamp};

/// The groups of these units at a cut. The units have cards and are in scope; their order does not matter.
///
/// `last` has the groups that were published last for the month. One of them stays where too few members differ from it.
#[must_use]
pub fn form(set: &MeasureSet, month: Month, as_of: Timestamp, members: Vec<PeerMember>, last: Option<&PeerTable>) -> PeerTable {
    let mut roles: BTreeMap<Arc<str>, Vec<PeerMember>> = BTreeMap::new();
    for member in members {
        roles.entry(member.role.clone()).or_default().push(member);
    }
    roles.values_mut().for_each(|members| members.sort_unstable_by(|a, b| a.key.cmp(&b.key)));
    // Single practices first, because roll-ups are standardised with them.
    let (roll_ups, practices): (Vec<_>, Vec<_>) = roles.iter().partition(|(role, _)| role_of_parts(role).is_some());
    let mut networks: Vec<PeerNetwork> = Vec::new();
    let mut unchanged: BTreeSet<(Arc<str>, Arc<str>)> = BTreeSet::new();
    for (role, members) in practices {
        for formed in of_role(set, month, as_of, role, members, &PeerTable::default()) {
            let stays = last.and_then(|last| kept(last.find(&formed.key.measure, role)?, &formed));
            unchanged.extend(stays.is_some().then(|| (formed.key.measure.clone(), role.clone())));
            networks.push(stays.unwrap_or(formed));
        }
    }
    let single = PeerTable::new(networks.iter().cloned());
    for (role, members) in roll_ups {
        for formed in of_role(set, month, as_of, role, members, &single) {
            // The values of roll-ups are ratios to expectations by the single practices, so both stay or none.
            let parts = (formed.key.measure.clone(), Arc::from(role_of_parts(role).unwrap_or_default()));
            let last = last.filter(|_| unchanged.contains(&parts));
            let stays = last.and_then(|last| continued(last.find(&formed.key.measure, role)?, &formed));
            networks.push(stays.unwrap_or(formed));
        }
    }
    PeerTable::new(networks)
}

fn of_role(
    set: &MeasureSet,
    month: Month,
    as_of: Timestamp,
    role: &Arc<str>,
    members: &[PeerMember],
    single: &PeerTable,
) -> Vec<PeerNetwork> {
    let network = |(index, measure): (usize, &Arc<Measure>)| {
        let practices = role_of_parts(role).and_then(|role| single.find(&measure.name(), role));
        let reference = set.reference().and_then(|known| Some((known.find(&measure.name(), role, month)?, &known.name)));
        NetworkBuilder { measure, index, role, month, as_of, reference, practices }.network(members)
    };
    set.measures().iter().enumerate().filter_map(network).collect()
}
