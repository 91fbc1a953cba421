//! Facts: the newest version of each event in 56 bytes, and the store that finds a fact by its identity.

use crate::event::{Action, Attendance, Exclusion, Source};
use crate::fold::case_mix_cell::CaseMixCell;
use crate::fold::content::FactKind;
use crate::fold::counted_patient::CountedPatient;
use crate::fold::fact_index::{Hash, Index};
use crate::fold::packed_content::PackedContent;
use crate::fold::signs::Signs;
use crate::fold::slab::Slab;
use crate::time::calendar::{Day, Month};

/// Identity of an event: a 128-bit keyed hash of (feed, id), or of (feed, kind, id) where ids are unique for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(pub [u64; 2]);

/// The contributions of a fact that count in its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Its activity counts.
    pub activity: bool,
    /// Its attendance counts.
    pub attendance: bool,
    /// A finished visit shows that the patient attended, whatever status the appointment has.
    pub came: bool,
}

/// The place of a fact among the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In no row.
    Nowhere,
    /// In no row, because its clinician is unknown.
    Unattributed,
    /// In a row that is now sealed.
    Sealed,
    /// In the row of this slot.
    Row(u32),
}

/// The newest version of an event: 56 bytes, aligned to 4. Memory of a deployment grows with this size times its facts.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(crate) struct Fact {
    id: FactId,
    rank: u64,
    pub content: PackedContent,
    /// Hash of all content except patient, `recorded_at` and civil days.
    pub content_hash: u32,
    /// Interned number of the event's own feed, clinician and practice.
    pub unit: u32,
    place: u32,
    day: i32,
    flags: u32,
    arrived: u16,
    /// Signs of the patient, own case-mix cell, and the cell in which the fact counts.
    patient: u16,
}

const _: () = assert!(size_of::<Fact>() == 56, "a fact is 56 bytes");

// Values of a fact's place that are not a row's slot.
const NOWHERE: u32 = u32::MAX;
const UNATTRIBUTED: u32 = u32::MAX - 1;
const SEALED: u32 = u32::MAX - 2;
/// Most rows that a fact can address.
pub(crate) const MOST_ROWS: u32 = u32::MAX - 3;
const NO_DAY: i32 = i32::MIN;

// The flags of a fact: the lowest bits are its traits.
const TRAITS: u32 = 0x7ff;
const ACTIVITY: u32 = 1 << 11;
const ATTENDANCE: u32 = 1 << 12;
const CAME: u32 = 1 << 13;
const SHAPE: u32 = ACTIVITY | ATTENDANCE | CAME;
const HAS_LINK: u32 = 1 << 14;
const HAS_PCA: u32 = 1 << 15;
/// It counts in no row, whatever its clinician and month are.
const COUNTLESS: u32 = 1 << 16;
/// The slot holds no fact.
const VACANT: u32 = 1 << 17;

// The bits of a fact's patient: four signs, then two cells of five bits each.
const CELL_BITS: u32 = 5;
const CELL_MASK: u16 = (1 << CELL_BITS) - 1;
const OWN_CELL: u32 = 4;
const CELL: u32 = OWN_CELL + CELL_BITS;

/// The properties that decide how the tally treats a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    pub kind: FactKind,
    pub action: Action,
    pub exclude: Option<Exclusion>,
    pub source: Source,
    pub status: Attendance,
}

impl Traits {
    pub(crate) fn new(kind: FactKind, action: Action, exclude: Option<Exclusion>) -> Traits {
        Traits { kind, action, exclude, source: Source::Whole, status: Attendance::Unknown }
    }

    /// The traits in 11 bits.
    pub(crate) fn packed(self) -> u32 {
        let exclude = match self.exclude {
            None => 0,
            Some(Exclusion::Admin) => 1,
            Some(Exclusion::Test) => 2,
        };
        self.kind as u32 | (self.action as u32) << 3 | (self.source as u32) << 5 | (self.status as u32) << 7 | exclude << 9
    }
}

fn kind_of(packed: u32) -> FactKind {
    match packed & 7 {
        0 => FactKind::Encounter,
        1 => FactKind::Prescription,
        2 => FactKind::Feedback,
        3 => FactKind::Order,
        _ => FactKind::Observation,
    }
}

fn action_of(packed: u32) -> Action {
    match packed >> 3 & 3 {
        0 => Action::Record,
        1 => Action::Hold,
        _ => Action::Retract,
    }
}

fn source_of(packed: u32) -> Source {
    match packed >> 5 & 3 {
        0 => Source::Whole,
        1 => Source::Visit,
        _ => Source::Slot,
    }
}

fn status_of(packed: u32) -> Attendance {
    match packed >> 7 & 3 {
        0 => Attendance::Attended,
        1 => Attendance::Noshow,
        _ => Attendance::Unknown,
    }
}

fn exclude_of(packed: u32) -> Option<Exclusion> {
    match packed >> 9 & 3 {
        0 => None,
        1 => Some(Exclusion::Admin),
        _ => Some(Exclusion::Test),
    }
}

impl Fact {
    pub(crate) fn new(id: FactId, rank: u64, content_hash: u32, unit: u32, traits: Traits, content: PackedContent) -> Fact {
        let flags = traits.packed() & TRAITS;
        Fact { id, rank, content, content_hash, unit, place: NOWHERE, day: NO_DAY, flags, arrived: 0, patient: 0 }
    }

    /// The signs of its patient.
    pub(crate) fn signs(&self) -> Signs {
        Signs::of_byte(self.patient.to_le_bytes()[0])
    }

    /// Its patient, as its row counts it.
    pub(crate) fn patient(&self) -> CountedPatient {
        CountedPatient { signs: self.signs(), cell: self.cell() }
    }

    /// Stores the signs of its patient and its own case-mix cell, in which it counts until a link gives another.
    pub(crate) fn set_patient(&mut self, signs: Signs, cell: Option<CaseMixCell>) {
        let cell = packed_cell(cell);
        self.patient = u16::from(signs.bits()) | cell << OWN_CELL | cell << CELL;
    }

    /// Its own case-mix cell.
    pub(crate) fn own_cell(&self) -> Option<CaseMixCell> {
        cell_of(self.patient >> OWN_CELL)
    }

    /// The case-mix cell in which it counts: its own, else that of its encounter.
    pub(crate) fn cell(&self) -> Option<CaseMixCell> {
        cell_of(self.patient >> CELL)
    }

    pub(crate) fn set_cell(&mut self, cell: Option<CaseMixCell>) {
        self.patient = self.patient & !(CELL_MASK << CELL) | packed_cell(cell) << CELL;
    }

    pub(crate) fn id(&self) -> FactId {
        self.id
    }

    pub(crate) fn rank(&self) -> u64 {
        self.rank
    }

    /// Raises the rank to this one if it is lower.
    pub(crate) fn raise_rank(&mut self, rank: u64) {
        self.rank = self.rank.max(rank);
    }

    pub(crate) fn kind(&self) -> FactKind {
        kind_of(self.flags)
    }

    pub(crate) fn action(&self) -> Action {
        action_of(self.flags)
    }

    pub(crate) fn source(&self) -> Source {
        source_of(self.flags)
    }

    pub(crate) fn status(&self) -> Attendance {
        status_of(self.flags)
    }

    pub(crate) fn exclude(&self) -> Option<Exclusion> {
        exclude_of(self.flags)
    }

    pub(crate) fn day(&self) -> Option<Day> {
        (self.day != NO_DAY).then_some(Day(self.day))
    }

    pub(crate) fn set_day(&mut self, day: Option<Day>) {
        self.day = day.map_or(NO_DAY, |d| d.0);
    }

    pub(crate) fn place(&self) -> Place {
        match self.place {
            NOWHERE => Place::Nowhere,
            UNATTRIBUTED => Place::Unattributed,
            SEALED => Place::Sealed,
            row => Place::Row(row),
        }
    }

    pub(crate) fn set_place(&mut self, place: Place) {
        self.place = match place {
            Place::Nowhere => NOWHERE,
            Place::Unattributed => UNATTRIBUTED,
            Place::Sealed => SEALED,
            Place::Row(row) => row,
        };
    }

    pub(crate) fn shape(&self) -> Shape {
        let has = |flag| self.flags & flag != 0;
        Shape { activity: has(ACTIVITY), attendance: has(ATTENDANCE), came: has(CAME) }
    }

    pub(crate) fn set_shape(&mut self, shape: Shape) {
        let flag = |set: bool, flag| if set { flag } else { 0 };
        let set = flag(shape.activity, ACTIVITY) | flag(shape.attendance, ATTENDANCE) | flag(shape.came, CAME);
        self.flags = self.flags & !SHAPE | set;
    }

    /// The month in which its newest version was appended. Years above 5460 count as 5460.
    pub(crate) fn arrived(&self) -> Month {
        Month(i32::from(self.arrived))
    }

    pub(crate) fn set_arrived(&mut self, month: Month) {
        self.arrived = u16::try_from(month.0.max(0)).unwrap_or(u16::MAX);
    }

    pub(crate) fn has_link(&self) -> bool {
        self.flags & HAS_LINK != 0
    }

    pub(crate) fn has_pca(&self) -> bool {
        self.flags & HAS_PCA != 0
    }

    pub(crate) fn mark_link(&mut self) {
        self.flags |= HAS_LINK;
    }

    pub(crate) fn mark_pca(&mut self) {
        self.flags |= HAS_PCA;
    }

    /// Whether it counts in no row: an observation, an order whose category no code tells, answers to unknown questions.
    pub(crate) fn is_countless(&self) -> bool {
        self.flags & COUNTLESS != 0
    }

    pub(crate) fn mark_countless(&mut self) {
        self.flags |= COUNTLESS;
    }
}

/// A cell in five bits; 0 is unknown.
fn packed_cell(cell: Option<CaseMixCell>) -> u16 {
    cell.map_or(0, |cell| u16::from(cell.number()) + 1)
}

fn cell_of(packed: u16) -> Option<CaseMixCell> {
    (packed & CELL_MASK).checked_sub(1).and_then(|cell| CaseMixCell::of_number(cell.to_le_bytes()[0]))
}

/// Facts by slot and by identity.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    blocks: Slab<Fact>,
    index: Index,
}

/// Facts inserted into a new index together.
const REINDEXED: usize = 64;

/// The identity is already a keyed hash, so its words serve as the hash.
fn hash_of(id: FactId) -> Hash {
    Hash { place: id.0[0], tag: id.0[1].to_le_bytes()[0] }
}

impl Facts {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn find(&self, id: FactId) -> Option<u32> {
        self.index.find(hash_of(id), |slot| self.get(slot).id() == id)
    }

    /// Loads the index bucket of this identity into the processor's cache. The caller must use the result, or the read is optimised
    /// away.
    pub(crate) fn touch(&self, id: FactId) -> u32 {
        self.index.touch(hash_of(id))
    }

    pub(crate) fn get(&self, slot: u32) -> &Fact {
        self.blocks.get(slot)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Fact {
        self.blocks.get_mut(slot)
    }

    /// Stores a fact with a new identity and returns its slot.
    pub(crate) fn insert(&mut self, fact: Fact) -> u32 {
        let slot = self.blocks.put(fact);
        if self.index.is_full() {
            self.grow_index(slot);
        }
        self.index.insert(hash_of(fact.id), slot);
        slot
    }

    /// Grows the index and inserts all facts except the one in this slot.
    fn grow_index(&mut self, but: u32) {
        self.index.grow();
        let held = self.blocks.slots().filter(|(slot, fact)| *slot != but && fact.flags & VACANT == 0);
        let mut held = held.map(|(slot, fact)| (hash_of(fact.id), slot)).peekable();
        let mut next = Vec::with_capacity(REINDEXED);
        while held.peek().is_some() {
            next.extend(held.by_ref().take(REINDEXED));
            // Touched together, so that the waits for memory overlap.
            std::hint::black_box(next.iter().fold(0, |touched, &(hash, _)| touched ^ self.index.touch(hash)));
            next.drain(..).for_each(|(hash, slot)| self.index.insert(hash, slot));
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        if self.index.remove(hash_of(self.get(slot).id), slot) {
            self.get_mut(slot).flags |= VACANT;
            self.blocks.free(slot);
        }
    }

    /// All slots in use, in order of the slot.
    pub(crate) fn slots(&self) -> Vec<u32> {
        self.blocks.slots().filter(|(_, fact)| fact.flags & VACANT == 0).map(|(slot, _)| slot).collect()
    }

    /// Bytes of the facts and their index.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.bytes() + self.index.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Sex;

    #[test]
    fn traits_survive_packing() {
        for kind in [FactKind::Encounter, FactKind::Prescription, FactKind::Feedback, FactKind::Order, FactKind::Observation] {
            for action in [Action::Record, Action::Hold, Action::Retract] {
                for exclude in [None, Some(Exclusion::Admin), Some(Exclusion::Test)] {
                    for source in [Source::Whole, Source::Visit, Source::Slot] {
                        for status in [Attendance::Attended, Attendance::Noshow, Attendance::Unknown] {
                            let traits = Traits { kind, action, exclude, source, status };
                            let fact = Fact::new(FactId([0; 2]), 2, 0, 0, traits, PackedContent::default());
                            let kept = (fact.kind(), fact.action(), fact.exclude(), fact.source(), fact.status());
                            assert_eq!(kept, (kind, action, exclude, source, status));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn signs_and_cells_survive_packing() {
        let traits = Traits::new(FactKind::Order, Action::Record, None);
        let mut fact = Fact::new(FactId([0; 2]), 2, 0, 0, traits, PackedContent::default());
        for signs in 0..16 {
            for band in (0..19).map(Some).chain([None]) {
                let own = CaseMixCell::of(band, Some(Sex::Male));
                fact.set_patient(Signs::of_byte(0xf0 | signs), own);
                assert_eq!((fact.signs(), fact.own_cell(), fact.cell()), (Signs::of_byte(signs), own, own));
                let linked = CaseMixCell::of(Some(18), Some(Sex::Female));
                fact.set_cell(linked);
                assert_eq!((fact.signs(), fact.own_cell(), fact.cell()), (Signs::of_byte(signs), own, linked));
            }
        }
    }

    #[test]
    fn a_removed_slot_is_used_again_and_no_longer_found() {
        let mut facts = Facts::default();
        let fact = |n| {
            Fact::new(FactId([n << 48, n]), 2, 0, 0, Traits::new(FactKind::Order, Action::Record, None), PackedContent::default())
        };
        let slots: Vec<u32> = (0..40_000).map(|n| facts.insert(fact(n))).collect();
        facts.remove(slots[7]);
        assert_eq!(facts.find(FactId([7 << 48, 7])), None);
        assert_eq!(facts.insert(fact(99_999)), slots[7]);
        assert_eq!(facts.len(), 40_000);
        assert_eq!(facts.find(FactId([8 << 48, 8])), Some(slots[8]));
    }
}
