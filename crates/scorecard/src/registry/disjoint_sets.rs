//! Sets of numbers that are joined step by step (union-find).

/// The sets. Each number points to one of its set; the smallest number of a set points to itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct DisjointSets(Vec<usize>);

impl DisjointSets {
    /// Adds numbers, each in a set of its own, until there are `count`.
    pub(crate) fn grow(&mut self, count: usize) {
        self.0.extend(self.0.len()..count);
    }

    /// The smallest number of the set; halves the path to it.
    pub(crate) fn find(&mut self, mut number: usize) -> usize {
        while self.0[number] != number {
            self.0[number] = self.0[self.0[number]];
            number = self.0[number];
        }
        number
    }

    /// Joins the sets of two numbers.
    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_numbers_are_one_set() {
        let mut sets = DisjointSets::default();
        sets.grow(5);
        sets.join(4, 2);
        sets.join(1, 4);
        assert_eq!([0, 1, 2, 3, 4].map(|number| sets.find(number)), [0, 1, 1, 3, 1]);
    }
}
