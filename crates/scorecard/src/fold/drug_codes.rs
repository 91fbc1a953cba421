//! Numbers for the drug codes of facts, and the definitions of the resources that prescriptions refer to.
//!
//! A fact holds the number of a target code, or the number of a reference, such as `Medication/1` of its feed. The number of a
//! reference represents the code of its newest definition; without one it represents an unmapped drug.

use std::sync::Arc;

use crate::event::{CodeDefinition, Codes, Prescription};
use crate::fold::code_counts::CodeCounts;
use crate::fold::contributions::Contributions;
use crate::fold::fast_map::FastMap;
use crate::measure::code_book::DrugMeaning;
use crate::measure::measure_set::MeasureSet;
use crate::time::calendar::Month;

/// The number of an unmapped drug.
pub(crate) const UNMAPPED: u32 = 0;
/// The number of a known code that is no drug of the classification.
const NO_DRUG: u32 = 1;

/// Most unmapped codings in memory; the book is asked again for further ones.
const MOST_UNMAPPED: usize = 1 << 16;

/// A reference of a feed.
#[derive(Debug)]
struct Reference {
    number: u32,
    /// Version of its newest definition. `None` before the first one.
    version: Option<u64>,
    /// The latest month in which an event or a definition named it.
    named: Month,
}

/// A reference whose code changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redefinition {
    /// The number of the reference.
    pub reference: u32,
    /// The number of the code that it represents from now on.
    pub code: u32,
    /// The slots that may hold facts with this reference. `None` means any slot.
    pub slots: Option<Vec<u32>>,
}

/// Numbers of codes and references.
#[derive(Debug)]
pub(crate) struct DrugCodes {
    measures: Arc<MeasureSet>,
    /// Numbers by coding as sent.
    codings: FastMap<Box<str>, u32>,
    /// Number of unmapped codings in `codings`.
    unmapped: usize,
    /// Numbers by target code.
    targets: FastMap<Box<str>, u32>,
    /// The number of the code that each number represents; a code represents itself.
    codes: Vec<u32>,
    /// References by the feed's interned number.
    references: FastMap<u32, FastMap<Box<str>, Reference>>,
    /// Slots of facts by the number of a reference without a definition.
    waiting: FastMap<u32, Vec<u32>>,
    /// Numbers of forgotten references.
    free: Vec<u32>,
    counts: CodeCounts,
    /// Prescriptions with an unmapped drug, by the feed's interned number.
    unmapped_by_feed: FastMap<u32, u64>,
}

impl DrugCodes {
    /// No codes but [`UNMAPPED`] and the one of known codes that are no drugs.
    pub(crate) fn new(measures: &Arc<MeasureSet>, contributions: &mut Contributions) -> DrugCodes {
        let mut codes = DrugCodes {
            measures: measures.clone(),
            codings: FastMap::default(),
            unmapped: 0,
            targets: FastMap::default(),
            codes: Vec::new(),
            references: FastMap::default(),
            waiting: FastMap::default(),
            free: Vec::new(),
            counts: CodeCounts::default(),
            unmapped_by_feed: FastMap::default(),
        };
        codes.add(None, contributions);
        codes.add(None, contributions);
        codes
    }

    /// The number of a prescription's code: its own codings count first, then its reference.
    pub(crate) fn number(&mut self, drug: &Prescription<'_>, feed: u32, now: Month, contributions: &mut Contributions) -> u32 {
        let own = self.number_of(&drug.drug, contributions);
        let number = match &drug.reference {
            Some(reference) if own == UNMAPPED => self.reference(feed, reference, now, contributions),
            _ => own,
        };
        self.counts.prescriptions += 1;
        if self.code(number) == UNMAPPED {
            self.counts.add_unmapped(drug);
            *self.unmapped_by_feed.entry(feed).or_default() += 1;
        }
        number
    }

    /// The prescriptions so far, and those with an unmapped drug.
    pub(crate) fn counts(&self) -> &CodeCounts {
        &self.counts
    }

    /// The prescriptions with an unmapped drug, by the feed's interned number.
    pub(crate) fn unmapped_by_feed(&self) -> &FastMap<u32, u64> {
        &self.unmapped_by_feed
    }

    /// The first coding with a code decides, else one that is known.
    fn number_of(&mut self, codes: &Codes<'_>, contributions: &mut Contributions) -> u32 {
        let mut number = UNMAPPED;
        for coding in codes.iter() {
            match self.number_of_coding(coding, contributions) {
                UNMAPPED => {}
                NO_DRUG => number = NO_DRUG,
                code => return code,
            }
        }
        number
    }

    fn number_of_coding(&mut self, coding: &str, contributions: &mut Contributions) -> u32 {
        if let Some(&number) = self.codings.get(coding) {
            return number;
        }
        let measures = self.measures.clone();
        let number = match measures.codes().drug_of(coding) {
            DrugMeaning::Unmapped => UNMAPPED,
            DrugMeaning::NoDrug => NO_DRUG,
            DrugMeaning::Code(target) => match self.targets.get(target) {
                Some(&number) => number,
                None => {
                    let number = self.add(Some(target), contributions);
                    self.targets.insert(target.into(), number);
                    number
                }
            },
        };
        if number != UNMAPPED || self.unmapped < MOST_UNMAPPED {
            self.unmapped += usize::from(number == UNMAPPED);
            self.codings.insert(coding.into(), number);
        }
        number
    }

    /// Gives a code the next number and resolves it against the measures.
    fn add(&mut self, code: Option<&str>, contributions: &mut Contributions) -> u32 {
        let number = u32::try_from(contributions.codes()).expect("fewer than 4 billion codes");
        contributions.add_code(code);
        self.codes.push(number);
        number
    }

    /// The number of a reference. A new one waits for its definition.
    fn reference(&mut self, feed: u32, name: &str, now: Month, contributions: &mut Contributions) -> u32 {
        let known = self.references.entry(feed).or_default();
        if let Some(reference) = known.get_mut(name) {
            reference.named = reference.named.max(now);
            return reference.number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            let number = u32::try_from(contributions.codes()).expect("fewer than 4 billion codes");
            contributions.add_reference();
            self.codes.push(UNMAPPED);
            number
        });
        known.insert(name.into(), Reference { number, version: None, named: now });
        self.waiting.insert(number, Vec::new());
        number
    }

    /// Stores a definition that is newer than the known one. Returns the change if the reference represents another code then.
    pub(crate) fn define(
        &mut self,
        feed: u32,
        definition: &CodeDefinition<'_>,
        now: Month,
        contributions: &mut Contributions,
    ) -> Option<Redefinition> {
        let number = self.reference(feed, &definition.reference, now, contributions);
        let reference = self.references.get_mut(&feed)?.get_mut(&*definition.reference)?;
        if reference.version.is_some_and(|held| held >= definition.version) {
            return None;
        }
        reference.version = Some(definition.version);
        let slots = self.waiting.remove(&number);
        let code = self.number_of(&definition.codes, contributions);
        (self.codes[number as usize] != code).then_some(Redefinition { reference: number, code, slots })
    }

    /// Gives a reference another code.
    pub(crate) fn redefine(&mut self, change: &Redefinition) {
        self.codes[change.reference as usize] = change.code;
    }

    /// The number of the code that a number represents.
    pub(crate) fn code(&self, number: u32) -> u32 {
        self.codes[number as usize]
    }

    /// Whether any reference has no definition.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Stores that the fact in this slot has this number, if it is a reference without a definition.
    pub(crate) fn wait(&mut self, number: u32, slot: u32) {
        if let Some(slots) = self.waiting.get_mut(&number) {
            slots.push(slot);
        }
    }

    /// Whether any feed has a reference.
    pub(crate) fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    /// Forgets references that no fact holds and nothing has named since before `open_from`. `held` gives slot and number of each
    /// prescription.
    pub(crate) fn forget(&mut self, open_from: Month, held: impl Iterator<Item = (u32, u32)>) {
        self.waiting.values_mut().for_each(Vec::clear);
        let mut used = vec![false; self.codes.len()];
        for (slot, number) in held {
            used[number as usize] = true;
            self.wait(number, slot);
        }
        let DrugCodes { references, waiting, free, codes, .. } = self;
        for known in references.values_mut() {
            known.retain(|_, reference| {
                let stays = used[reference.number as usize] || reference.named >= open_from;
                if !stays {
                    waiting.remove(&reference.number);
                    codes[reference.number as usize] = UNMAPPED;
                    free.push(reference.number);
                }
                stays
            });
        }
        references.retain(|_, known| !known.is_empty());
        // The order of a hash map must decide nothing, not even the number of the next reference.
        free.sort_unstable();
    }
}
