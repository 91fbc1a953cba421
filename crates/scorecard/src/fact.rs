//! Facts: what the tally keeps of the newest version of each event, 64 bytes each, and the store that finds them by identity.

use hashbrown::HashTable;

use crate::calendar::{Day, Month};
use crate::event::{Action, Attendance, Exclusion, Mode, Source};

/// Identity of an event: a 128-bit keyed hash of (feed, id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FactId(pub [u64; 2]);

/// Which of the four kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    Encounter,
    Prescription,
    Feedback,
    Order,
}

/// Which contributions of a fact count where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// What was done counts.
    pub activity: bool,
    /// Whether the patient came counts.
    pub attendance: bool,
    /// A finished visit shows that the patient came, whatever the appointment says.
    pub came: bool,
}

/// Where a fact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In no row.
    Nowhere,
    /// In no row, because nobody is known to credit.
    Unattributed,
    /// In a row that is sealed by now.
    Sealed,
    /// In the row of this slot.
    Row(u32),
}

/// What is kept of an event. 64 bytes: a deployment's memory is this times its facts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fact {
    pub id: FactId,
    pub rank: u64,
    /// Of all content but patient, `recorded_at` and stamped days.
    pub check: u32,
    /// Own feed, clinician and practice, interned together.
    pub unit: u32,
    place: u32,
    day: i32,
    /// What the kind carries; see the accessors.
    pub words: [u32; 4],
    arrived: u16,
    flags: u16,
    /// Items of a prescription.
    pub items: u16,
    shape: u8,
    marks: u8,
}

const _: () = assert!(size_of::<Fact>() == 64, "a fact is 64 bytes");

const NOWHERE: u32 = u32::MAX;
const UNATTRIBUTED: u32 = u32::MAX - 1;
const SEALED: u32 = u32::MAX - 2;
/// So many rows can be addressed.
pub(crate) const MOST_ROWS: u32 = u32::MAX - 3;
const NO_DAY: i32 = i32::MIN;
const NO_MINUTES: u32 = u32::MAX;
const NO_LAG: u32 = u32::MAX;

const HAS_LINK: u8 = 1;
const HAS_PCA: u8 = 2;

/// The parts of a fact that are packed into its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    pub kind: FactKind,
    pub action: Action,
    pub exclude: Option<Exclusion>,
    pub source: Source,
    pub mode: Mode,
    pub status: Attendance,
    pub repeat: bool,
}

impl Traits {
    pub(crate) fn new(kind: FactKind, action: Action, exclude: Option<Exclusion>) -> Traits {
        Traits { kind, action, exclude, source: Source::Whole, mode: Mode::Other, status: Attendance::Unknown, repeat: false }
    }

    /// All of it in 14 bits.
    pub(crate) fn packed(self) -> u16 {
        let kind = self.kind as u16;
        let action = self.action as u16;
        let exclude = match self.exclude {
            None => 0,
            Some(Exclusion::Admin) => 1,
            Some(Exclusion::Test) => 2,
        };
        let source = self.source as u16;
        let mode = self.mode as u16;
        let status = self.status as u16;
        kind | action << 2 | exclude << 4 | source << 6 | mode << 8 | status << 11 | u16::from(self.repeat) << 13
    }

    fn unpack(flags: u16) -> Traits {
        Traits {
            kind: [FactKind::Encounter, FactKind::Prescription, FactKind::Feedback, FactKind::Order][usize::from(flags & 3)],
            action: match flags >> 2 & 3 {
                0 => Action::Record,
                1 => Action::Hold,
                _ => Action::Retract,
            },
            exclude: match flags >> 4 & 3 {
                0 => None,
                1 => Some(Exclusion::Admin),
                _ => Some(Exclusion::Test),
            },
            source: match flags >> 6 & 3 {
                0 => Source::Whole,
                1 => Source::Visit,
                _ => Source::Slot,
            },
            mode: match flags >> 8 & 7 {
                0 => Mode::FaceToFace,
                1 => Mode::Telephone,
                2 => Mode::Video,
                3 => Mode::Home,
                _ => Mode::Other,
            },
            status: match flags >> 11 & 3 {
                0 => Attendance::Attended,
                1 => Attendance::Noshow,
                _ => Attendance::Unknown,
            },
            repeat: flags >> 13 & 1 == 1,
        }
    }
}

impl Fact {
    pub(crate) fn new(id: FactId, rank: u64, check: u32, unit: u32, traits: Traits) -> Fact {
        Fact {
            id,
            rank,
            check,
            unit,
            place: NOWHERE,
            day: NO_DAY,
            words: [0; 4],
            arrived: 0,
            flags: traits.packed(),
            items: 0,
            shape: 0,
            marks: 0,
        }
    }

    pub(crate) fn traits(&self) -> Traits {
        Traits::unpack(self.flags)
    }

    pub(crate) fn action(&self) -> Action {
        self.traits().action
    }

    pub(crate) fn kind(&self) -> FactKind {
        self.traits().kind
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
        Shape { activity: self.shape & 1 != 0, attendance: self.shape & 2 != 0, came: self.shape & 4 != 0 }
    }

    pub(crate) fn set_shape(&mut self, shape: Shape) {
        self.shape = u8::from(shape.activity) | u8::from(shape.attendance) << 1 | u8::from(shape.came) << 2;
    }

    /// The month in which its newest version was appended. Years after 5460 count as 5460.
    pub(crate) fn arrived(&self) -> Month {
        Month(i32::from(self.arrived))
    }

    pub(crate) fn set_arrived(&mut self, month: Month) {
        self.arrived = u16::try_from(month.0.max(0)).unwrap_or(u16::MAX);
    }

    pub(crate) fn has_link(&self) -> bool {
        self.marks & HAS_LINK != 0
    }

    pub(crate) fn has_pca(&self) -> bool {
        self.marks & HAS_PCA != 0
    }

    pub(crate) fn mark_link(&mut self) {
        self.marks |= HAS_LINK;
    }

    pub(crate) fn mark_pca(&mut self) {
        self.marks |= HAS_PCA;
    }

    // An encounter's words: minutes, planned minutes, days from booking to slot.

    pub(crate) fn set_encounter(&mut self, minutes: Option<u32>, planned: Option<u32>, lag_days: Option<i32>) {
        self.words[0] = minutes.unwrap_or(NO_MINUTES);
        self.words[1] = planned.unwrap_or(NO_MINUTES);
        self.words[2] = lag_days.map_or(NO_LAG, i32::cast_unsigned);
    }

    pub(crate) fn minutes(&self) -> Option<u32> {
        (self.words[0] != NO_MINUTES).then_some(self.words[0])
    }

    pub(crate) fn planned_minutes(&self) -> Option<u32> {
        (self.words[1] != NO_MINUTES).then_some(self.words[1])
    }

    pub(crate) fn lag_days(&self) -> Option<i32> {
        (self.words[2] != NO_LAG).then(|| self.words[2].cast_signed())
    }

    // A prescription's words: code, quantity, cost, adq.

    pub(crate) fn quantity_milli(&self) -> i64 {
        i64::from(self.words[1])
    }

    pub(crate) fn cost_pence(&self) -> i64 {
        i64::from(self.words[2])
    }

    pub(crate) fn adq_milli(&self) -> i64 {
        i64::from(self.words[3])
    }
}

/// Facts by slot and by identity. Slots are reused. Blocks grow one by one and the index in parts, so that growing never copies all
/// facts, nor holds two whole indices at once.
#[derive(Debug)]
pub(crate) struct Facts {
    blocks: Vec<Vec<Fact>>,
    index: [HashTable<u32>; PARTS],
    held: usize,
    free: Vec<u32>,
}

const PARTS: usize = 64;

const BLOCK_BITS: u32 = 14;
const BLOCK: usize = 1 << BLOCK_BITS;

/// The identity is a keyed hash already: its first word is as good as any hash of it.
fn hash_of(id: FactId) -> u64 {
    id.0[0]
}

/// The part of the index that knows this identity.
fn part_of(id: FactId) -> usize {
    usize::from(id.0[1].to_le_bytes()[0]) % PARTS
}

impl Default for Facts {
    fn default() -> Facts {
        Facts { blocks: Vec::new(), index: std::array::from_fn(|_| HashTable::new()), held: 0, free: Vec::new() }
    }
}

impl Facts {
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    pub(crate) fn find(&self, id: FactId) -> Option<u32> {
        self.index[part_of(id)].find(hash_of(id), |&slot| self.get(slot).id == id).copied()
    }

    pub(crate) fn get(&self, slot: u32) -> &Fact {
        &self.blocks[(slot >> BLOCK_BITS) as usize][slot as usize & (BLOCK - 1)]
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Fact {
        &mut self.blocks[(slot >> BLOCK_BITS) as usize][slot as usize & (BLOCK - 1)]
    }

    /// Keeps a fact whose identity is not there yet.
    pub(crate) fn insert(&mut self, fact: Fact) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.get_mut(slot) = fact;
                slot
            }
            None => self.push(fact),
        };
        let blocks = &self.blocks;
        let hash = |&slot: &u32| hash_of(blocks[(slot >> BLOCK_BITS) as usize][slot as usize & (BLOCK - 1)].id);
        self.index[part_of(fact.id)].insert_unique(hash_of(fact.id), slot, hash);
        self.held += 1;
        slot
    }

    fn push(&mut self, fact: Fact) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.len() - 1;
        let last = self.blocks.last_mut().expect("a block was just pushed if there was none");
        last.push(fact);
        u32::try_from(block * BLOCK + last.len() - 1).expect("4 billion facts are 256 GiB: more than a partition holds")
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        let id = self.get(slot).id;
        if let Ok(entry) = self.index[part_of(id)].find_entry(hash_of(id), |&s| s == slot) {
            entry.remove();
            self.held -= 1;
            self.free.push(slot);
        }
    }

    /// All slots in use, in order of the slot.
    pub(crate) fn slots(&self) -> Vec<u32> {
        let mut slots: Vec<u32> = self.index.iter().flatten().copied().collect();
        slots.sort_unstable();
        slots
    }

    /// Bytes that the facts and their index take.
    pub(crate) fn bytes(&self) -> u64 {
        let index: usize = self.index.iter().map(HashTable::allocation_size).sum();
        (self.blocks.len() * BLOCK * size_of::<Fact>() + index + self.free.capacity() * 4) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_survive_packing() {
        for action in [Action::Record, Action::Hold, Action::Retract] {
            for exclude in [None, Some(Exclusion::Admin), Some(Exclusion::Test)] {
                for source in [Source::Whole, Source::Visit, Source::Slot] {
                    for mode in [Mode::FaceToFace, Mode::Telephone, Mode::Video, Mode::Home, Mode::Other] {
                        for status in [Attendance::Attended, Attendance::Noshow, Attendance::Unknown] {
                            for repeat in [true, false] {
                                let kind = FactKind::Feedback;
                                let traits = Traits { kind, action, exclude, source, mode, status, repeat };
                                assert_eq!(Traits::unpack(traits.packed()), traits);
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_removed_slot_is_used_again_and_no_longer_found() {
        let mut facts = Facts::default();
        let fact = |n| Fact::new(FactId([n, n]), 2, 0, 0, Traits::new(FactKind::Order, Action::Record, None));
        let slots: Vec<u32> = (0..40_000).map(|n| facts.insert(fact(n))).collect();
        facts.remove(slots[7]);
        assert_eq!(facts.find(FactId([7, 7])), None);
        assert_eq!(facts.insert(fact(99_999)), slots[7]);
        assert_eq!(facts.len(), 40_000);
        assert_eq!(facts.find(FactId([8, 8])), Some(slots[8]));
    }
}
