//! The open rows of one partition: sums by unit and month, the rows changed since the last cut, and their digest.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::fold::content::Content;
use crate::fold::counted_patient::CountedPatient;
use crate::fold::fact::{Fact, MOST_ROWS};
use crate::fold::interner::Interner;
use crate::fold::kind_counts::{CountKey, KindCounts};
use crate::fold::row_counters::{Addend, Counter, Layout, RowCounters, Sign};
use crate::fold::update_plan::UpdatePlan;
use crate::measure::measure_set::{MeasureSet, SetHash};
use crate::record::digest::row_digest;
use crate::record::log_record::RowKey;
use crate::sums::measure_sums::Sums;
use crate::time::calendar::Month;

/// Interned numbers of feed, clinician and practice. A fact's own attribution may lack clinician or practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribution {
    pub feed: u32,
    pub clinician: Option<u32>,
    pub practice: Option<u32>,
}

/// Hashes two words, because it runs once for each event.
impl Hash for Attribution {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let number = |text: Option<u32>| text.map_or(u64::MAX, u64::from);
        state.write_u64(number(self.clinician));
        state.write_u64(u64::from(self.feed) << 32 ^ number(self.practice));
    }
}

/// The texts of a partition's facts and rows.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub texts: Interner<Arc<str>>,
    pub units: Interner<Attribution>,
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
    /// Number of the counts of its feed, practice and month.
    kinds: u32,
    cells: RowCounters,
    /// The part of the partition's digest that belongs to this row.
    digest: u128,
    changed: bool,
}

/// Rows by slot. Slots of sealed rows are reused.
#[derive(Debug)]
pub(crate) struct Rows {
    set: SetHash,
    layout: Layout,
    rows: Vec<Option<Row>>,
    /// Slots by the unit's number. A unit has few open months at a time.
    by_unit: Vec<Vec<(Month, u32)>>,
    held: usize,
    free: Vec<u32>,
    changed: Vec<u32>,
    digest: u128,
    /// Events by kind and day.
    pub kinds: KindCounts,
}

impl Rows {
    pub(crate) fn new(measures: &MeasureSet) -> Rows {
        Rows {
            set: measures.hash(),
            layout: Layout::new(measures),
            rows: Vec::new(),
            by_unit: Vec::new(),
            held: 0,
            free: Vec::new(),
            changed: Vec::new(),
            digest: 0,
            kinds: KindCounts::default(),
        }
    }

    /// The layout of a row's cells.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The slot of the row of this unit and month. A missing row is created.
    pub(crate) fn slot(&mut self, unit: u32, of: Attribution, month: Month) -> u32 {
        let known = self.by_unit.get(unit as usize).and_then(|months| months.iter().find(|(m, _)| *m == month));
        match known {
            Some(&(_, slot)) => slot,
            None => self.open(unit, of, month),
        }
    }

    fn open(&mut self, unit: u32, of: Attribution, month: Month) -> u32 {
        let kinds = self.kinds.number(CountKey { feed: of.feed, practice: of.practice, month });
        let row = Row { unit, month, kinds, cells: self.layout.zero(), digest: 0, changed: false };
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
        if self.by_unit.len() <= unit as usize {
            self.by_unit.resize_with(unit as usize + 1, Vec::new);
        }
        self.by_unit[unit as usize].push((month, slot));
        self.held += 1;
        slot
    }

    fn row(&self, slot: u32) -> &Row {
        self.rows[slot as usize].as_ref().expect("facts are in open rows only, because sealing moves them out")
    }

    pub(crate) fn month(&self, slot: u32) -> Month {
        self.row(slot).month
    }

    /// Loads the newest row of this unit into the processor's cache. The caller must use the result, or the read is optimised away.
    pub(crate) fn touch(&self, unit: u32) -> u32 {
        let newest = self.by_unit.get(unit as usize).and_then(|months| months.last());
        newest.and_then(|&(_, slot)| self.rows[slot as usize].as_ref()).map_or(0, |row| row.cells.touch())
    }

    /// Adds the addend of a fact of this patient to a row, or subtracts it.
    pub(crate) fn add(&mut self, slot: u32, addend: &Addend, patient: CountedPatient, sign: Sign) {
        self.change(slot).add(addend, patient, sign);
    }

    /// Applies a plan with this content to a row, or reverts it.
    pub(crate) fn apply(&mut self, slot: u32, plan: &UpdatePlan, content: &Content, patient: CountedPatient, sign: Sign) {
        self.change(slot).apply(plan, content, patient, sign);
    }

    /// Adds a fact of a row to the counts of its kinds, or subtracts it.
    pub(crate) fn count_kinds(&mut self, slot: u32, fact: &Fact, content: &Content, sign: Sign) {
        let kinds = self.row(slot).kinds;
        self.kinds.count(kinds, fact, content, sign);
    }

    /// Increments a counter of this row.
    pub(crate) fn count(&mut self, slot: u32, counter: Counter) {
        self.change(slot).count(counter);
    }

    /// The cells of this row, which becomes changed.
    fn change(&mut self, slot: u32) -> &mut RowCounters {
        let row = self.rows[slot as usize].as_mut().expect("facts are in open rows only, because sealing moves them out");
        if !row.changed {
            row.changed = true;
            self.changed.push(slot);
        }
        &mut row.cells
    }

    /// Updates the digest and calls `each` for the rows changed since the last call, in order of their keys. It expands one row at a
    /// time, because sums are larger than their cells.
    pub(crate) fn take_changed<E>(
        &mut self,
        names: &Names,
        mut each: impl FnMut(RowKey, &Sums) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.retain(|&slot| self.rows[slot as usize].as_ref().is_some_and(|row| row.changed));
        let mut keyed: Vec<(RowKey, u32)> = changed.into_iter().map(|slot| (self.key(slot, names), slot)).collect();
        keyed.sort_unstable();
        for (key, slot) in keyed {
            let row = self.rows[slot as usize].as_mut().expect("retained only while the row exists");
            let sums = self.layout.sums(&row.cells);
            let digest = row_digest(self.set, &key, &sums);
            self.digest = self.digest.wrapping_sub(row.digest).wrapping_add(digest);
            row.digest = digest;
            row.changed = false;
            each(key, &sums)?;
        }
        Ok(())
    }

    /// All slots in order of their keys.
    pub(crate) fn all(&self, names: &Names) -> Vec<u32> {
        let held = self.rows.iter().enumerate().filter(|(_, row)| row.is_some());
        let mut slots: Vec<u32> = held.filter_map(|(slot, _)| u32::try_from(slot).ok()).collect();
        slots.sort_by_cached_key(|&slot| self.key(slot, names));
        slots
    }

    /// The key of a row.
    pub(crate) fn key(&self, slot: u32, names: &Names) -> RowKey {
        let row = self.row(slot);
        names.key(row.unit, row.month)
    }

    /// The sums of a row.
    pub(crate) fn sums(&self, slot: u32) -> Sums {
        self.layout.sums(&self.row(slot).cells)
    }

    /// Digest and number of the non-zero rows from month `open_from` on, as of the last [`Rows::take_changed`].
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

    /// Removes the rows of months before `open_from`.
    pub(crate) fn seal(&mut self, open_from: Month) {
        self.kinds.seal(open_from);
        for slot in 0..self.rows.len() {
            let Some(row) = self.rows[slot].take_if(|row| row.month < open_from) else { continue };
            self.digest = self.digest.wrapping_sub(row.digest);
            self.by_unit[row.unit as usize].retain(|(month, _)| *month != row.month);
            self.held -= 1;
            self.free.push(u32::try_from(slot).expect("slots are numbered with 32 bits"));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.held
    }
}
