//! The figures of a reference network: of the groups of another network into a file, and out of a file into a small group here.

use std::sync::Arc;

use crate::card::peer_snapshot::{GroupFigures, Standardisation};
use crate::card::round::published;
use crate::measure::measure_set::MeasureSet;
use crate::measure::reference_network::{BadReference, FORMAT, ReferenceGroup, ReferenceNetwork};
use crate::peer_group::disclosed_figures::counted_typical;
use crate::peer_group::peer_member::role_of_parts;
use crate::peer_group::peer_network::PeerNetwork;
use crate::peer_group::size_limits::{LEAST_FOR_QUARTILES, PUBLIC_STEP};
use crate::registry::role_words::is_role;
use crate::time::calendar::Month;

/// The figures of these groups of one month, under a name: those of single practices with 20 members and a fit.
///
/// # Errors
/// [`BadReference`] for a name that no card can show.
pub fn exported<'n>(
    name: &str,
    month: Month,
    networks: impl Iterator<Item = &'n PeerNetwork>,
    measures: &MeasureSet,
) -> Result<ReferenceNetwork, BadReference> {
    let groups = networks.filter_map(|network| group(network, measures)).collect();
    let made = ReferenceNetwork { format: FORMAT, name: name.into(), month, groups };
    made.check()?;
    Ok(made)
}

/// The figures of one group, as those of a crude comparison: a small group elsewhere has no rates of its own for age and sex. The spread of
/// an adjusted group is that of the ratios to expectations.
///
/// `None` if it is too small, mixed, of roll-ups, or compared with a reference network itself.
fn group(network: &PeerNetwork, measures: &MeasureSet) -> Option<ReferenceGroup> {
    let (figures, role) = (&network.figures, &network.key.role);
    let measure = measures.measures().iter().find(|measure| measure.name() == *network.key.measure)?;
    let is_own = network.size() >= LEAST_FOR_QUARTILES && figures.reference.is_none() && !figures.mixed;
    let rounded = |members: u32| members / PUBLIC_STEP * PUBLIC_STEP;
    let comparable = is_own && role_of_parts(role).is_none() && is_role(role);
    comparable.then_some(ReferenceGroup {
        measure: network.key.measure.clone(),
        definition: format!("{:032x}", measure.fingerprint()),
        role: role.clone(),
        members: rounded(figures.members),
        estimating: rounded(figures.estimating),
        centre: published(counted_typical(figures)?)?,
        gamma_cautious: figures.gamma_cautious?,
        gamma: figures.gamma,
        phi: figures.phi?,
        flipped: figures.flipped,
        rare: figures.rare,
        event_size: figures.event_size,
        relative_variance: figures.relative_variance,
        typical_mean: figures.typical_mean,
    })
}

/// The figures of a small group here, with centre, spread and design effect of the other network.
pub(crate) fn applied(group: &ReferenceGroup, name: &Arc<str>, own: GroupFigures) -> GroupFigures {
    GroupFigures {
        centre: published(group.centre),
        gamma_cautious: published(group.gamma_cautious),
        gamma: group.gamma.and_then(published),
        phi: published(group.phi),
        mixed: false,
        flipped: group.flipped,
        rare: group.rare,
        estimating: group.estimating,
        left_out: 0,
        event_size: group.event_size.and_then(published),
        relative_variance: group.relative_variance.and_then(published),
        typical_mean: group.typical_mean.and_then(published),
        standardisation: Standardisation::Crude,
        practice_centre: None,
        reference: Some(name.clone()),
        season: Vec::new(),
        ..own
    }
}
