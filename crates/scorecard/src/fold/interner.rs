//! Numbers for texts and combinations, so that a fact holds no text.

use std::hash::Hash;
use std::sync::Arc;

use crate::fold::fast_map::FastMap;

/// Numbers for values, in order of first appearance. Values are never removed: a partition has few clinicians, practices and codes.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    by_value: FastMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Interner<T> {
        Interner { by_value: FastMap::default(), values: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of this value.
    pub(crate) fn number(&mut self, value: T) -> u32 {
        if let Some(&number) = self.by_value.get(&value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).expect("fewer than 4 billion distinct values");
        self.values.push(value.clone());
        self.by_value.insert(value, number);
        number
    }

    /// The value of this number.
    pub(crate) fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}

impl Interner<Arc<str>> {
    /// The number of this text. Only a new text is copied.
    pub(crate) fn text(&mut self, text: &str) -> u32 {
        match self.by_value.get(text) {
            Some(&number) => number,
            None => self.number(text.into()),
        }
    }
}
