//! Searches in text, sixteen bytes at a time, that run for every text of every event.

use wide::u8x16;

/// The number of bytes before the first quote, backslash or byte below 0x20; the length of the text where there is none.
#[inline]
pub(crate) fn plain_text(text: &[u8]) -> usize {
    let (lanes, rest) = text.as_chunks::<16>();
    for (number, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let ends = (lane.simd_eq(splat(b'"')) | lane.simd_eq(splat(b'\\')) | lane.simd_lt(splat(0x20))).to_bitmask();
        if ends != 0 {
            return 16 * number + ends.trailing_zeros() as usize;
        }
    }
    let plain = |b: &u8| !matches!(b, b'"' | b'\\' | ..0x20);
    text.len() - rest.len() + rest.iter().take_while(|b| plain(b)).count()
}

/// Whether a text contains a byte below 0x20 or the byte 0x7f.
pub(crate) fn holds_control(text: &[u8]) -> bool {
    if text.len() < 8 {
        return text.iter().fold(false, |found, b| found | (*b < 0x20) | (*b == 0x7f));
    }
    let mut found = u8x16::ZERO;
    each_lane(text, |_, lane| found |= lane.simd_lt(splat(0x20)) | lane.simd_eq(splat(0x7f)));
    found.any()
}

/// Whether a text of 8 to 64 ASCII bytes has no ten digits, spaces or hyphens in a row. `false` for every other text.
pub(crate) fn lacks_ten_in_a_row(text: &[u8]) -> bool {
    if !(8..=64).contains(&text.len()) {
        return false;
    }
    let (mut row, mut wide) = (0u64, 0);
    each_lane(text, |[first, second], lane| {
        wide |= lane.to_bitmask();
        let digit = (lane - splat(b'0')).simd_lt(splat(10));
        let found = u64::from((digit | lane.simd_eq(splat(b' ')) | lane.simd_eq(splat(b'-'))).to_bitmask());
        row |= (found & 0xff) << first | (found >> 8) << second;
    });
    let two = row & row >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    wide == 0 && eight & two >> 8 == 0
}

/// The same byte sixteen times.
#[inline]
fn splat(byte: u8) -> u8x16 {
    u8x16::splat(byte)
}

/// Calls `each` with sixteen bytes of the text at a time and the offsets of their two halves. The text has at least eight bytes;
/// bytes may occur in two calls.
#[inline]
fn each_lane(text: &[u8], mut each: impl FnMut([usize; 2], u8x16)) {
    let (lanes, rest) = text.as_chunks::<16>();
    for (number, lane) in lanes.iter().enumerate() {
        each([16 * number, 16 * number + 8], u8x16::new(*lane));
    }
    if let (false, Some(last)) = (rest.is_empty(), text.last_chunk::<16>()) {
        each([text.len() - 16, text.len() - 8], u8x16::new(*last));
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>())
        && lanes.is_empty()
    {
        let mut lane = [0; 16];
        lane[..8].copy_from_slice(first);
        lane[8..].copy_from_slice(last);
        each([0, text.len() - 8], u8x16::new(lane));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of every length with every byte at every position.
    fn each_text(mut each: impl FnMut(&[u8], u8)) {
        for length in 1..=30 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    each(&text, byte);
                }
            }
        }
    }

    #[test]
    fn a_control_character_is_found_at_every_position() {
        each_text(|text, byte| assert_eq!(holds_control(text), byte < 0x20 || byte == 0x7f, "{text:?}"));
    }

    #[test]
    fn a_plain_text_ends_with_the_first_byte_that_is_not_plain() {
        each_text(|text, byte| {
            let place = text.iter().position(|b| *b != b'a').filter(|_| matches!(byte, ..0x20 | b'"' | b'\\'));
            assert_eq!(plain_text(text), place.unwrap_or(text.len()), "{text:?}");
        });
        for at in 0..20 {
            let mut text = [b'"'; 20];
            text[..at].fill(0xff);
            assert_eq!(plain_text(&text), at);
        }
    }

    #[test]
    fn ten_in_a_row_are_found_at_every_position() {
        for length in 10..=64 {
            for row in [9, 10, 11, 12].into_iter().filter(|row| *row <= length) {
                for place in 0..=length - row {
                    let mut text = vec![b'f'; length];
                    text[place..place + row].copy_from_slice(&b"0 9-12345678"[..row]);
                    assert_eq!(lacks_ten_in_a_row(&text), row < 10, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn only_digits_spaces_and_hyphens_make_a_row() {
        for byte in 0..=u8::MAX {
            for place in 0..10 {
                let mut text = *b"x1234567890x";
                text[1 + place] = byte;
                let goes_on = byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
                assert_eq!(lacks_ten_in_a_row(&text), !goes_on && byte.is_ascii(), "{text:?}");
            }
        }
    }

    #[test]
    fn other_lengths_return_false() {
        assert!(!lacks_ten_in_a_row(b"abcdefg"));
        assert!(!lacks_ten_in_a_row(&[b'a'; 65]));
    }
}
