//! Forms all peer groups of a month from its units.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::measure::measure_set::{Measure, MeasureSet};
use crate::peer_group::network_builder::NetworkBuilder;
use crate::peer_group::peer_member::{PeerMember, role_of_parts};
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::peer_table::PeerTable;
use crate::time::calendar::{Month, Timestamp};

/// The groups of these units at a cut. The units have cards and are in scope; their order does not matter.
#[must_use]
pub fn form(set: &MeasureSet, month: Month, as_of: Timestamp, members: Vec<PeerMember>) -> PeerTable {
    let mut roles: BTreeMap<Arc<str>, Vec<PeerMember>> = BTreeMap::new();
    for member in members {
        roles.entry(member.role.clone()).or_default().push(member);
    }
    roles.values_mut().for_each(|members| members.sort_unstable_by(|a, b| a.key.cmp(&b.key)));
    // Single practices first, because roll-ups are standardised with them.
    let (roll_ups, practices): (Vec<_>, Vec<_>) = roles.iter().partition(|(role, _)| role_of_parts(role).is_some());
    let mut networks: Vec<PeerNetwork> = Vec::new();
    for (role, members) in practices {
        networks.extend(of_role(set, month, as_of, role, members, &PeerTable::default()));
    }
    let single = PeerTable::new(networks.iter().cloned());
    for (role, members) in roll_ups {
        networks.extend(of_role(set, month, as_of, role, members, &single));
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
        NetworkBuilder { measure, index, role, month, as_of, practices }.network(members)
    };
    set.measures().iter().enumerate().filter_map(network).collect()
}
