//! Details of events that were dropped or rounded. They are counted by field, so that no detail vanishes silently.
//!
//! A detail is a field whose absence is unknown, such as a quantity or a birth date. A faulty detail becomes absent and its event
//! stays. A field whose absence means a value, such as the number of items, is no detail: its fault is a reject.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::fault::{Fault, Field};
use crate::identity::number_forms::impossible;
use crate::json::number::Thousandths;

/// Numbers of details by field, such as `prescription.quantity`.
pub type DetailCounts = BTreeMap<Cow<'static, str>, u64>;

/// The result of decoding one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeOutcome {
    /// Number of items that were lent.
    pub items: u64,
    /// Number of fields of native events that no code reads.
    pub unknown_fields: u64,
    /// Number of details that were absent, because they were faulty, by field. Their events are among the items.
    pub dropped_details: DetailCounts,
    /// Number of numbers that were rounded to thousandths, by field.
    pub rounded_details: DetailCounts,
    /// Number of numbers of clinicians that cannot be of their system, such as a GMC number of six digits, by system. They were accepted.
    pub impossible_numbers: DetailCounts,
    /// Number of events without a version in feeds that are versioned by number. They are version 1.
    pub without_version: u64,
}

impl DecodeOutcome {
    /// Adds the outcome of another record.
    pub fn add(&mut self, other: DecodeOutcome) {
        self.items += other.items;
        self.unknown_fields += other.unknown_fields;
        add_counts(&mut self.dropped_details, other.dropped_details);
        add_counts(&mut self.rounded_details, other.rounded_details);
        add_counts(&mut self.impossible_numbers, other.impossible_numbers);
        self.without_version += other.without_version;
    }
}

fn add_counts(to: &mut DetailCounts, from: DetailCounts) {
    from.into_iter().for_each(|(field, count)| *to.entry(field).or_default() += count);
}

/// The warnings of one element.
#[derive(Debug, Default)]
pub(crate) struct DetailWarnings {
    dropped: RefCell<DetailCounts>,
    rounded: RefCell<DetailCounts>,
    impossible: RefCell<DetailCounts>,
    without_version: Cell<u64>,
}

impl DetailWarnings {
    /// A detail: a faulty value is absent, and counted.
    pub(crate) fn optional<T>(&self, read: Result<Option<T>, Fault>) -> Option<T> {
        read.unwrap_or_else(|fault| {
            self.count_dropped(fault.field);
            None
        })
    }

    /// The value of a number, counted if it was rounded.
    pub(crate) fn thousandths<T>(&self, field: Field, read: Result<Option<Thousandths<T>>, Fault>) -> Option<T> {
        let found = self.optional(read)?;
        if found.rounded {
            *self.rounded.borrow_mut().entry(Cow::Borrowed(field)).or_default() += 1;
        }
        Some(found.value)
    }

    /// Counts a detail that was dropped.
    pub(crate) fn count_dropped(&self, field: impl Into<Cow<'static, str>>) {
        *self.dropped.borrow_mut().entry(field.into()).or_default() += 1;
    }

    /// Counts a number of this system if no number of the system has its form. It is accepted as it was sent.
    pub(crate) fn check_number(&self, system: &str, value: &str) {
        if let Some(known) = impossible(system, value) {
            *self.impossible.borrow_mut().entry(Cow::Borrowed(known)).or_default() += 1;
        }
    }

    /// Counts an event that needs a number of its version and has none.
    pub(crate) fn count_without_version(&self) {
        self.without_version.set(self.without_version.get() + 1);
    }

    /// Adds the warnings to those of the record.
    pub(crate) fn add_to(self, outcome: &mut DecodeOutcome) {
        add_counts(&mut outcome.dropped_details, self.dropped.into_inner());
        add_counts(&mut outcome.rounded_details, self.rounded.into_inner());
        add_counts(&mut outcome.impossible_numbers, self.impossible.into_inner());
        outcome.without_version += self.without_version.get();
    }
}
