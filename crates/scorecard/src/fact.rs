//! Facts: what the tally keeps of the newest version of each event, 48 bytes each, and the store that finds them by identity.

use crate::calendar::{Day, Month};
use crate::event::{Action, Attendance, Exclusion, Mode, Source};
use crate::index::{Hash, Index};

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

/// What is kept of an event. 48 bytes: a deployment's memory is this times its facts.
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
    /// The number of what it says.
    pub content: u32,
    arrived: u16,
    flags: u16,
}

const _: () = assert!(size_of::<Fact>() == 48, "a fact is 48 bytes");

const NOWHERE: u32 = u32::MAX;
const UNATTRIBUTED: u32 = u32::MAX - 1;
const SEALED: u32 = u32::MAX - 2;
/// So many rows can be addressed.
pub(crate) const MOST_ROWS: u32 = u32::MAX - 3;
const NO_DAY: i32 = i32::MIN;

// The flags of a fact: the lowest bits are those of its traits that decide where it stands, and how.
const TRAITS: u16 = 0xff;
const ACTIVITY: u16 = 1 << 8;
const ATTENDANCE: u16 = 1 << 9;
const CAME: u16 = 1 << 10;
const SHAPE: u16 = ACTIVITY | ATTENDANCE | CAME;
const HAS_LINK: u16 = 1 << 11;
const HAS_PCA: u16 = 1 << 12;
/// The slot holds no fact.
const VACANT: u16 = 1 << 13;

/// The small parts of what a fact says.
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

    /// All of it in 14 bits, the lowest 8 of which a fact keeps itself.
    pub(crate) fn packed(self) -> u16 {
        let kind = self.kind as u16;
        let action = self.action as u16;
        let source = self.source as u16;
        let status = self.status as u16;
        let exclude = match self.exclude {
            None => 0,
            Some(Exclusion::Admin) => 1,
            Some(Exclusion::Test) => 2,
        };
        let mode = self.mode as u16;
        kind | action << 2 | source << 4 | status << 6 | exclude << 8 | mode << 10 | u16::from(self.repeat) << 13
    }

    pub(crate) fn unpack(packed: u16) -> Traits {
        Traits {
            kind: kind_of(packed),
            action: action_of(packed),
            source: source_of(packed),
            status: status_of(packed),
            exclude: match packed >> 8 & 3 {
                0 => None,
                1 => Some(Exclusion::Admin),
                _ => Some(Exclusion::Test),
            },
            mode: match packed >> 10 & 7 {
                0 => Mode::FaceToFace,
                1 => Mode::Telephone,
                2 => Mode::Video,
                3 => Mode::Home,
                _ => Mode::Other,
            },
            repeat: packed >> 13 & 1 == 1,
        }
    }
}

fn kind_of(packed: u16) -> FactKind {
    match packed & 3 {
        0 => FactKind::Encounter,
        1 => FactKind::Prescription,
        2 => FactKind::Feedback,
        _ => FactKind::Order,
    }
}

fn action_of(packed: u16) -> Action {
    match packed >> 2 & 3 {
        0 => Action::Record,
        1 => Action::Hold,
        _ => Action::Retract,
    }
}

fn source_of(packed: u16) -> Source {
    match packed >> 4 & 3 {
        0 => Source::Whole,
        1 => Source::Visit,
        _ => Source::Slot,
    }
}

fn status_of(packed: u16) -> Attendance {
    match packed >> 6 & 3 {
        0 => Attendance::Attended,
        1 => Attendance::Noshow,
        _ => Attendance::Unknown,
    }
}

impl Fact {
    pub(crate) fn new(id: FactId, rank: u64, check: u32, unit: u32, traits: Traits, content: u32) -> Fact {
        Fact { id, rank, check, unit, place: NOWHERE, day: NO_DAY, content, arrived: 0, flags: traits.packed() & TRAITS }
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

    /// The month in which its newest version was appended. Years after 5460 count as 5460.
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
}

/// Facts by slot and by identity. Slots are reused. Blocks grow one by one, so that growing never copies facts.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    blocks: Vec<Vec<Fact>>,
    index: Index,
    free: Vec<u32>,
}

const BLOCK_BITS: u32 = 14;
const BLOCK: usize = 1 << BLOCK_BITS;

/// The identity is a keyed hash already: its words are as good as any hash of it.
fn hash_of(id: FactId) -> Hash {
    Hash { place: id.0[0], tag: id.0[1].to_le_bytes()[0] }
}

impl Facts {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn find(&self, id: FactId) -> Option<u32> {
        self.index.find(hash_of(id), |slot| self.get(slot).id == id)
    }

    /// Reads where this will be looked for, so that it is near then. Returns something to be used.
    pub(crate) fn touch(&self, id: FactId) -> u32 {
        self.index.touch(hash_of(id))
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
        if self.index.is_full() {
            self.grow_index(slot);
        }
        self.index.insert(hash_of(fact.id), slot);
        slot
    }

    /// Makes the index larger, with all facts but the one in this slot.
    fn grow_index(&mut self, but: u32) {
        self.index.grow();
        let slots = (0..).zip(self.blocks.iter().flatten());
        let held = slots.filter(|(slot, fact)| *slot != but && fact.flags & VACANT == 0);
        held.for_each(|(slot, fact)| self.index.insert(hash_of(fact.id), slot));
    }

    fn push(&mut self, fact: Fact) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.len() - 1;
        let last = self.blocks.last_mut().expect("a block was just pushed if there was none");
        last.push(fact);
        u32::try_from(block * BLOCK + last.len() - 1).expect("4 billion facts are 192 GiB: more than a partition holds")
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        if self.index.remove(hash_of(self.get(slot).id), slot) {
            self.get_mut(slot).flags |= VACANT;
            self.free.push(slot);
        }
    }

    /// All slots in use, in order of the slot.
    pub(crate) fn slots(&self) -> Vec<u32> {
        let slots = (0..).zip(self.blocks.iter().flatten());
        slots.filter(|(_, fact)| fact.flags & VACANT == 0).map(|(slot, _)| slot).collect()
    }

    /// Bytes that the facts and their index take.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<Fact>() + self.index.bytes() + self.free.capacity() * size_of::<u32>()
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
        let fact = |n| Fact::new(FactId([n << 48, n]), 2, 0, 0, Traits::new(FactKind::Order, Action::Record, None), 0);
        let slots: Vec<u32> = (0..40_000).map(|n| facts.insert(fact(n))).collect();
        facts.remove(slots[7]);
        assert_eq!(facts.find(FactId([7 << 48, 7])), None);
        assert_eq!(facts.insert(fact(99_999)), slots[7]);
        assert_eq!(facts.len(), 40_000);
        assert_eq!(facts.find(FactId([8 << 48, 8])), Some(slots[8]));
    }
}
