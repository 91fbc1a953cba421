//! The keys of a deployment: a permanent key for event ids and links, and a key for each epoch of patients.

use std::fmt;

use sha2::{Digest, Sha256};

/// Whether identifiers are protected. Only a test of the protection itself uses [`Protection::Off`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// Patients are pseudonyms, NHS numbers are hashed, rejects show shapes.
    #[default]
    On,
    /// All text passes unchanged. No configuration selects it: a leak test uses it to show that it can fail.
    Off,
}

/// The keys of a deployment. [`fmt::Debug`] prints fingerprints, never keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    permanent: [u8; 32],
    patients: Vec<[u8; 32]>,
    protection: Protection,
}

impl Keys {
    /// A permanent key, and the patients' keys from the oldest epoch to the current one. Without an epoch no patient is kept.
    #[must_use]
    pub fn new(permanent: [u8; 32], patients: Vec<[u8; 32]>) -> Keys {
        Keys { permanent, patients, protection: Protection::On }
    }

    /// The published keys of demonstrations and replays, each the SHA-256 of a sentence. They are public, so they protect nobody.
    #[must_use]
    pub fn fixed() -> Keys {
        let key = |sentence: &str| <[u8; 32]>::from(Sha256::digest(sentence.as_bytes()));
        Keys::new(key("plumbline's published permanent key"), vec![key("plumbline's published patient key, epoch 1")])
    }

    /// The published keys with protection off, for a test that shows that its search finds leaks.
    #[must_use]
    pub fn without_pseudonyms() -> Keys {
        Keys { protection: Protection::Off, ..Keys::fixed() }
    }

    /// The key of event ids and links.
    #[must_use]
    pub fn permanent(&self) -> &[u8; 32] {
        &self.permanent
    }

    /// The patients' keys, oldest epoch first; the last one is current.
    #[must_use]
    pub fn patients(&self) -> &[[u8; 32]] {
        &self.patients
    }

    /// Whether identifiers are protected.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.protection
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patients: Vec<String> = self.patients.iter().map(fingerprint).collect();
        f.debug_struct("Keys")
            .field("permanent", &fingerprint(&self.permanent))
            .field("patients", &patients)
            .field("protection", &self.protection)
            .finish()
    }
}

/// The fingerprint of a key: the first 16 hexadecimal digits of its SHA-256.
#[must_use]
pub fn fingerprint(key: &[u8; 32]) -> String {
    hex(&Sha256::digest(key)[..8])
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_head_of_sha_256() {
        // SHA-256 of 32 zero bytes, as `head -c32 /dev/zero | sha256sum` prints it.
        assert_eq!(fingerprint(&[0; 32]), "66687aadf862bd77");
    }

    #[test]
    fn debug_output_tells_no_key() {
        let shown = format!("{:?}", Keys::new([0x5a; 32], vec![[0x5b; 32]]));
        assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
    }

    #[test]
    fn the_published_keys_differ_from_each_other() {
        let keys = Keys::fixed();
        assert_ne!(keys.permanent(), &keys.patients()[0]);
        assert_eq!(keys.protection(), Protection::On);
    }
}
