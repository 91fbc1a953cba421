//! The open rows of one partition: sums by (unit, month), which of them changed since the last cut, and their digest.

use std::sync::Arc;

use crate::calendar::Month;
use crate::digest::row_digest;
use crate::fact::MOST_ROWS;
use crate::hashed::Map;
use crate::intern::Interner;
use crate::measure::SetHash;
use crate::record::RowKey;
use crate::sums::Sums;

/// (feed, clinician, practice) by interned numbers; a fact's own may lack clinician or practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unit {
    pub feed: u32,
    pub clinician: Option<u32>,
    pub practice: Option<u32>,
}

/// The texts of a partition's facts and rows.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub texts: Interner<Arc<str>>,
    pub units: Interner<Unit>,
}

impl Names {
    fn key(&self, unit: u32, month: Month) -> RowKey {
        let unit = self.units.value(unit);
        let text = |number: Option<u32>| number.map_or_else(|| "unknown".into(), |n| self.texts.value(n).clone());
        RowKey { feed: text(Some(unit.feed)), clinician: text(unit.clinician), practice: text(unit.practice), month }
    }
}

#[derive(Debug)]
struct Row {
    unit: u32,
    month: Month,
    sums: Sums,
    /// What the digest holds of it.
    digest: u128,
    changed: bool,
}

/// Rows by slot; slots of sealed rows are used again.
#[derive(Debug)]
pub(crate) struct Rows {
    set: SetHash,
    measures: usize,
    rows: Vec<Option<Row>>,
    index: Map<(u32, Month), u32>,
    free: Vec<u32>,
    changed: Vec<u32>,
    digest: u128,
}

impl Rows {
    pub(crate) fn new(set: SetHash, measures: usize) -> Rows {
        Rows { set, measures, rows: Vec::new(), index: Map::default(), free: Vec::new(), changed: Vec::new(), digest: 0 }
    }

    /// The slot of this row, made if it is not there.
    pub(crate) fn slot(&mut self, unit: u32, month: Month) -> u32 {
        if let Some(&slot) = self.index.get(&(unit, month)) {
            return slot;
        }
        let row = Row { unit, month, sums: Sums::zero(self.measures), digest: 0, changed: false };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.rows[slot as usize] = Some(row);
                slot
            }
            None => {
                let slot = u32::try_from(self.rows.len()).ok().filter(|s| *s < MOST_ROWS);
                self.rows.push(Some(row));
                slot.expect("fewer than 4 billion open rows")
            }
        };
        self.index.insert((unit, month), slot);
        slot
    }

    fn row(&self, slot: u32) -> &Row {
        self.rows[slot as usize].as_ref().expect("facts stand in open rows only: sealing moves them out")
    }

    pub(crate) fn month(&self, slot: u32) -> Month {
        self.row(slot).month
    }

    /// The sums of this row, which counts as changed from now on.
    pub(crate) fn change(&mut self, slot: u32) -> &mut Sums {
        let row = self.rows[slot as usize].as_mut().expect("facts stand in open rows only: sealing moves them out");
        if !row.changed {
            row.changed = true;
            self.changed.push(slot);
        }
        &mut row.sums
    }

    /// Brings the digest up to date and hands out the slots that changed since the last call, in order of their keys.
    pub(crate) fn take_changed(&mut self, names: &Names) -> Vec<u32> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.retain(|&slot| self.rows[slot as usize].as_ref().is_some_and(|row| row.changed));
        for &slot in &changed {
            let row = self.rows[slot as usize].as_mut().expect("retained only if it is there");
            let digest = row_digest(self.set, &names.key(row.unit, row.month), &row.sums);
            self.digest = self.digest.wrapping_sub(row.digest).wrapping_add(digest);
            row.digest = digest;
            row.changed = false;
        }
        changed.sort_by_cached_key(|&slot| names.key(self.row(slot).unit, self.row(slot).month));
        changed
    }

    /// All slots in order of their keys.
    pub(crate) fn all(&self, names: &Names) -> Vec<u32> {
        let held = self.rows.iter().enumerate().filter(|(_, row)| row.is_some());
        let mut slots: Vec<u32> = held.filter_map(|(slot, _)| u32::try_from(slot).ok()).collect();
        slots.sort_by_cached_key(|&slot| names.key(self.row(slot).unit, self.row(slot).month));
        slots
    }

    pub(crate) fn view(&self, slot: u32, names: &Names) -> (RowKey, &Sums) {
        let row = self.row(slot);
        (names.key(row.unit, row.month), &row.sums)
    }

    /// Digest and number of the non-zero rows of months from `open_from` on, as of the last [`Rows::take_changed`].
    pub(crate) fn digest_from(&self, open_from: Month) -> (u128, u64) {
        let mut digest = self.digest;
        let mut count = 0;
        for row in self.rows.iter().flatten() {
            if row.month < open_from {
                digest = digest.wrapping_sub(row.digest);
            } else {
                count += u64::from(row.digest != 0);
            }
        }
        (digest, count)
    }

    /// Forgets the rows of months before `open_from`.
    pub(crate) fn seal(&mut self, open_from: Month) {
        for slot in 0..self.rows.len() {
            let Some(row) = self.rows[slot].take_if(|row| row.month < open_from) else { continue };
            self.digest = self.digest.wrapping_sub(row.digest);
            self.index.remove(&(row.unit, row.month));
            self.free.push(u32::try_from(slot).expect("slots are numbered with 32 bits"));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
}
