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

/// The ten digits of a text that is one NHS number, without blanks, joiners and the separators of printed numbers, and without the word
/// NHS in front.
#[must_use]
pub fn nhs_number(text: &str) -> Option<[u8; 10]> {
    // Nearly all senders write no blanks.
    if let Ok(sent) = <&[u8; 10]>::try_from(text.as_bytes())
        && sent.iter().all(u8::is_ascii_digit)
    {
        return Some(sent.map(|digit| digit - b'0')).filter(is_nhs_number);
    }
    let text = text.trim_start();
    let named = text.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("nhs"));
    let mut digits = [0; 10];
    let mut found = 0;
    for sign in text.chars().skip(if named { 3 } else { 0 }).map(sign) {
        match sign {
            Sign::Digit(digit) if found < 10 => {
                digits[found] = digit;
                found += 1;
            }
            Sign::Joiner | Sign::Blank | Sign::Mark => {}
            Sign::Digit(_) | Sign::Other => return None,
        }
    }
    (found == 10 && is_nhs_number(&digits)).then_some(digits)
}

/// Whether this text contains an NHS number: ten digits of any script in a row, also inside a longer row. Characters without a width
/// between them do not count.
///
/// Between the digits may be one or two blanks or hyphens each. Other marks, such as `.` and `/`, count between the printed groups of 3, 3
/// and 4 digits, and where they are between all ten. So a time or an OID with ten digits is no NHS number.
#[must_use]
pub fn contains_nhs_number(text: &str) -> bool {
    if text.len() < 10 {
        return false;
    }
    // Most texts have no ten digits, and these tests are quick.
    let bytes = text.as_bytes();
    if text.is_ascii() {
        let has_ten = bytes.iter().filter(|b| b.is_ascii_digit()).count() >= 10;
        let marked = || memchr::memchr3(b'.', b'/', b',', bytes).or_else(|| memchr::memchr3(b':', b'+', b'_', bytes)).is_some();
        let semicolon = || memchr::memchr(b';', bytes).is_some();
        return has_ten && (!lacks_ten_in_a_row(bytes) || marked() || semicolon()) && contains_row(text);
    }
    contains_row(text)
}

fn contains_row(text: &str) -> bool {
    let mut row = DigitRow::default();
    text.chars().any(|c| row.push(sign(c)))
}

/// The part of one character in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Digit(u8),
    /// A character without a width.
    Joiner,
    /// A blank or a hyphen.
    Blank,
    /// Another mark that people write between digits.
    Mark,
    Other,
}

/// Marks of one gap at most.
const GAP: u8 = 2;

/// The last ten digits of the current row, and what is between them.
#[derive(Default)]
struct DigitRow {
    /// Four bits a digit, the last lowest.
    window: u64,
    /// Two bits a digit for the gap before it, the last lowest: 0 nothing, 1 blanks, 2 another mark.
    gaps: u32,
    length: usize,
    /// The gap after the last digit, and its characters.
    gap: u32,
    marks: u8,
}

impl DigitRow {
    /// Reads one more character and returns whether the last ten digits, with it, are an NHS number.
    fn push(&mut self, sign: Sign) -> bool {
        match sign {
            Sign::Digit(digit) => {
                self.window = self.window << 4 | u64::from(digit);
                self.gaps = self.gaps << 2 | self.gap;
                self.length += 1;
                (self.gap, self.marks) = (0, 0);
                self.length >= 10 && self.is_written_so() && self.holds_number()
            }
            Sign::Joiner => false,
            Sign::Blank | Sign::Mark if self.marks < GAP => {
                self.gap = self.gap.max(if sign == Sign::Mark { 2 } else { 1 });
                self.marks += 1;
                false
            }
            Sign::Blank | Sign::Mark | Sign::Other => {
                (self.length, self.gap, self.marks) = (0, 0, 0);
                false
            }
        }
    }

    /// Whether people write a number with these gaps: see [`contains_nhs_number`].
    fn is_written_so(&self) -> bool {
        /// The higher bits of the nine gaps between ten digits.
        const MARKS: u32 = 0b10_10_10_10_10_10_10_10_10;
        /// The gaps after the third and the sixth digit.
        const GROUPS: u32 = 0b00_00_11_00_00_11_00_00_00;
        let inner = self.gaps & (MARKS | MARKS >> 1);
        let any = (inner | inner >> 1) & (MARKS >> 1);
        inner & MARKS == 0 || inner & !GROUPS == 0 && any.count_ones() == 2 || any == MARKS >> 1
    }

    fn holds_number(&self) -> bool {
        let digit = |place: usize| (self.window >> (36 - 4 * place)).to_le_bytes()[0] & 15;
        is_nhs_number(&std::array::from_fn(digit))
    }
}

/// The zeros of scripts whose digits follow one another, and of mathematical and lowered digits. Source: the Unicode Character Database,
/// property Numeric_Type.
const ZEROS: [u32; 77] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040,
    0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620, 0xa8d0, 0xa900,
    0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130,
    0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1,
    0x1e950, 0x1f101, 0x1fbf0,
];

/// Rows of raised, circled and other digits that lack a zero: the first character, its digit, and the number of characters.
const DIGIT_ROWS: [(u32, u8, u32); 19] = [
    (0xb2, 2, 2),
    (0xb9, 1, 1),
    (0x1369, 1, 9),
    (0x19da, 1, 1),
    (0x2070, 0, 1),
    (0x2074, 4, 6),
    (0x2460, 1, 9),
    (0x2474, 1, 9),
    (0x2488, 1, 9),
    (0x24ea, 0, 1),
    (0x24f5, 1, 9),
    (0x24ff, 0, 1),
    (0x2776, 1, 9),
    (0x2780, 1, 9),
    (0x278a, 1, 9),
    (0x10a40, 1, 4),
    (0x10e60, 1, 9),
    (0x11052, 1, 9),
    (0x1f10b, 0, 1),
];

fn sign(c: char) -> Sign {
    match c {
        '0'..='9' => Sign::Digit(u8::try_from(c).map_or(0, |digit| digit - b'0')),
        ' ' | '-' | '\t' => Sign::Blank,
        '.' | '/' | ',' | ':' | '+' | '_' | ';' => Sign::Mark,
        _ if c.is_ascii() => Sign::Other,
        _ => sign_beyond_ascii(c),
    }
}

/// The part of a character beyond ASCII: digits of every script, characters without a width, blanks, hyphens and wide marks.
fn sign_beyond_ascii(c: char) -> Sign {
    let code = u32::from(c);
    let after = |zero: &u32| u8::try_from(code.wrapping_sub(*zero)).ok().filter(|digit| *digit < 10);
    if let Some(digit) = ZEROS.iter().find_map(after) {
        return Sign::Digit(digit);
    }
    let row = DIGIT_ROWS.iter().find(|(first, _, length)| (*first..first + length).contains(&code));
    if let Some((first, digit, _)) = row {
        return Sign::Digit(digit + u8::try_from(code - first).unwrap_or_default());
    }
    match c {
        '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => Sign::Joiner,
        // Combining marks, joiners, marks of direction, invisible signs, keycaps, selectors of variants, tags.
        '\u{0300}'..='\u{036f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => Sign::Joiner,
        '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}' => Sign::Joiner,
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{30fc}' => Sign::Blank,
        _ if c.is_whitespace() => Sign::Blank,
        '\u{00b7}' | '\u{2022}' | '\u{2024}' | '\u{2027}' | '\u{2044}' | '\u{2215}' | '\u{22c5}' | '\u{30fb}' => Sign::Mark,
        '\u{066b}' | '\u{066c}' | '\u{060c}' | '\u{3001}' | '\u{3002}' | '\u{ff0b}' | '\u{ff0c}' | '\u{ff0e}' => Sign::Mark,
        '\u{ff0f}' | '\u{ff1a}' | '\u{ff1b}' | '\u{ff3f}' | '\u{ff61}' | '\u{ff64}' | '\u{ff65}' => Sign::Mark,
        _ => Sign::Other,
    }
}

/// Whether this is an American NPI: exactly ten digits with Luhn's check digit after the prefix 80840.
#[must_use]
pub fn is_npi(text: &str) -> bool {
    // The prefix 80840 adds 24.
    is_number_of(text, 10) && (luhn_sum(text) + 24).is_multiple_of(10)
}

/// Whether this is a user id of the NHS Spine Directory Service: exactly twelve digits, the first of them not 0.
#[must_use]
pub fn is_sds_user(text: &str) -> bool {
    is_number_of(text, 12) && !text.starts_with('0')
}

/// Whether this is the Australian number of a health professional or of an organisation: sixteen digits that begin with 800361 or 800362,
/// with Luhn's check digit. The numbers of patients begin with 800360.
#[must_use]
pub fn is_australian_provider(text: &str) -> bool {
    let is_provider = text.starts_with("800361") || text.starts_with("800362");
    is_provider && is_number_of(text, 16) && luhn_sum(text).is_multiple_of(10)
}

fn is_number_of(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())
}

/// The sum of Luhn's check: every second digit from the right counts twice, less 9 above 9.
fn luhn_sum(digits: &str) -> u32 {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let places = digits.bytes().rev().enumerate().map(|(place, b)| (place, u32::from(b - b'0')));
    places.fold(0, |sum, (place, digit)| sum + if place % 2 == 1 { doubled(digit) } else { digit })
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
    fn blanks_and_hyphens_between_digits_hide_nothing() {
        for text in [
            "943 476 5919",
            "943-476-5919",
            "9-4-3-4-7-6-5-9-1-9",
            "rx:943 476 5919:1",
            "943\u{a0}476\u{a0}5919",
            "943  476 5919",
            "943--476--5919",
            "943\u{205f}476\u{2009}5919",
        ] {
            assert!(contains_nhs_number(text), "{text}");
        }
        for text in ["943 - 476 5919", "943a4765919", "943476591"] {
            assert!(!contains_nhs_number(text), "{text}");
        }
    }

    #[test]
    fn other_marks_between_the_groups_or_all_digits_hide_nothing() {
        for mark in ['.', '/', ',', ':', '+', '_', ';', '\u{b7}', '\u{ff0e}', '\u{ff0f}', '\u{ff1a}', '\u{ff0b}'] {
            let number = format!("943{mark}476{mark}5919");
            let single = "9434765919".chars().map(String::from).collect::<Vec<_>>().join(&mark.to_string());
            for text in [number.clone(), format!("rx-{number}-1"), format!("patients and their drugs: ({number})"), single] {
                assert!(contains_nhs_number(&text), "{text}");
            }
        }
        for text in ["1943.476.59192", "943.476-5919", "943, 476, 5919", "943 476/5919"] {
            assert!(contains_nhs_number(text), "{text}");
        }
        // Groups of other lengths, another check digit, more than two marks, an OID, a time with ten digits before its zone.
        for text in ["9434.76.5919", "943.476.5918", "943... 476 5919", "2.16.840.1.113883.2.1.3.2.4.18.29", "94:34:76:59.19Z"] {
            assert!(!contains_nhs_number(text), "{text}");
        }
    }

    #[test]
    fn digits_of_other_scripts_and_joiners_hide_nothing() {
        let digits = [9, 4, 3, 4, 7, 6, 5, 9, 1, 9];
        for zero in ZEROS {
            let of = |digit: &u32| char::from_u32(zero + digit).expect("a digit");
            let text: String = digits.iter().map(of).collect();
            assert!(contains_nhs_number(&text) && nhs_number(&text).is_some(), "{text}");
            let marked: Vec<String> =
                [&digits[..3], &digits[3..6], &digits[6..]].map(|group| group.iter().map(of).collect()).into();
            assert!(contains_nhs_number(&marked.join(".")), "{marked:?}");
        }
        // Raised digits, and circled ones without a nought.
        assert!(contains_nhs_number("\u{2079}\u{2074}\u{b3}\u{2074}\u{2077}\u{2076}\u{2075}\u{2079}\u{b9}\u{2079}"));
        let circled: String = digits.iter().map(|digit| char::from_u32(0x245f + digit).expect("a digit")).collect();
        assert!(contains_nhs_number(&circled));
        let joiners =
            ['\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{34f}', '\u{2060}', '\u{fe0f}', '\u{20e3}', '\u{feff}', '\u{ad}'];
        for joiner in joiners {
            assert!(contains_nhs_number(&format!("943{joiner}476{joiner}5919")), "{joiner:?}");
            assert_eq!(nhs_number(&format!("943{joiner}4765919")), Some([9, 4, 3, 4, 7, 6, 5, 9, 1, 9]), "{joiner:?}");
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
        for text in [" 943 476-5919 ", "943.476.5919", "943/476/5919", "NHS 9434765919", "nhs: 943 476 5919"] {
            assert_eq!(nhs_number(text), Some([9, 4, 3, 4, 7, 6, 5, 9, 1, 9]), "{text}");
        }
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
    fn numbers_of_staff_and_organisations_have_their_form() {
        // The HPI-O of HL7 Australia's example organisations, and a published example of an SDS user id.
        assert!(is_australian_provider("8003621566684455") && is_australian_provider("8003628233352432"));
        // An IHI is a patient's number; the last has another check digit.
        for text in ["8003608166690503", "800362156668445", "8003628233352433"] {
            assert!(!is_australian_provider(text), "{text}");
        }
        assert!(is_sds_user("555254239107"));
        for text in ["009434765919", "55525423910", "5552542391070", "55525423910x"] {
            assert!(!is_sds_user(text), "{text}");
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
