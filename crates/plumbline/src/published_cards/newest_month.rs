//! The newest published month over all clinicians, for the metrics: deciles of each measure, and the number of cards with each verdict.
//! The index updates it with each published card and peer group, for one month at a time.

use std::collections::BTreeMap;

use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{Content, Scorecard, Status, VerdictWord};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::time::calendar::Month;

use crate::published_cards::card_key::CardKey;

/// The prefix of the roles of roll-ups.
const ROLL_UP: &str = "rollup:";

/// All verdicts, with their words on a card.
pub const VERDICTS: [(VerdictWord, &str); 10] = [
    (VerdictWord::PleaseCheck, "please_check"),
    (VerdictWord::WorthALook, "worth_a_look"),
    (VerdictWord::NoEvidence, "no_evidence"),
    (VerdictWord::InLine, "in_line"),
    (VerdictWord::BetterThanMost, "better_than_most"),
    (VerdictWord::Higher, "higher"),
    (VerdictWord::Lower, "lower"),
    (VerdictWord::TooFewToTell, "too_few_to_tell"),
    (VerdictWord::WideDifferences, "wide_differences"),
    (VerdictWord::Mixed, "mixed"),
];

/// The distribution of a measure over the clinicians of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Id of the measure.
    pub measure: String,
    /// Role of the clinicians.
    pub role: String,
    /// First decile, median and ninth decile, in the measure's unit.
    pub deciles: [f64; 3],
}

/// The newest month with a card or a peer group.
#[derive(Debug, Default)]
pub struct NewestMonth {
    month: Option<Month>,
    measures: Vec<String>,
    verdicts: BTreeMap<CardKey, Vec<(u16, VerdictWord)>>,
    roles: BTreeMap<CardKey, String>,
    groups: BTreeMap<(String, u8, String), [f64; 3]>,
}

impl NewestMonth {
    /// Adds a revision. Roll-ups are left out, because they count a clinician twice.
    pub fn card(&mut self, key: &CardKey, card: &Scorecard) {
        if key.practice.is_empty() || !self.is_newest(key.month) {
            return;
        }
        if card.content.status == Status::Withdrawn {
            self.verdicts.remove(key);
            self.roles.remove(key);
        } else {
            self.roles.insert(key.clone(), card.content.subject.role.clone());
            let verdicts = self.verdicts_of(&card.content);
            self.verdicts.insert(key.clone(), verdicts);
        }
    }

    /// Adds a peer group.
    pub fn group(&mut self, group: &PeerGroup) {
        let key = &group.key;
        if key.role.starts_with(ROLL_UP) || !self.is_newest(key.month) {
            return;
        }
        let key = (key.measure.to_string(), key.window, key.role.to_string());
        match group.deciles.as_slice() {
            [p10, _, _, _, p50, _, _, _, p90] => {
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

    /// The number of cards with each of [`VERDICTS`], by measure. Measures without a comparison are left out.
    #[must_use]
    pub fn by_verdict(&self) -> BTreeMap<&str, [u64; VERDICTS.len()]> {
        let mut counts: BTreeMap<&str, [u64; VERDICTS.len()]> = BTreeMap::new();
        for (measure, verdict) in self.verdicts.values().flatten() {
            let index = VERDICTS.iter().position(|(one, _)| one == verdict).expect("all verdicts are listed");
            counts.entry(&self.measures[usize::from(*measure)]).or_default()[index] += 1;
        }
        counts
    }

    /// The number of cards of each role in which any measure is compared, and of those in which none is.
    #[must_use]
    pub fn by_role(&self) -> BTreeMap<&str, [u64; 2]> {
        let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for (key, role) in &self.roles {
            let compared =
                self.verdicts.get(key).is_some_and(|verdicts| verdicts.iter().any(|(_, verdict)| *verdict != VerdictWord::Mixed));
            counts.entry(role).or_default()[usize::from(!compared)] += 1;
        }
        counts
    }

    /// The verdicts of a card, with numbers for measures: thirty names on each of many cards would fill the memory.
    fn verdicts_of(&mut self, content: &Content) -> Vec<(u16, VerdictWord)> {
        let mut verdicts = Vec::new();
        for measure in &content.measures {
            let Some(verdict) = measure.verdict else { continue };
            let known = self.measures.iter().position(|id| **id == *measure.id);
            let number = known.unwrap_or_else(|| {
                self.measures.push(measure.id.to_string());
                self.measures.len() - 1
            });
            verdicts.push((u16::try_from(number).expect("a measure set has fewer measures"), verdict));
        }
        verdicts
    }

    /// Whether a month is the newest. A newer one than before drops the state of the older.
    fn is_newest(&mut self, month: Month) -> bool {
        if self.month.is_none_or(|newest| newest < month) {
            *self = NewestMonth { month: Some(month), ..NewestMonth::default() };
        }
        self.month == Some(month)
    }
}
