//! The benchmarks of a month, computed once for all its cards: texts of the measures, columns of their groups in the peer table, and
//! the networks of all roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::card::peer_group::Level;
use crate::measure::measure_set::{Measure, MeasureSet};
use crate::peer_group::peer_table::{NETWORK, PeerTable};
use crate::peer_group::unit::{WINDOWS, window_index};
use crate::scoring::peer_position::Network;
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
    /// Unit of its value.
    pub unit: Arc<str>,
    /// Integer unit of its numerator.
    pub n_unit: Arc<str>,
    /// Integer unit of its denominator.
    pub d_unit: Arc<str>,
    /// Columns of its groups in the peer table, by window.
    pub columns: [Option<usize>; WINDOWS.len()],
}

/// The benchmarks of the cards of one month.
#[derive(Debug)]
pub struct Benchmarks<'a> {
    /// The month.
    pub month: Month,
    /// Its peer groups.
    pub peers: &'a PeerTable,
    measures: Vec<Benchmark<'a>>,
    /// The network of each measure's headline window, by compared role.
    networks: BTreeMap<Arc<str>, Vec<Option<Network<'a>>>>,
}

impl<'a> Benchmarks<'a> {
    /// The benchmarks of a month from its peer groups.
    #[must_use]
    pub fn new(measures: &'a MeasureSet, month: Month, peers: &'a PeerTable) -> Benchmarks<'a> {
        let measures: Vec<Benchmark<'_>> = (0..).zip(measures.measures()).map(|(at, m)| benchmark(m, at, peers)).collect();
        let all = |role: &Arc<str>| measures.iter().map(|benchmark| network(benchmark, role, peers)).collect();
        let networks = peers.roles().map(|role| (role.clone(), all(role))).collect();
        Benchmarks { month, peers, measures, networks }
    }

    /// The measures in the order of their set.
    #[must_use]
    pub fn measures(&self) -> &[Benchmark<'a>] {
        &self.measures
    }

    /// The network of this role in each measure's headline window. Empty if no unit has the role.
    #[must_use]
    pub fn networks(&self, role: &str) -> &[Option<Network<'a>>] {
        self.networks.get(role).map_or(&[], Vec::as_slice)
    }
}

fn benchmark<'a>(measure: &'a Measure, index: usize, peers: &PeerTable) -> Benchmark<'a> {
    let name = measure.name();
    Benchmark {
        measure,
        index,
        id: measure.definition.id.as_str().into(),
        unit: measure.definition.unit.as_str().into(),
        n_unit: measure.numerator.definition.amount.unit_name().into(),
        d_unit: measure.denominator.definition.amount.unit_name().into(),
        columns: WINDOWS.map(|window| peers.column(&name, window)),
    }
}

fn network<'a>(benchmark: &Benchmark<'a>, role: &str, peers: &'a PeerTable) -> Option<Network<'a>> {
    let column = benchmark.columns[window_index(benchmark.measure.definition.window)]?;
    let found = peers.place(role, Level::Network, NETWORK)?.group(column)?;
    Some(Network::new(benchmark.measure, found))
}
