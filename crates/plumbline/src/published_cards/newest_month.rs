//! What the newest published month looks like over all clinicians, for the metrics: deciles of the network and how many stand in
//! which band. Kept from the cards and peer groups as they are published, for one month at a time.

use std::collections::BTreeMap;

use scorecard::card::peer_group::{Level, PeerGroup};
use scorecard::card::scorecard::{Band, Content, Scorecard, Status};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::time::calendar::Month;

use crate::published_cards::card_key::CardKey;

/// Deciles of fewer units than this would show single clinicians.
const SMALLEST_GROUP: u32 = 5;
/// Roles of roll-ups begin with this.
const ROLL_UP: &str = "rollup:";

/// All bands, from the lowest.
pub const BANDS: [(Band, &str); 5] = [
    (Band::FarBelow, "far_below"),
    (Band::Below, "below"),
    (Band::Within, "within"),
    (Band::Above, "above"),
    (Band::FarAbove, "far_above"),
];

/// What one role's values of a measure look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Id of the measure.
    pub measure: String,
    /// Role of the units.
    pub role: String,
    /// First decile, median and ninth decile, in the measure's unit.
    pub deciles: [f64; 3],
}

/// The newest month with a card or a peer group.
#[derive(Debug, Default)]
pub struct NewestMonth {
    month: Option<Month>,
    measures: Vec<String>,
    bands: BTreeMap<CardKey, Vec<(u16, Band)>>,
    groups: BTreeMap<(String, u8, String), [f64; 3]>,
}

impl NewestMonth {
    /// Takes in a revision. Roll-ups count a clinician twice and are left out.
    pub fn card(&mut self, key: &CardKey, card: &Scorecard) {
        if key.practice.is_empty() || !self.is_newest(key.month) {
            return;
        }
        if card.content.status == Status::Withdrawn {
            self.bands.remove(key);
        } else {
            let bands = self.bands_of(&card.content);
            self.bands.insert(key.clone(), bands);
        }
    }

    /// Takes in a peer group.
    pub fn group(&mut self, group: &PeerGroup) {
        let key = &group.key;
        if key.level != Level::Network || key.role.starts_with(ROLL_UP) || !self.is_newest(key.month) {
            return;
        }
        let key = (key.measure.to_string(), key.window, key.role.to_string());
        match group.deciles.as_slice() {
            [p10, _, _, _, p50, _, _, _, p90] if group.size >= SMALLEST_GROUP => {
                self.groups.insert(key, [*p10, *p50, *p90]);
            }
            _ => {
                self.groups.remove(&key);
            }
        }
    }

    /// Spreads of the headline windows of these measures, in order of measure and role.
    #[must_use]
    pub fn spreads(&self, measures: &MeasureSet) -> Vec<Spread> {
        let mut spreads = Vec::new();
        for measure in measures.measures() {
            let name = measure.name();
            let ours = self.groups.range((name.clone(), measure.definition.window, String::new())..);
            let ours = ours.take_while(|((id, window, _), _)| *id == name && *window == measure.definition.window);
            spreads.extend(ours.map(|((_, _, role), deciles)| Spread {
                measure: measure.definition.id.clone(),
                role: role.clone(),
                deciles: *deciles,
            }));
        }
        spreads
    }

    /// By measure how many cards stand in each of [`BANDS`]; measures without control limits are not there.
    #[must_use]
    pub fn in_bands(&self) -> BTreeMap<&str, [u64; 5]> {
        let mut counts: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
        for (measure, band) in self.bands.values().flatten() {
            let place = BANDS.iter().position(|(one, _)| one == band).expect("all bands are listed");
            counts.entry(&self.measures[usize::from(*measure)]).or_default()[place] += 1;
        }
        counts
    }

    /// Measures by their numbers here: a card has thirty, and there are many cards.
    fn bands_of(&mut self, content: &Content) -> Vec<(u16, Band)> {
        let mut bands = Vec::new();
        for measure in &content.measures {
            let Some(funnel) = measure.windows.iter().find_map(|window| window.funnel.as_ref()) else { continue };
            let known = self.measures.iter().position(|id| **id == *measure.id);
            let number = known.unwrap_or_else(|| {
                self.measures.push(measure.id.to_string());
                self.measures.len() - 1
            });
            bands.push((u16::try_from(number).expect("a measure set has fewer measures"), funnel.band));
        }
        bands
    }

    /// Whether a month is the newest there is; what was known of an older one is forgotten then.
    fn is_newest(&mut self, month: Month) -> bool {
        if self.month.is_none_or(|newest| newest < month) {
            *self = NewestMonth { month: Some(month), ..NewestMonth::default() };
        }
        self.month == Some(month)
    }
}
