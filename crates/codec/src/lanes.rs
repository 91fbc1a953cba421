//! Texts eight bytes at a time: what is looked for in every text of every event. Safe, and the same on every processor.

/// Every byte's lowest bit.
const LOW: u64 = 0x0101_0101_0101_0101;
/// Every byte's highest bit.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes stand before the first quote, backslash or byte below 0x20; all of them where there is none.
#[inline]
pub(crate) fn plain_text(text: &[u8]) -> usize {
    let (pairs, rest) = text.as_chunks::<16>();
    for (number, pair) in pairs.iter().enumerate() {
        // Both at once: where a short text ends is hard to foresee, and half of them end in the first eight bytes.
        let (first, second) = (ends(&pair[..8]), ends(&pair[8..]));
        if first | second != 0 {
            let place = if first != 0 { first.trailing_zeros() / 8 } else { 8 + second.trailing_zeros() / 8 };
            return 16 * number + place as usize;
        }
    }
    let plain = |b: &u8| !matches!(b, b'"' | b'\\' | ..0x20);
    text.len() - rest.len() + rest.iter().take_while(|b| plain(b)).count()
}

/// The highest bits of the quotes, backslashes and bytes below 0x20 among eight bytes. Above the lowest of them others may be set.
#[inline]
fn ends(lane: &[u8]) -> u64 {
    let lane = u64::from_le_bytes(lane.try_into().expect("eight bytes"));
    let (quote, backslash) = (lane ^ (u64::from(b'"') * LOW), lane ^ (u64::from(b'\\') * LOW));
    // See `holds_control`.
    let found =
        lane.wrapping_sub(0x20 * LOW) & !lane | quote.wrapping_sub(LOW) & !quote | backslash.wrapping_sub(LOW) & !backslash;
    found & HIGH
}

/// Whether a byte below 0x20, or 0x7f, stands in a text.
pub(crate) fn holds_control(text: &[u8]) -> bool {
    if text.len() < 8 {
        return text.iter().fold(false, |found, b| found | (*b < 0x20) | (*b == 0x7f));
    }
    let mut found = 0;
    each_lane(text, |_, lane| {
        let delete = lane ^ (0x7f * LOW);
        // Whether a byte lies below n: Sean Anderson, "Bit Twiddling Hacks". Which one it is may be wrong, whether there is one is not.
        found |= lane.wrapping_sub(0x20 * LOW) & !lane | delete.wrapping_sub(LOW) & !delete;
    });
    found & HIGH != 0
}

/// Whether nowhere in a text ten characters in a row are digits, spaces or hyphens. Only said of texts of 8 to 64 bytes of ASCII.
pub(crate) fn lacks_ten_in_a_row(text: &[u8]) -> bool {
    if !(8..=64).contains(&text.len()) {
        return false;
    }
    let (mut row, mut wide) = (0u64, 0);
    each_lane(text, |at, lane| {
        wide |= lane;
        // A sum's highest bit stays clear where the byte is at most nine, or is zero; no byte of ASCII carries into the next.
        let digit = (lane ^ (u64::from(b'0') * LOW)).wrapping_add(0x76 * LOW);
        let space = (lane ^ (u64::from(b' ') * LOW)).wrapping_add(0x7f * LOW);
        let hyphen = (lane ^ (u64::from(b'-') * LOW)).wrapping_add(0x7f * LOW);
        let found = !(digit & space & hyphen) & HIGH;
        // The highest bits of the eight bytes, side by side.
        row |= ((found >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << at;
    });
    let two = row & row >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    wide & HIGH == 0 && eight & two >> 8 == 0
}

/// Lends a text of at least eight bytes eight at a time, the first lowest, each with its place; the last ones may overlap.
#[inline]
fn each_lane(text: &[u8], mut each: impl FnMut(usize, u64)) {
    let (lanes, rest) = text.as_chunks::<8>();
    for (number, lane) in lanes.iter().enumerate() {
        each(8 * number, u64::from_le_bytes(*lane));
    }
    if let (false, Some(last)) = (rest.is_empty(), text.last_chunk::<8>()) {
        each(text.len() - 8, u64::from_le_bytes(*last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length with every byte at every place.
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
    fn a_control_character_is_seen_wherever_it_stands() {
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
    fn ten_in_a_row_are_seen_wherever_they_stand() {
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
    fn nothing_is_said_of_other_lengths() {
        assert!(!lacks_ten_in_a_row(b"abcdefg"));
        assert!(!lacks_ten_in_a_row(&[b'a'; 65]));
    }
}
