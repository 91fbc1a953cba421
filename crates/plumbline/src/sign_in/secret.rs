//! Random secrets of browsers: session ids, links, states. Only hashes of them are stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Bytes of a secret. 256 bits cannot be guessed, so a plain hash does not reveal it.
const SECRET_BYTES: usize = 32;

/// A secret as a browser holds it: 43 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one from the system's randomness.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random() -> Result<Secret, getrandom::Error> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret that a browser sends; `None` for a text of another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Secret> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == SECRET_BYTES).then(|| Secret(text.to_owned()))
    }

    /// The text for the browser.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// SHA-256 for a purpose, 64 hexadecimal digits. Two purposes have two hashes, so that one that is shown never opens another.
    #[must_use]
    pub fn hash(&self, purpose: &str) -> String {
        let digest = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(&self.0).finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether two texts are the same, in a time that does not depend on where they differ.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    one.iter().zip(&other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_random_reads_back_and_has_one_hash_a_purpose() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert!(one != other && Secret::parse(one.text()) == Some(one.clone()));
        assert_ne!(one.hash("session"), one.hash("form"));
        assert_eq!(one.hash("session").len(), 64);
        for wrong in ["", "..", "../../etc/passwd", &one.text()[1..], &format!("{}A", one.text())] {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
        assert!(same("a", "a") && !same("a", "b") && !same("a", ""));
    }

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        // Expected value: `printf 'session\0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' | sha256sum`.
        let zero = Secret::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert_eq!(zero.hash("session"), "b04fed6e12d964dbc5ff4ea1cb84847e4f0ba3c35c93e1b8f0583211833afda4");
    }
}
