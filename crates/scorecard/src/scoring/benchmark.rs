//! The benchmarks of a month, computed once for all its cards: texts of the measures and the networks of all roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::measure::measure_set::{Measure, MeasureSet};
use crate::peer_group::peer_member::role_of_parts;
use crate::peer_group::peer_table::PeerTable;
use crate::scoring::network::Network;
use crate::time::calendar::Month;

/// One measure, ready for cards.
#[derive(Debug)]
pub struct Benchmark<'a> {
    /// The measure.
    pub measure: &'a Measure,
    /// Its index in its set.
    pub index: usize,
    /// Its id.
    pub id: Arc<str>,
    /// Its short name.
    pub name: Arc<str>,
    /// Unit of its value.
    pub unit: Arc<str>,
    /// Integer unit of its numerator.
    pub n_unit: Arc<str>,
    /// Integer unit of its denominator.
    pub d_unit: Arc<str>,
}

/// The benchmarks of the cards of one month.
#[derive(Debug)]
pub struct Benchmarks<'a> {
    /// The month.
    pub month: Month,
    measures: Vec<Benchmark<'a>>,
    /// The network of each measure, by compared role.
    networks: BTreeMap<Arc<str>, Vec<Option<Network<'a>>>>,
}

impl<'a> Benchmarks<'a> {
    /// The benchmarks of a month from its peer groups and the figures of its quarter.
    #[must_use]
    pub fn new(measures: &'a MeasureSet, month: Month, peers: &'a PeerTable, quarter: &PeerTable) -> Benchmarks<'a> {
        let measures: Vec<Benchmark<'_>> = (0..).zip(measures.measures()).map(|(at, measure)| benchmark(measure, at)).collect();
        let of_role = |role: &Arc<str>| measures.iter().map(|one| network(one.measure, role, peers, quarter)).collect();
        let networks = peers.roles().into_iter().map(|role| (role.clone(), of_role(&role))).collect();
        Benchmarks { month, measures, networks }
    }

    /// The measures in the order of their set.
    #[must_use]
    pub fn measures(&self) -> &[Benchmark<'a>] {
        &self.measures
    }

    /// The network of this role in each measure. Empty if no unit has the role.
    #[must_use]
    pub fn networks(&self, role: &str) -> &[Option<Network<'a>>] {
        self.networks.get(role).map_or(&[], Vec::as_slice)
    }
}

fn benchmark(measure: &Measure, index: usize) -> Benchmark<'_> {
    Benchmark {
        measure,
        index,
        id: measure.definition.id.as_str().into(),
        name: measure.definition.short_name().into(),
        unit: measure.definition.unit.as_str().into(),
        n_unit: measure.numerator.definition.amount.unit_name().into(),
        d_unit: measure.denominator.definition.amount.unit_name().into(),
    }
}

fn network<'a>(measure: &'a Measure, role: &str, peers: &'a PeerTable, quarter: &PeerTable) -> Option<Network<'a>> {
    let name = measure.name();
    let practices = role_of_parts(role).and_then(|role| peers.find(&name, role));
    Some(Network::new(measure, peers.find(&name, role)?, quarter.find(&name, role), practices))
}
