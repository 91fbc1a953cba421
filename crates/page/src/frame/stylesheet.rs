//! The one file of styles. Its name holds a hash of its content, so that a browser may keep it for good.

/// The content.
pub const STYLESHEET: &str = include_str!("../../style/page.css");

/// The path: `/page-0123456789abcdef.css`.
#[must_use]
pub fn stylesheet_path() -> String {
    format!("/page-{:016x}.css", hash(STYLESHEET.as_bytes()))
}

/// FNV-1a, 64 bits.
///
/// Source: Fowler, Noll, Vo; draft-eastlake-fnv.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_published_vectors() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_styles_load_nothing_from_elsewhere() {
        for word in ["url(", "@import", "http"] {
            assert!(!STYLESHEET.contains(word), "{word}");
        }
    }
}
