//! Sums in few bytes, for code that keeps many rows in memory and reads few of them at a time.
//!
//! Most measures of a row are 0. Where each fact counts 1, its count, sum and sum of squares are equal. The encoding stores only
//! words that differ from the expected value, with seven bits of a number in each byte.

use crate::sums::cell_sum::{CELL_COUNT, CellSum};
use crate::sums::measure_sums::{BASE_FIELDS, Base, MeasureSums, SIGNS, SignedSums, Sums};

/// The sums of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedSums {
    bytes: Box<[u8]>,
}

/// Words of one measure: facts, sums and lower halves of squares, each of numerator and denominator; upper halves of squares; the rest.
const WORDS: usize = 15;

/// Follows the signed sums, before the sums by case-mix cell. The number of a side is even.
const CELLS_FOLLOW: u64 = 1;

impl PackedSums {
    /// Packs these sums.
    #[must_use]
    pub fn of(sums: &Sums) -> PackedSums {
        let mut bytes = Vec::with_capacity(64);
        write(&sums.base.fields(), |_, _| 0, &mut bytes);
        sums.measures.iter().for_each(|measure| write(&words_of(measure), expected, &mut bytes));
        let mut next = 0;
        for (side, SignedSums(signed)) in sums.signed() {
            write_number(2 * (side - next) as u64, &mut bytes);
            signed.iter().for_each(|&sum| write_number(zigzag(sum), &mut bytes));
            next = side + 1;
        }
        if !sums.cells.is_empty() {
            write_number(CELLS_FOLLOW, &mut bytes);
        }
        let mut next = 0;
        for sum in sums.cells.iter() {
            let place = u64::from(sum.side) * CELL_COUNT as u64 + u64::from(sum.cell);
            write_number(place - next, &mut bytes);
            write_number(zigzag(sum.n), &mut bytes);
            next = place + 1;
        }
        PackedSums { bytes: bytes.into() }
    }

    /// Number of facts in the row.
    #[must_use]
    pub fn facts(&self) -> i64 {
        let mut rest = &*self.bytes;
        if read_number(&mut rest) & 1 == 0 { 0 } else { from_zigzag(read_number(&mut rest)) }
    }

    /// Adds them to sums of the same measure set.
    pub fn add_to(&self, sums: &mut Sums) {
        let mut rest = &*self.bytes;
        if let Some(fields) = read::<BASE_FIELDS>(|_, _| 0, &mut rest) {
            sums.base += &Base::of_fields(fields);
        }
        for measure in &mut sums.measures {
            if let Some(words) = read(expected, &mut rest) {
                *measure += &measure_of(words);
            }
        }
        let mut next = 0;
        while !rest.is_empty() {
            let number = read_number(&mut rest);
            if number == CELLS_FOLLOW {
                return add_cells(rest, sums);
            }
            let side = next + usize::try_from(number / 2).expect("sides are few");
            let signed: [i64; SIGNS] = std::array::from_fn(|_| from_zigzag(read_number(&mut rest)));
            sums.add_signed(side, SignedSums(signed));
            next = side + 1;
        }
    }
}

/// Adds sums by case-mix cell to sums.
fn add_cells(mut rest: &[u8], sums: &mut Sums) {
    let mut next = 0;
    while !rest.is_empty() {
        let place = next + read_number(&mut rest);
        let (side, cell) = (place / CELL_COUNT as u64, place % CELL_COUNT as u64);
        let sum = CellSum {
            side: u32::try_from(side).expect("sides are few"),
            cell: u8::try_from(cell).expect("cells are few"),
            n: from_zigzag(read_number(&mut rest)),
        };
        sums.cells.add(sum);
        next = place + 1;
    }
}

fn words_of(sums: &MeasureSums) -> [i64; WORDS] {
    let ([n_squares, d_squares], [facts_n, facts_d, n, d, a, b, c, e, f, g, h]) = sums.fields();
    let ((n_low, n_high), (d_low, d_high)) = (halves(n_squares), halves(d_squares));
    [facts_n, facts_d, n, d, n_low, d_low, n_high, d_high, a, b, c, e, f, g, h]
}

fn measure_of(words: [i64; WORDS]) -> MeasureSums {
    let [facts_n, facts_d, n, d, n_low, d_low, n_high, d_high, a, b, c, e, f, g, h] = words;
    let squares = [whole(n_low, n_high), whole(d_low, d_high)];
    MeasureSums::of_fields(squares, [facts_n, facts_d, n, d, a, b, c, e, f, g, h])
}

/// The value of a word that is not stored: a sum equals its number of facts, a sum of squares equals its sum.
fn expected(words: &[i64; WORDS], word: usize) -> i64 {
    match word {
        2..=5 => words[word - 2],
        6 | 7 => words[word - 2] >> 63,
        _ => 0,
    }
}

/// The lower and the upper half.
fn halves(value: i128) -> (i64, i64) {
    let [a, b, c, d, e, f, g, h, high @ ..] = value.to_le_bytes();
    (i64::from_le_bytes([a, b, c, d, e, f, g, h]), i64::from_le_bytes(high))
}

fn whole(low: i64, high: i64) -> i128 {
    i128::from(high) << 64 | i128::from(low.cast_unsigned())
}

/// Writes the set of unexpected words as a bit mask, then these words.
fn write<const N: usize>(words: &[i64; N], expected: fn(&[i64; N], usize) -> i64, bytes: &mut Vec<u8>) {
    let written = (0..N).filter(|&word| words[word] != expected(words, word));
    write_number(written.clone().fold(0, |set, word| set | 1 << word), bytes);
    written.for_each(|word| write_number(zigzag(words[word]), bytes));
}

/// Reads words. `None` if all are 0.
fn read<const N: usize>(expected: fn(&[i64; N], usize) -> i64, rest: &mut &[u8]) -> Option<[i64; N]> {
    let written = read_number(rest);
    let mut words = [0; N];
    for word in 0..if written == 0 { 0 } else { N } {
        let is_written = written >> word & 1 == 1;
        words[word] = if is_written { from_zigzag(read_number(rest)) } else { expected(&words, word) };
    }
    (written != 0).then_some(words)
}

/// Maps numbers near 0, of either sign, to small numbers.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn from_zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn write_number(mut value: u64, bytes: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn read_number(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    let mut shift = 0;
    while let [byte, after @ ..] = *rest {
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount() -> impl Strategy<Value = i64> {
        prop_oneof![4 => Just(0), 4 => 0..300_i64, 2 => -5..5_000_000_000_i64, 1 => any::<i64>().prop_map(|n| n >> 2)]
    }

    fn square() -> impl Strategy<Value = i128> {
        prop_oneof![3 => amount().prop_map(i128::from), 1 => any::<i128>().prop_map(|n| n >> 2)]
    }

    fn measure() -> impl Strategy<Value = MeasureSums> {
        let counted = (0..500_i64, 0..500_i64).prop_map(|(n, d)| MeasureSums {
            facts_n: n,
            facts_d: d,
            n,
            d,
            n_squares: n.into(),
            d_squares: d.into(),
            ..MeasureSums::default()
        });
        let any = (prop::array::uniform2(square()), prop::array::uniform11(amount()))
            .prop_map(|(squares, others)| MeasureSums::of_fields(squares, others));
        prop_oneof![Just(MeasureSums::default()), counted, any]
    }

    fn sums() -> impl Strategy<Value = Sums> {
        let base = prop::array::uniform20(amount()).prop_map(Base::of_fields);
        let signed = prop::collection::vec(prop::array::uniform4(amount()).prop_map(SignedSums), 0..5);
        let cells = prop::collection::vec((0..9_u32, 0..16_u8, amount()), 0..40);
        (base, prop::collection::vec(measure(), 4), signed, cells).prop_map(|(base, measures, signed, cells)| {
            let mut sums = Sums::new(base, measures.into(), signed);
            cells.into_iter().for_each(|(side, cell, n)| sums.cells.add(CellSum { side, cell, n: n >> 8 }));
            sums
        })
    }

    proptest! {
        #[test]
        fn packed_sums_are_added_bit_for_bit(own in sums(), before in sums()) {
            let packed = PackedSums::of(&own);
            prop_assert_eq!(packed.facts(), own.base.facts);
            let mut expected = before.clone();
            expected += &own;
            let mut sum = before;
            packed.add_to(&mut sum);
            prop_assert_eq!(sum, expected);
        }
    }

    #[test]
    fn a_measure_that_only_counts_facts_needs_two_numbers() {
        let counted = |n: i64, d: i64| MeasureSums {
            facts_n: n,
            facts_d: d,
            n,
            d,
            n_squares: n.into(),
            d_squares: d.into(),
            ..MeasureSums::default()
        };
        let sums = |measures: Vec<MeasureSums>| Sums::new(Base::default(), measures.into(), Vec::new());
        let length = |measures| PackedSums::of(&sums(measures)).bytes.len();
        assert_eq!(length(vec![]), 1);
        assert_eq!(length(vec![MeasureSums::default(); 30]), 1 + 30);
        assert_eq!(length(vec![counted(3, 40)]), 1 + 1 + 2);
    }
}
