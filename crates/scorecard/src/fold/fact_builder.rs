//! Builds a fact from an event: its identity, the hash of its content, and the content itself.

use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::event::{Detail, Event, Feedback, IdScope, Mode, ObservedValue, Order};
use crate::fold::case_mix_cell::CaseMixCell;
use crate::fold::content::{Content, EncounterContent, FactKind, KINDS, PrescriptionContent};
use crate::fold::contributions::Contributions;
use crate::fold::drug_codes::DrugCodes;
use crate::fold::fact::{Fact, FactId, Traits};
use crate::fold::fast_map::FastMap;
use crate::fold::interner::Interner;
use crate::fold::signs::Signs;
use crate::fold::terms::Answers;
use crate::measure::code_book::Question;
use crate::measure::measure_set::{Class, MeasureSet};
use crate::time::calendar::Month;

/// Builds facts. Holds what does not fit into a fact: numbers of codes, and adjusted measures.
#[derive(Debug)]
pub(crate) struct FactBuilder {
    measures: Arc<MeasureSet>,
    identity_seed: u64,
    /// Numbers of drug codes.
    pub drugs: DrugCodes,
    pca: FastMap<FactId, Box<[u16]>>,
    /// Whether a measure that counts events of a kind adjusts for their patients.
    adjusted: [bool; KINDS],
}

/// The seeds of the identities of one feed, by kind of event. Where ids are unique in the feed they are all equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdSeeds([u64; KINDS]);

impl IdSeeds {
    /// The identity of an event of this kind.
    pub(crate) fn identity(&self, kind: FactKind, id: &str) -> FactId {
        let hash = xxh3_128_with_seed(id.as_bytes(), self.0[kind as usize]);
        let (high, low) = ((hash >> 64) as u64, hash & u128::from(u64::MAX));
        FactId([u64::try_from(low).expect("masked to 64 bits"), high])
    }

    /// The identity of the encounter that a link names.
    pub(crate) fn linked(&self, id: &str) -> FactId {
        self.identity(FactKind::Encounter, id)
    }
}

impl FactBuilder {
    pub(crate) fn new(measures: &Arc<MeasureSet>, identity_seed: u64, contributions: &mut Contributions) -> FactBuilder {
        let drugs = DrugCodes::new(measures, contributions);
        let adjusted = FactBuilder::adjusted_kinds(measures);
        FactBuilder { measures: measures.clone(), identity_seed, drugs, pca: FastMap::default(), adjusted }
    }

    fn adjusted_kinds(measures: &MeasureSet) -> [bool; KINDS] {
        let mut adjusted = [false; KINDS];
        adjusted[FactKind::Encounter as usize] = measures.adjusts(Class::Attendance) || measures.adjusts(Class::Activity);
        adjusted[FactKind::Prescription as usize] = measures.adjusts(Class::Prescription);
        adjusted[FactKind::Feedback as usize] = measures.adjusts(Class::Feedback);
        adjusted[FactKind::Order as usize] = measures.adjusts(Class::Order);
        adjusted
    }

    /// Whether a measure that counts facts of this kind adjusts for their patients.
    pub(crate) fn adjusts(&self, kind: FactKind) -> bool {
        self.adjusted[kind as usize]
    }

    /// The seeds of the identities of one feed.
    pub(crate) fn id_seeds(&self, feed: &str, ids: IdScope) -> IdSeeds {
        let of_feed = xxh3_64_with_seed(feed.as_bytes(), self.identity_seed);
        IdSeeds(std::array::from_fn(|kind| match ids {
            IdScope::Feed => of_feed,
            IdScope::Kind => xxh3_64_with_seed(&[kind.to_le_bytes()[0]], of_feed),
        }))
    }

    /// Every identity that an id of a feed can have, by the scope of the feed's ids and by kind.
    pub(crate) fn identities(&self, feed: &str, id: &str) -> Vec<FactId> {
        let of_kinds = self.id_seeds(feed, IdScope::Kind);
        let mut identities = vec![self.id_seeds(feed, IdScope::Feed).identity(FactKind::Encounter, id)];
        identities.extend(FactKind::ALL.map(|kind| of_kinds.identity(kind, id)));
        identities
    }

    /// The signs of an event's patient: those of the event, else the low four bits of the pseudonym's first byte, else those of
    /// XXH3-64 (seed 0) of the event's id.
    pub(crate) fn signs(event: &Event<'_>) -> Signs {
        let pseudonym = || event.patient.map(|patient| patient.0[0]);
        let of_id = || xxh3_64_with_seed(event.id.as_bytes(), 0).to_le_bytes()[0];
        Signs::of_byte(event.signs.or_else(pseudonym).unwrap_or_else(of_id))
    }

    /// The event's own case-mix cell.
    pub(crate) fn cell(event: &Event<'_>) -> Option<CaseMixCell> {
        CaseMixCell::of(event.age_band, event.sex)
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
            Detail::Observation(Some(o)) => {
                o.code.iter().for_each(|code| text(Some(code)));
                o.values.iter().for_each(|value| FactBuilder::observed(value, &mut text));
            }
            _ => {}
        }
        let mut bytes = [0; 64];
        for (to, number) in bytes.chunks_exact_mut(8).zip(FactBuilder::numbers(event)) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        u32::try_from(xxh3_64_with_seed(&bytes, hash) >> 32).expect("32 bits are left")
    }

    /// The parts of an observed value for a hash.
    fn observed(value: &ObservedValue<'_>, text: &mut dyn FnMut(Option<&str>)) {
        value.code.iter().for_each(|code| text(Some(code)));
        text(Some(&value.value_milli.to_string()));
        text(value.unit.as_deref());
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
            Detail::Observation(Some(o)) => [count(o.code.len()), count(o.values.len()), 0, 0, 0],
            _ => [-1; 5],
        };
        [head[0], head[1], head[2], tail[0], tail[1], tail[2], tail[3], tail[4]]
    }

    /// The kind of this event.
    pub(crate) fn kind(event: &Event<'_>) -> FactKind {
        match &event.detail {
            Detail::Encounter(_) => FactKind::Encounter,
            Detail::Prescription(_) => FactKind::Prescription,
            Detail::Feedback(_) => FactKind::Feedback,
            Detail::Order(_) => FactKind::Order,
            Detail::Observation(_) => FactKind::Observation,
        }
    }

    /// The traits of this event.
    pub(crate) fn traits(event: &Event<'_>) -> Traits {
        let mut traits = Traits::new(FactBuilder::kind(event), event.action, event.exclude);
        if let Detail::Encounter(Some(e)) = &event.detail {
            traits.source = e.source;
            traits.status = e.status;
        }
        traits
    }

    /// Whether an event's link can matter: for the day of feedback, a visit's slot, a missing clinician or practice, or the unknown age
    /// or sex of a patient for which a measure adjusts.
    pub(crate) fn needs_link(&self, event: &Event<'_>) -> bool {
        let adjusts = || FactBuilder::cell(event).is_none() && self.adjusts(FactBuilder::kind(event));
        match &event.detail {
            Detail::Encounter(_) | Detail::Feedback(_) => true,
            Detail::Prescription(_) | Detail::Order(_) => event.clinician.is_none() || event.practice.is_none() || adjusts(),
            Detail::Observation(_) => false,
        }
    }

    /// The content of this event of a feed in the month of its arrival.
    pub(crate) fn content(
        &mut self,
        event: &Event<'_>,
        (feed, arrived): (u32, Month),
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
                code: self.drugs.number(p, feed, arrived, contributions),
                quantity_milli: p.quantity_milli,
                cost_pence: p.cost_pence,
                adq_milli: p.adq_milli,
                items: p.items,
                repeat: p.repeat,
            }),
            Detail::Prescription(None) => Content::Prescription(PrescriptionContent::default()),
            Detail::Feedback(feedback) => {
                let given = feedback.as_ref().map(|feedback| self.answers(feedback)).unwrap_or_default();
                Content::Feedback { answers: answers.number(given) }
            }
            Detail::Order(order) => {
                let category = |order: &Order<'_>| self.measures.codes().category(&order.category, &order.code);
                Content::Order { category: order.as_ref().and_then(category) }
            }
            Detail::Observation(_) => Content::Observation,
        }
    }

    /// Answers by the words of measure files. The Friends and Family question may be among the items.
    fn answers(&self, feedback: &Feedback<'_>) -> Answers {
        let book = self.measures.codes();
        let mut given = Answers { answer: feedback.answer, items: Vec::new(), is_response: feedback.answer.is_some() };
        for (question, code) in &feedback.items {
            match book.question(question) {
                Question::FriendsAndFamily => {
                    given.answer = book.friends_and_family_answer(code).or(given.answer);
                    given.is_response = true;
                }
                // Answers to unknown questions can count nowhere. Without them there are few different sets of answers in memory.
                Question::Word(word) if book.names_question(question) || self.measures.asks(word) => {
                    given.is_response = true;
                    given.items.push((word.to_owned(), book.answer(word, code).to_owned()));
                }
                Question::Word(_) => {}
            }
        }
        given
    }

    /// Whether a fact with this content counts in no row.
    pub(crate) fn is_countless(content: &Content, answers: &Interner<Answers>) -> bool {
        match content {
            Content::Encounter(_) | Content::Prescription(_) => false,
            Content::Feedback { answers: number } => !answers.value(*number).is_response,
            Content::Order { category } => category.is_none(),
            Content::Observation => true,
        }
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
