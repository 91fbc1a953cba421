//! From sums to cards: the pure part of publish. A scorer knows measures, calendar and registry as of a cut; from the sums of all
//! units of a month it makes the peer groups, and from one unit's sums and the groups the content of its card.

use std::collections::BTreeMap;

use crate::calendar::Month;
use crate::card::{Content, Exposure, Period, Status, Subject};
use crate::comparison::Comparison;
use crate::directory::{Directory, UNKNOWN_ROLE};
use crate::entrants::{Entrant, peer_table};
use crate::giants::giants;
use crate::highlight::highlights;
use crate::measure::MeasureSet;
use crate::points::{by_domain, composite};
use crate::schedule::Schedule;
use crate::window_value::{card_measure, contribution};

pub use crate::fingerprint::{content_hash, month_sums, run_id, scorecard_id};
pub use crate::peer_table::PeerTable;
pub use crate::unit::{UnitKey, UnitMonth, WINDOWS};

/// Below this many attended encounters in 12 months composite and highlights are withheld.
pub const LEAST_ENCOUNTERS: i64 = 20;

/// Computes peer groups and cards as of one cut.
#[derive(Clone, Copy, Debug)]
pub struct Scorer<'a> {
    /// The measures, in the order of the sums.
    pub measures: &'a MeasureSet,
    /// Zone and ages of months.
    pub schedule: &'a Schedule,
    /// The registry as of the cut.
    pub directory: &'a Directory,
}

impl Scorer<'_> {
    /// Whom a card of this unit is about, as of the month's last day.
    #[must_use]
    pub fn subject(&self, key: &UnitKey, month: Month) -> Subject {
        let day = month.last_day();
        let standing = self.directory.role_at(&key.person, &key.practice, day);
        let chain = self.directory.chain(&key.practice, day);
        Subject {
            clinician: key.person.clone(),
            role: standing.role.to_owned(),
            locum: standing.locum,
            practice: key.practice.clone(),
            pcn: chain.pcn.map(str::to_owned),
            locality: chain.locality.map(str::to_owned),
        }
    }

    /// The peer groups of a month for all measures, windows, roles and levels. `units` are all units with a card for it.
    #[must_use]
    pub fn peers(&self, month: Month, units: &BTreeMap<UnitKey, UnitMonth>) -> PeerTable {
        let day = month.last_day();
        let in_scope = |unit: &&UnitMonth| unit.has_card() && self.directory.in_scope(&unit.key.practice, day);
        let entrant = |unit| Entrant { unit, subject: self.subject(&unit.key, month) };
        let entrants: Vec<Entrant<'_>> = units.values().filter(in_scope).map(entrant).collect();
        peer_table(self.measures, month, &entrants)
    }

    /// The content of a unit's card against these peers. `status` is any but [`Status::Withdrawn`], whose content is
    /// [`Scorer::withdrawn`].
    #[must_use]
    pub fn content(&self, unit: &UnitMonth, month: Month, status: Status, peers: &PeerTable) -> Content {
        let subject = self.subject(&unit.key, month);
        let comparison = Comparison::of(&subject, peers);
        let set = self.measures.measures();
        let measures: Vec<_> = (0..).zip(set).map(|(index, measure)| card_measure(measure, index, unit, &comparison)).collect();
        let contributions: Vec<_> = set.iter().zip(&measures).map(|(measure, card)| contribution(measure, card)).collect();
        let year = &unit.windows[WINDOWS.len() - 1];
        let enough = year.base.encounters >= LEAST_ENCOUNTERS;
        Content {
            period: self.period(month),
            status,
            exposure: exposure(unit),
            domains: by_domain(&contributions),
            composite: enough.then(|| composite(&contributions)),
            giants: Some(giants(self.measures, year, &measures)),
            highlights: if enough { highlights(&measures) } else { Vec::new() },
            measures,
            subject,
        }
    }

    /// The content of a card of which nothing is left: key and period, and nothing about the person.
    #[must_use]
    pub fn withdrawn(&self, key: &UnitKey, month: Month) -> Content {
        Content {
            subject: Subject {
                clinician: key.person.clone(),
                role: UNKNOWN_ROLE.to_owned(),
                locum: false,
                practice: key.practice.clone(),
                pcn: None,
                locality: None,
            },
            period: self.period(month),
            status: Status::Withdrawn,
            exposure: Vec::new(),
            measures: Vec::new(),
            domains: Vec::new(),
            composite: None,
            giants: None,
            highlights: Vec::new(),
        }
    }

    fn period(&self, month: Month) -> Period {
        let zone = &self.schedule.zone;
        Period { month, zone: zone.name().to_owned(), start: zone.start_of(month.first_day()), end: self.schedule.end_of(month) }
    }
}

fn exposure(unit: &UnitMonth) -> Vec<Exposure> {
    let of = |(window, sums): (u8, &crate::sums::Sums)| Exposure {
        window,
        encounters: sums.base.encounters,
        minutes: sums.base.minutes,
        items: sums.base.items,
        responses: sums.base.responses,
    };
    WINDOWS.into_iter().zip(&unit.windows).map(of).collect()
}
