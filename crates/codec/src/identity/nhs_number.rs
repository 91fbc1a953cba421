//! NHS numbers, and the check digits of other long numbers that look like them.
//!
//! Sources: NHS Data Dictionary, "NHS NUMBER" (modulus 11); CMS, "NPI check digit" (Luhn over the prefix 80840); SNOMED CT
//! Technical Implementation Guide, "Partition identifier" and "Check-digit computation" (Verhoeff's dihedral group).

use crate::simd::lacks_ten_in_a_row;

/// Whether these ten digits carry the check digit of an NHS number.
#[must_use]
pub fn is_nhs_number(digits: &[u8; 10]) -> bool {
    let weighted = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum::<u32>();
    // A remainder of 10 has no digit: such numbers are not issued.
    (11 - weighted % 11) % 11 == u32::from(digits[9])
}

/// The ten digits of a text that is one NHS number, without spaces and hyphens.
#[must_use]
pub fn nhs_number(text: &str) -> Option<[u8; 10]> {
    // Nearly all senders write no blanks.
    if let Ok(sent) = <&[u8; 10]>::try_from(text.as_bytes())
        && sent.iter().all(u8::is_ascii_digit)
    {
        return Some(sent.map(|digit| digit - b'0')).filter(is_nhs_number);
    }
    let mut digits = [0; 10];
    let mut found = 0;
    for c in text.chars().map(plain) {
        match c {
            '0'..='9' if found < 10 => {
                digits[found] = c as u8 - b'0';
                found += 1;
            }
            '-' => {}
            _ if c.is_whitespace() => {}
            _ => return None,
        }
    }
    (found == 10 && is_nhs_number(&digits)).then_some(digits)
}

/// Whether this text contains an NHS number: ten digits in a row, also inside a longer run. Single spaces and hyphens between digits
/// are skipped. The groups of 3, 3 and 4 digits may have another separator, and digits may be of any script.
#[must_use]
pub fn contains_nhs_number(text: &str) -> bool {
    // Most texts have no such row, and this test is quick.
    if text.len() < 10 || lacks_ten_in_a_row(text.as_bytes()) {
        return holds_groups(text.as_bytes());
    }
    contains_row(text) || holds_groups(text.as_bytes())
}

fn contains_row(text: &str) -> bool {
    let mut run = Run::default();
    if text.is_ascii() {
        text.bytes().any(|b| run.push(b))
    } else {
        text.chars().map(plain).any(|c| run.push(u8::try_from(c).unwrap_or(b'?')))
    }
}

/// Whether a text contains an NHS number as printed, with another separator than a space or a hyphen: `943.476.5919`. Any groups of 3, 3
/// and 4 digits count, also inside longer rows. Few OIDs have such groups.
fn holds_groups(text: &[u8]) -> bool {
    const LENGTH: usize = 12;
    if text.len() < LENGTH {
        return false;
    }
    let candidates = memchr::memchr3_iter(b'.', b'/', b',', text).chain(memchr::memchr3_iter(b':', b'+', b'_', text));
    candidates.filter_map(|at| at.checked_sub(3)).any(|start| {
        let Some(&[a, b, c, one, d, e, f, other, g, h, i, j]) = text.get(start..).and_then(<[u8]>::first_chunk::<LENGTH>) else {
            return false;
        };
        let digits = [a, b, c, d, e, f, g, h, i, j];
        one == other && digits.iter().all(u8::is_ascii_digit) && is_nhs_number(&digits.map(|digit| digit - b'0'))
    })
}

/// The last ten digits of the current run of digits.
#[derive(Default)]
struct Run {
    /// Four bits each, the last lowest.
    window: u64,
    length: usize,
    separated: bool,
}

impl Run {
    /// Reads one more character and returns whether the last ten digits, with it, are an NHS number.
    fn push(&mut self, c: u8) -> bool {
        if c.is_ascii_digit() {
            self.window = self.window << 4 | u64::from(c - b'0');
            self.length += 1;
            self.separated = false;
            return self.length >= 10 && self.holds_number();
        }
        let separator = matches!(c, b' ' | b'-');
        if !separator || self.separated {
            self.length = 0;
        }
        self.separated = separator;
        false
    }

    fn holds_number(&self) -> bool {
        let digit = |place: usize| (self.window >> (36 - 4 * place)).to_le_bytes()[0] & 15;
        is_nhs_number(&std::array::from_fn(digit))
    }
}

/// The zeros of scripts whose digits follow one another, and of mathematical digits.
const ZEROS: [u32; 24] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0,
    0x1810, 0xff10, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
];

/// The ASCII character of a digit of another script, another hyphen, a joiner or another space.
fn plain(c: char) -> char {
    if let Some(digit) = ZEROS.iter().find_map(|zero| char::from_digit(u32::from(c).wrapping_sub(*zero), 10)) {
        return digit;
    }
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => '-',
        '\u{00a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{3000}' => ' ',
        other => other,
    }
}

/// Whether this is an American NPI: exactly ten digits with Luhn's check digit after the prefix 80840.
#[must_use]
pub fn is_npi(text: &str) -> bool {
    if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, b)| (place, u32::from(b - b'0')))
        .fold(0, |sum, (place, digit)| sum + if place % 2 == 1 { doubled(digit) } else { digit });
    // The prefix 80840 adds 24.
    (sum + 24).is_multiple_of(10)
}

/// Whether this is a SNOMED CT identifier: 6 to 18 digits with a partition of concepts, descriptions or relationships, and Verhoeff's
/// check digit behind it.
#[must_use]
pub fn is_snomed(text: &str) -> bool {
    /// The dihedral group of order ten.
    const D: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    /// Its permutation, applied once for each position.
    const P: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    if !(6..=18).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    if !matches!(&text.as_bytes()[text.len() - 3..text.len() - 1], [b'0' | b'1', b'0'..=b'2']) {
        return false;
    }
    let mut check = 0u8;
    for (place, b) in text.bytes().rev().enumerate() {
        let permuted = (0..place % 8).fold(b - b'0', |digit, _| P[usize::from(digit)]);
        check = D[usize::from(check)][usize::from(permuted)];
    }
    check == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_decides() {
        assert!(contains_nhs_number("9434765919"));
        assert!(!contains_nhs_number("9434765918"));
        // The NHS Data Dictionary's own example.
        assert!(contains_nhs_number("4010232137"));
    }

    #[test]
    fn spaces_and_hyphens_between_digits_hide_nothing() {
        for text in ["943 476 5919", "943-476-5919", "9-4-3-4-7-6-5-9-1-9", "rx:943 476 5919:1", "943\u{a0}476\u{a0}5919"] {
            assert!(contains_nhs_number(text), "{text}");
        }
        for text in ["943  476 5919", "943 - 476 5919", "943a4765919", "943476591"] {
            assert!(!contains_nhs_number(text), "{text}");
        }
    }

    #[test]
    fn other_separators_between_the_groups_hide_nothing() {
        for separator in ['.', '/', ',', ':', '+', '_'] {
            let number = format!("943{separator}476{separator}5919");
            for text in [number.clone(), format!("rx-{number}-1"), format!("patients and their drugs: ({number})")] {
                assert!(contains_nhs_number(&text), "{text}");
            }
        }
        assert!(contains_nhs_number("1943.476.59192"));
        // Groups of other lengths, another check digit, two separators, an OID.
        for text in ["9434.76.5919", "943.476.5918", "943.476/5919", "2.16.840.1.113883.2.1.3.2.4.18.29"] {
            assert!(!contains_nhs_number(text), "{text}");
        }
    }

    #[test]
    fn digits_of_other_scripts_and_joiners_hide_nothing() {
        let digits = [9, 4, 3, 4, 7, 6, 5, 9, 1, 9];
        for zero in ZEROS {
            let text: String = digits.iter().map(|digit| char::from_u32(zero + digit).expect("a digit")).collect();
            assert!(contains_nhs_number(&text) && nhs_number(&text).is_some(), "{text}");
        }
        for joiner in ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'] {
            assert!(contains_nhs_number(&format!("943{joiner}476{joiner}5919")), "{joiner:?}");
        }
    }

    #[test]
    fn longer_runs_are_searched_window_by_window() {
        for text in ["19434765919", "94347659191", "0001943476591900", "rx-12 943 476 5919-7", "\u{ff19}434765919"] {
            assert!(contains_nhs_number(text), "{text}");
        }
    }

    #[test]
    fn a_whole_text_is_an_nhs_number_only_with_ten_digits() {
        assert_eq!(nhs_number(" 943 476-5919 "), Some([9, 4, 3, 4, 7, 6, 5, 9, 1, 9]));
        for text in ["94347659190", "943476591", "p9434765919", "9434765918", ""] {
            assert_eq!(nhs_number(text), None, "{text}");
        }
    }

    #[test]
    fn an_npi_carries_luhns_digit() {
        // The example of the CMS standard.
        assert!(is_npi("1234567893"));
        for text in ["1234567890", "123456789", "12345678930", "123456789x"] {
            assert!(!is_npi(text), "{text}");
        }
    }

    #[test]
    fn a_snomed_code_carries_verhoeffs_digit() {
        for text in ["306206005", "73211009", "22298006", "3457005", "900000000000207008", "138875005"] {
            assert!(is_snomed(text), "{text}");
        }
        // The last has Verhoeff's digit, but its partition is 91.
        for text in ["306206006", "37211009", "12345", "73211009x", "9434765919", "753670029434765919"] {
            assert!(!is_snomed(text), "{text}");
        }
    }
}
