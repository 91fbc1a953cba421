//! What events say, each saying kept once: months of a practice's consultations and prescriptions are few different ones said many
//! times. A fact holds the number of its content; what has no fact any more is forgotten.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::cells::Addend;
use crate::fact::{Shape, Traits};

const NO_MINUTES: u32 = u32::MAX;
const NO_LAG: u32 = u32::MAX;

/// What a fact says: all that decides what it adds, but where it stands, its shape, and for which measures its patient is adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// What the kind carries; see the accessors.
    pub words: [u32; 4],
    /// Items of a prescription.
    pub items: u16,
    traits: u16,
}

impl Content {
    pub(crate) fn new(traits: Traits) -> Content {
        Content { words: [0; 4], items: 0, traits: traits.packed() }
    }

    pub(crate) fn traits(&self) -> Traits {
        Traits::unpack(self.traits)
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

    fn hash(&self) -> u64 {
        let [a, b, c, d] = self.words.map(u64::from);
        FixedState::default().hash_one((a << 32 | b, c << 32 | d, u32::from(self.items) << 16 | u32::from(self.traits)))
    }
}

/// A content, by how many facts it is said, and what such a fact adds.
#[derive(Debug)]
struct Held {
    content: Content,
    uses: u32,
    addend: Option<Box<(Shape, Addend)>>,
}

/// So many addends are kept at most, some 20 MB of them: what they spare is time, not a promise.
const MOST_ADDENDS: usize = 1 << 16;

/// Contents by number; numbers are used again.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    held: Vec<Held>,
    index: HashTable<u32>,
    free: Vec<u32>,
    addends: usize,
    addend_bytes: usize,
}

impl Contents {
    /// The content of this number.
    pub(crate) fn get(&self, number: u32) -> &Content {
        &self.held[number as usize].content
    }

    /// The number of this content, for one more fact.
    pub(crate) fn take(&mut self, content: Content) -> u32 {
        let Contents { held, index, free, .. } = self;
        let same = |&number: &u32| held[number as usize].content == content;
        match index.entry(content.hash(), same, |&number| held[number as usize].content.hash()) {
            Entry::Occupied(entry) => {
                let number = *entry.get();
                held[number as usize].uses += 1;
                number
            }
            Entry::Vacant(entry) => {
                let new = Held { content, uses: 1, addend: None };
                let number = free.pop().unwrap_or_else(|| u32::try_from(held.len()).expect("fewer contents than facts"));
                match held.get_mut(number as usize) {
                    Some(old) => *old = new,
                    None => held.push(new),
                }
                entry.insert(number);
                number
            }
        }
    }

    /// A fact that said this says it no more.
    pub(crate) fn release(&mut self, number: u32) {
        let held = &mut self.held[number as usize];
        held.uses -= 1;
        if held.uses > 0 {
            return;
        }
        if let Some(kept) = held.addend.take() {
            self.addends -= 1;
            self.addend_bytes -= size_of::<(Shape, Addend)>() + kept.1.bytes();
        }
        if let Ok(entry) = self.index.find_entry(held.content.hash(), |&n| n == number) {
            entry.remove();
        }
        self.free.push(number);
    }

    /// What a fact of this content and shape adds, if that was kept.
    pub(crate) fn addend(&self, number: u32, shape: Shape) -> Option<&Addend> {
        let kept = self.held[number as usize].addend.as_deref()?;
        (kept.0 == shape).then_some(&kept.1)
    }

    /// Keeps what a fact of this content and shape adds, if it is not the only one: what is said once is not worth the memory.
    pub(crate) fn keep(&mut self, number: u32, shape: Shape, mut addend: Addend) {
        let held = &mut self.held[number as usize];
        if held.uses < 2 || held.addend.is_some() || self.addends == MOST_ADDENDS {
            return;
        }
        addend.shrink();
        self.addend_bytes += size_of::<(Shape, Addend)>() + addend.bytes();
        held.addend = Some(Box::new((shape, addend)));
        self.addends += 1;
    }

    /// Bytes that all of it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.held.capacity() * size_of::<Held>() + self.index.allocation_size() + self.free.capacity() * 4 + self.addend_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Action;
    use crate::fact::FactKind;

    fn content(n: u32) -> Content {
        let mut content = Content::new(Traits::new(FactKind::Order, Action::Record, None));
        content.words[0] = n;
        content
    }

    #[test]
    fn what_no_fact_says_any_more_is_forgotten_with_what_it_adds() {
        let mut contents = Contents::default();
        let first = contents.take(content(1));
        assert_eq!(contents.take(content(1)), first);
        let other = contents.take(content(2));
        assert_ne!(other, first);
        contents.keep(first, Shape::default(), Addend::default());
        assert!(contents.addend(first, Shape::default()).is_some());
        contents.release(first);
        assert_eq!(*contents.get(first), content(1));
        contents.release(first);
        assert_eq!(contents.take(content(3)), first);
        assert_eq!(contents.addend(first, Shape::default()), None);
        assert_ne!(contents.take(content(1)), first);
    }

    #[test]
    fn an_addend_is_kept_for_its_own_shape_and_only_where_it_is_said_twice() {
        let mut contents = Contents::default();
        let number = contents.take(content(1));
        contents.keep(number, Shape::default(), Addend::default());
        assert_eq!(contents.addend(number, Shape::default()), None);
        contents.take(content(1));
        contents.keep(number, Shape::default(), Addend::default());
        assert!(contents.addend(number, Shape::default()).is_some());
        assert_eq!(contents.addend(number, Shape { came: true, ..Shape::default() }), None);
    }
}
