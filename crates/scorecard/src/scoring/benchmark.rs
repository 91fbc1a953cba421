//! What the cards of a month are held against, made ready once for all of them: of each measure its texts and where its groups
//! stand in the peer table, and the networks of all roles.

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
    /// By window, where its groups stand in the peer table.
    pub columns: [Option<usize>; WINDOWS.len()],
}

/// Everything that the cards of one month are held against.
#[derive(Debug)]
pub struct Benchmarks<'a> {
    /// The month.
    pub month: Month,
    /// Its peer groups.
    pub peers: &'a PeerTable,
    measures: Vec<Benchmark<'a>>,
    /// By role as it is compared, of each measure the network of the headline window.
    networks: BTreeMap<Arc<str>, Vec<Option<Network<'a>>>>,
}

impl<'a> Benchmarks<'a> {
    /// The yardsticks of a month, from its peer groups.
    #[must_use]
    pub fn new(measures: &'a MeasureSet, month: Month, peers: &'a PeerTable) -> Benchmarks<'a> {
        let measures: Vec<Benchmark<'_>> = (0..).zip(measures.measures()).map(|(at, m)| yardstick(m, at, peers)).collect();
        let all = |role: &Arc<str>| measures.iter().map(|yardstick| network(yardstick, role, peers)).collect();
        let networks = peers.roles().map(|role| (role.clone(), all(role))).collect();
        Benchmarks { month, peers, measures, networks }
    }

    /// The measures in the order of their set.
    #[must_use]
    pub fn measures(&self) -> &[Benchmark<'a>] {
        &self.measures
    }

    /// Of each measure the network of this role in the headline window; nothing where nobody has the role.
    #[must_use]
    pub fn networks(&self, role: &str) -> &[Option<Network<'a>>] {
        self.networks.get(role).map_or(&[], Vec::as_slice)
    }
}

fn yardstick<'a>(measure: &'a Measure, index: usize, peers: &PeerTable) -> Benchmark<'a> {
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

fn network<'a>(yardstick: &Benchmark<'a>, role: &str, peers: &'a PeerTable) -> Option<Network<'a>> {
    let column = yardstick.columns[window_index(yardstick.measure.definition.window)]?;
    let found = peers.place(role, Level::Network, NETWORK)?.group(column)?;
    Some(Network::new(yardstick.measure, found))
}
