//! Builds a fact from an event: its identity, the hash of its content, and the content itself.

use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::event::{Category, Detail, Event, Mode};
use crate::fold::content::{Content, EncounterContent, FactKind, PrescriptionContent};
use crate::fold::contributions::Contributions;
use crate::fold::fact::{Fact, FactId, Traits};
use crate::fold::fast_map::FastMap;
use crate::fold::interner::Interner;
use crate::fold::terms::Answers;
use crate::measure::measure_set::MeasureSet;

/// Builds facts. Holds what does not fit into a fact: numbers of codes, and adjusted measures.
#[derive(Debug)]
pub(crate) struct FactBuilder {
    measures: Arc<MeasureSet>,
    identity_seed: u64,
    codes: FastMap<Box<str>, u32>,
    pca: FastMap<FactId, Box<[u16]>>,
}

impl FactBuilder {
    pub(crate) fn new(measures: &Arc<MeasureSet>, identity_seed: u64) -> FactBuilder {
        FactBuilder { measures: measures.clone(), identity_seed, codes: FastMap::default(), pca: FastMap::default() }
    }

    /// The seed of the identities of one feed.
    pub(crate) fn feed_seed(&self, feed: &str) -> u64 {
        xxh3_64_with_seed(feed.as_bytes(), self.identity_seed)
    }

    /// The identity of an event of the feed with this seed.
    pub(crate) fn identity(&self, feed_seed: u64, id: &str) -> FactId {
        let hash = xxh3_128_with_seed(id.as_bytes(), feed_seed);
        let (high, low) = ((hash >> 64) as u64, hash & u128::from(u64::MAX));
        FactId([u64::try_from(low).expect("masked to 64 bits"), high])
    }

    /// 32 bits of a hash of all content except patient, `recorded_at` and civil days. Each part is hashed with the previous hash as its
    /// seed. Hashes are only compared within one process.
    pub(crate) fn content_hash(&self, event: &Event<'_>) -> u32 {
        let mut hash = self.identity_seed;
        let mut text = |text: Option<&str>| {
            // 0xff never occurs in UTF-8, so that no text has the hash of a missing one.
            hash = xxh3_64_with_seed(text.map_or(&b"\xff"[..], str::as_bytes), hash);
        };
        text(event.clinician.as_deref());
        text(event.practice.as_deref());
        text(event.link.as_deref());
        event.pca.iter().for_each(|id| text(Some(id)));
        match &event.detail {
            Detail::Encounter(Some(e)) => e.diagnoses.iter().for_each(|code| text(Some(code))),
            Detail::Prescription(Some(p)) => {
                p.drug.iter().for_each(|code| text(Some(code)));
                text(p.reference.as_deref());
            }
            Detail::Feedback(Some(f)) => f.items.iter().for_each(|(q, a)| {
                text(Some(q));
                text(Some(a));
            }),
            Detail::Order(Some(o)) => o.category.iter().chain(o.code.iter()).for_each(|code| text(Some(code))),
            _ => {}
        }
        let mut bytes = [0; 64];
        for (to, number) in bytes.chunks_exact_mut(8).zip(FactBuilder::numbers(event)) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        u32::try_from(xxh3_64_with_seed(&bytes, hash) >> 32).expect("32 bits are left")
    }

    fn numbers(event: &Event<'_>) -> [i64; 8] {
        let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let head = [
            i64::from(FactBuilder::traits(event).packed()),
            event.occurred_at.map_or(i64::MIN, |at| at.0),
            count(event.pca.len()),
        ];
        let optional = |number: Option<u32>| number.map_or(-1, i64::from);
        let tail = match &event.detail {
            Detail::Encounter(Some(e)) => {
                let booked = e.booked_at.map_or(i64::MIN, |at| at.0);
                [booked, optional(e.minutes), optional(e.planned_minutes), e.mode as i64, 0]
            }
            Detail::Prescription(Some(p)) => [
                optional(p.quantity_milli),
                i64::from(p.items) << 1 | i64::from(p.repeat),
                optional(p.cost_pence),
                optional(p.adq_milli),
                count(p.drug.len()),
            ],
            Detail::Feedback(Some(f)) => [f.answer.map_or(-1, |a| a as i64), 0, 0, 0, 0],
            Detail::Order(Some(o)) => [count(o.category.len()), count(o.code.len()), 0, 0, 0],
            _ => [-1; 5],
        };
        [head[0], head[1], head[2], tail[0], tail[1], tail[2], tail[3], tail[4]]
    }

    /// The traits of this event.
    pub(crate) fn traits(event: &Event<'_>) -> Traits {
        let kind = match &event.detail {
            Detail::Encounter(_) => FactKind::Encounter,
            Detail::Prescription(_) => FactKind::Prescription,
            Detail::Feedback(_) => FactKind::Feedback,
            Detail::Order(_) | Detail::Observation(_) => FactKind::Order,
        };
        let mut traits = Traits::new(kind, event.action, event.exclude);
        if let Detail::Encounter(Some(e)) = &event.detail {
            traits.source = e.source;
            traits.status = e.status;
        }
        traits
    }

    /// Whether an event's link can matter: for the day of feedback, a visit's slot, or a missing clinician or practice.
    pub(crate) fn needs_link(&self, event: &Event<'_>) -> bool {
        match &event.detail {
            Detail::Encounter(_) | Detail::Feedback(_) => true,
            Detail::Prescription(_) | Detail::Order(_) | Detail::Observation(_) => {
                event.clinician.is_none() || event.practice.is_none()
            }
        }
    }

    /// The content of this event.
    pub(crate) fn content(
        &mut self,
        event: &Event<'_>,
        contributions: &mut Contributions,
        answers: &mut Interner<Answers>,
    ) -> Content {
        match &event.detail {
            Detail::Encounter(Some(e)) => {
                let lag_days = e.booked_day.zip(event.day).map(|(booked, day)| day.0 - booked.0);
                Content::Encounter(EncounterContent {
                    mode: e.mode,
                    minutes: e.minutes,
                    planned_minutes: e.planned_minutes,
                    lag_days,
                })
            }
            Detail::Encounter(None) => {
                Content::Encounter(EncounterContent { mode: Mode::Other, minutes: None, planned_minutes: None, lag_days: None })
            }
            Detail::Prescription(Some(p)) => Content::Prescription(PrescriptionContent {
                code: self.code(p.drug.iter().find_map(|code| code.strip_prefix("bnf|")), contributions),
                quantity_milli: p.quantity_milli.unwrap_or(0),
                cost_pence: p.cost_pence.unwrap_or(0),
                adq_milli: p.adq_milli.unwrap_or(0),
                items: p.items,
                repeat: p.repeat,
            }),
            Detail::Prescription(None) => Content::Prescription(PrescriptionContent::default()),
            Detail::Feedback(feedback) => {
                let items = feedback.iter().flat_map(|f| &f.items).map(|(q, a)| (q.to_string(), a.to_string())).collect();
                let answer = feedback.as_ref().and_then(|f| f.answer);
                Content::Feedback { answers: answers.number(Answers { answer, items }) }
            }
            Detail::Order(order) => {
                let category = order.as_ref().and_then(|order| order.category.iter().find_map(|code| category_of(code)));
                Content::Order { category: category.unwrap_or(Category::Referral) }
            }
            Detail::Observation(_) => Content::Order { category: Category::Referral },
        }
    }

    /// The number of a code; 0 is an unmapped drug. Resolves a new code against the measures.
    fn code(&mut self, code: Option<&str>, contributions: &mut Contributions) -> u32 {
        let Some(code) = code else { return 0 };
        if let Some(&number) = self.codes.get(code) {
            return number;
        }
        let number = u32::try_from(contributions.codes()).expect("fewer than 4 billion codes");
        contributions.add_code(Some(code));
        self.codes.insert(code.into(), number);
        number
    }

    /// Stores the measures for which the patient is adjusted.
    pub(crate) fn keep_pca(&mut self, id: FactId, fact: &mut Fact, event: &Event<'_>) {
        if event.pca.is_empty() {
            return;
        }
        let known = event.pca.iter().filter_map(|m| self.measures.index_of(m));
        let indexes: Box<[u16]> = known.filter_map(|index| u16::try_from(index).ok()).collect();
        if !indexes.is_empty() {
            fact.mark_pca();
            self.pca.insert(id, indexes);
        }
    }

    pub(crate) fn forget_pca(&mut self, id: FactId) {
        if !self.pca.is_empty() {
            self.pca.remove(&id);
        }
    }

    /// Indexes of the measures for which this fact's patient is adjusted.
    pub(crate) fn pca(&self, fact: &Fact) -> &[u16] {
        if !fact.has_pca() {
            return &[];
        }
        self.pca.get(&fact.id()).map_or(&[], |indexes| indexes)
    }
}

fn category_of(code: &str) -> Option<Category> {
    match code.strip_prefix("plumbline|")? {
        "referral" => Some(Category::Referral),
        "test" => Some(Category::Test),
        "imaging" => Some(Category::Imaging),
        _ => None,
    }
}
