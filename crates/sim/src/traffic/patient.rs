//! Patients who do not exist: NHS numbers of the range 999, which the NHS never issues.

/// The valid NHS number of `seed`: ten digits, 999 first, the last one the modulus 11 check digit.
pub(crate) fn nhs_number(seed: u64) -> [u8; 10] {
    let mut serial = seed % 1_000_000;
    loop {
        if let Some(number) = with_check(serial) {
            return number;
        }
        serial = (serial + 1) % 1_000_000;
    }
}

/// Nine digits and their check digit; `None` where it would be ten.
fn with_check(serial: u64) -> Option<[u8; 10]> {
    let mut number = [b'9'; 10];
    let mut left = serial;
    for place in (3..9).rev() {
        number[place] = b'0' + u8::try_from(left % 10).expect("a digit");
        left /= 10;
    }
    let sum: u32 = number[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => return None,
        11 => 0,
        check => check,
    };
    number[9] = b'0' + u8::try_from(check).expect("a digit");
    Some(number)
}

/// Age in bands of five years, and sex of a patient; one in 16 has no age and one in 16 no sex that a practice knows.
pub(crate) fn age_and_sex(patient: &str) -> (Option<u8>, Option<&'static str>) {
    // FNV-1a, so that the check digits of neighbours do not show.
    let hash =
        patient.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let [a, b, c, ..] = (hash ^ hash >> 32).to_le_bytes();
    let sex = match b % 32 {
        0 | 1 => None,
        2 => Some("other"),
        odd if odd % 2 == 1 => Some("male"),
        _ => Some("female"),
    };
    ((c >= 16).then_some(a % 19), sex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_valid_and_in_the_range_that_is_never_issued() {
        for serial in (0..1_000_000).step_by(997) {
            let number = nhs_number(serial);
            assert!(number.starts_with(b"999"));
            let sum: u32 = number.iter().zip((1..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            assert_eq!(sum % 11, 0, "{}", String::from_utf8_lossy(&number));
        }
    }

    #[test]
    fn the_check_digit_agrees_with_the_published_example() {
        // Source of the method: NHS Data Dictionary, NHS NUMBER; 943 476 591 has the check digit 9.
        let digits = [9, 4, 3, 4, 7, 6, 5, 9, 1];
        let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(d, w)| d * w).sum();
        assert_eq!(11 - sum % 11, 9);
    }
}
