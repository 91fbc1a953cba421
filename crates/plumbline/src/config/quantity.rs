//! Durations and sizes as people write them: `3d`, `90s`, `64MiB`.

const DURATIONS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Whole seconds of a duration such as `3d`, `12h`, `5m`, `90s`.
///
/// # Errors
/// The expected form with an example.
pub fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is not a duration; write a whole number and d, h, m or s, such as 12h");
    scaled(text, &DURATIONS).and_then(|seconds| u32::try_from(seconds).ok()).ok_or_else(wrong)
}

/// Bytes of a size such as `64MiB`, `512KiB`.
///
/// # Errors
/// The expected form with an example.
pub fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("{text:?} is not a size; write a whole number and B, KiB, MiB or GiB, such as 64MiB");
    scaled(text, &SIZES).and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(wrong)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let (number, scale) = units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)))?;
    number.trim_end().parse::<u64>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_with_their_units() {
        assert_eq!([seconds("3d"), seconds("90 s"), seconds("1m")], [Ok(259_200), Ok(90), Ok(60)]);
        assert_eq!([bytes("64MiB"), bytes("3B")], [Ok(67_108_864), Ok(3)]);
    }

    #[test]
    fn a_number_without_a_unit_or_one_too_large_is_refused_with_an_example() {
        for text in ["7", "1.5h", "-1s", "99999999999d", ""] {
            assert!(seconds(text).unwrap_err().contains("12h"), "{text}");
        }
        assert!(bytes("64MB").unwrap_err().contains("64MiB"));
    }
}
