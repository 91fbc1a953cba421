//! The signs of a patient, and an amount with each of them.

use wide::i32x4;

use crate::sums::measure_sums::SIGNS;

/// For each set of signs a mask of four: 0 for +1 and -1 for -1.
const MASKS: [[i32; SIGNS]; 16] = {
    let mut masks = [[-1; SIGNS]; 16];
    let mut at = 0;
    while at < 16 * SIGNS {
        if ((at / SIGNS) >> (at % SIGNS)) & 1 == 1 {
            masks[at / SIGNS][at % SIGNS] = 0;
        }
        at += 1;
    }
    masks
};

/// Four random signs of a patient, one a bit: a set bit is +1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs(u8);

impl Signs {
    /// The low four bits of this byte.
    pub(crate) fn of_byte(byte: u8) -> Signs {
        Signs(byte & 0xf)
    }

    /// The signs, one a bit.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// The opposite signs.
    pub(crate) fn opposite(self) -> Signs {
        Signs(self.0 ^ 0xf)
    }

    /// An amount with each of the signs: `(amount ^ mask) - mask` keeps it under the mask 0 and negates it under the mask -1.
    pub(crate) fn of_amount(self, amount: i32) -> i32x4 {
        let mask = i32x4::new(MASKS[usize::from(self.0 & 0xf)]);
        (i32x4::splat(amount) ^ mask) - mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_bit_is_plus_one_and_opposite_signs_add_to_nothing() {
        assert_eq!(Signs::of_byte(0b0101).of_amount(7).to_array(), [7, -7, 7, -7]);
        for byte in 0..16 {
            let signs = Signs::of_byte(byte);
            let (own, opposite) = (signs.of_amount(3), signs.opposite().of_amount(3));
            assert!((own + opposite).to_array() == [0; 4] && own.to_array().map(i32::abs) == [3; 4]);
        }
    }
}
