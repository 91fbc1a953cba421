//! Sums by case-mix cell: what the patients of one age band and sex add to the sides of the measures that ask for it.

use std::cmp::Ordering;

/// Number of cells: eight age bands for each of two sexes.
pub const CELL_COUNT: usize = 16;

/// The sum of one side of a measure over the facts of one case-mix cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSum {
    /// Twice the measure's number in its set, plus 1 for the denominator.
    pub side: u32,
    /// Age band and sex: twice the band's number, from 0 to 4 years on, plus 1 for male.
    pub cell: u8,
    /// The sum.
    pub n: i64,
}

impl CellSum {
    fn place(&self) -> (u32, u8) {
        (self.side, self.cell)
    }
}

/// The number of the numerator and of the denominator of the measure at this index.
#[must_use]
pub fn cell_sides(measure: usize) -> [u32; 2] {
    let first = 2 * u32::try_from(measure).expect("fewer than 2^31 measures");
    [first, first + 1]
}

/// The sums that are not zero, in order of side and cell. Facts whose cell is unknown are in none of them.
///
/// A measure has sides of its own, because it can leave out facts that another measure with an equal side counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellSumList(Vec<CellSum>);

impl CellSumList {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sums in order of side and cell.
    pub fn iter(&self) -> impl Iterator<Item = CellSum> {
        self.0.iter().copied()
    }

    /// The 16 sums of a side.
    #[must_use]
    pub fn of_side(&self, side: u32) -> [i64; CELL_COUNT] {
        let mut sums = [0; CELL_COUNT];
        let first = self.0.partition_point(|sum| sum.side < side);
        for sum in self.0[first..].iter().take_while(|sum| sum.side == side) {
            sums[usize::from(sum.cell)] = sum.n;
        }
        sums
    }

    /// Adds a sum; cells are below 16.
    pub fn add(&mut self, sum: CellSum) {
        match self.0.binary_search_by(|known| known.place().cmp(&sum.place())) {
            Ok(at) if self.0[at].n + sum.n == 0 => drop(self.0.remove(at)),
            Ok(at) => self.0[at].n += sum.n,
            Err(at) if sum.n != 0 => self.0.insert(at, sum),
            Err(_) => {}
        }
    }

    /// Adds other sums times `sign`.
    pub(crate) fn add_all(&mut self, other: &CellSumList, sign: i64) {
        if other.is_empty() {
            return;
        }
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut merged = Vec::with_capacity(self.0.len().max(other.0.len()));
        loop {
            let order = match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.place().cmp(&b.place()),
            };
            let a = if order == Ordering::Greater { None } else { mine.next() };
            let b = if order == Ordering::Less { None } else { theirs.next() };
            let n = a.map_or(0, |sum| sum.n) + b.map_or(0, |sum| sign * sum.n);
            merged.extend(a.or(b).filter(|_| n != 0).map(|sum| CellSum { n, ..*sum }));
        }
        self.0 = merged;
    }

    /// Removes the sums of the measure at this index.
    pub(crate) fn remove_measure(&mut self, measure: usize) {
        let sides = cell_sides(measure);
        self.0.retain(|sum| !sides.contains(&sum.side));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn sums() -> impl Strategy<Value = Vec<(u32, u8, i64)>> {
        proptest::collection::vec((0u32..5, 0u8..16, -3i64..4), 0..40)
    }

    fn list(sums: &[(u32, u8, i64)]) -> CellSumList {
        let mut list = CellSumList::default();
        sums.iter().for_each(|&(side, cell, n)| list.add(CellSum { side, cell, n }));
        list
    }

    fn by_place(sums: impl Iterator<Item = (u32, u8, i64)>) -> BTreeMap<(u32, u8), i64> {
        let mut places = BTreeMap::new();
        sums.for_each(|(side, cell, n)| *places.entry((side, cell)).or_default() += n);
        places.retain(|_, n| *n != 0);
        places
    }

    proptest! {
        #[test]
        fn lists_add_up_by_place_and_hold_no_zero(one in sums(), other in sums(), sign in prop_oneof![Just(1), Just(-1)]) {
            let mut sum = list(&one);
            sum.add_all(&list(&other), sign);
            let signed = other.iter().map(|&(side, cell, n)| (side, cell, sign * n));
            let expected = by_place(one.iter().copied().chain(signed));
            prop_assert_eq!(sum.iter().map(|sum| (sum.place(), sum.n)).collect::<Vec<_>>(), expected.clone().into_iter().collect::<Vec<_>>());
            for side in 0..5 {
                let of_side: [i64; CELL_COUNT] =
                    std::array::from_fn(|cell| expected.get(&(side, u8::try_from(cell).unwrap())).copied().unwrap_or(0));
                prop_assert_eq!(sum.of_side(side), of_side);
            }
            sum.remove_measure(1);
            prop_assert!(sum.iter().all(|sum| sum.side != 2 && sum.side != 3));
        }
    }
}
