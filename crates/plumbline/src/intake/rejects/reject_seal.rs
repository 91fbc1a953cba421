//! The encryption of rejected records: the format of a file, and its key.
//!
//! ```text
//! file       magic | nonce: 24 | XChaCha20-Poly1305 of the contents, with the magic as associated data
//! contents   length of the head: u32 | head: JSON, a list of records and the lengths of their bytes | the bytes
//! ```

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use codec::identity::keys::Keys;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::intake::rejects::rejected_record::RejectedRecord;

const MAGIC: &[u8] = b"plumbline refused 1\n";
/// Bytes of a nonce. With 24 random bytes no two files of one key share a nonce.
pub const NONCE_BYTES: usize = 24;
/// The purpose of the derived key. It is part of the derivation, so another purpose has another key.
const PURPOSE: &[u8] = b"plumbline: raw records that were refused, 1";

/// Encrypts and decrypts files with the key of one deployment.
#[derive(Clone)]
pub struct RejectSeal(XChaCha20Poly1305);

#[derive(Serialize, Deserialize)]
struct SealedFile {
    #[serde(flatten)]
    record: RejectedRecord,
    bytes: u64,
}

impl RejectSeal {
    /// A seal with a key derived from the permanent key.
    #[must_use]
    pub fn new(keys: &Keys) -> RejectSeal {
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(keys.permanent()).expect("HMAC takes keys of any length");
        let key = mac.chain_update(PURPOSE).finalize().into_bytes();
        RejectSeal(XChaCha20Poly1305::new_from_slice(&key).expect("HMAC-SHA-256 gives 32 bytes, the length of the cipher's key"))
    }

    /// The bytes of a file with these records. `nonce` must be random and is used once.
    #[must_use]
    pub fn seal(&self, records: &[RejectedRecord], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let stored: Vec<SealedFile> =
            records.iter().map(|record| SealedFile { record: record.clone(), bytes: record.body.len() as u64 }).collect();
        let head = serde_json::to_vec(&stored).expect("texts and numbers serialize");
        let length = u32::try_from(head.len()).expect("the head of one group of requests is far below 4 GiB");
        let mut contents = length.to_be_bytes().to_vec();
        contents.extend(head);
        records.iter().for_each(|record| contents.extend_from_slice(&record.body));
        let payload = Payload { msg: &contents, aad: MAGIC };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("the cipher takes up to 256 GiB");
        [MAGIC, &nonce, &sealed].concat()
    }

    /// The records of a file; `None` for another file, a damaged one, or one sealed with another key.
    #[must_use]
    pub fn open(&self, file: &[u8]) -> Option<Vec<RejectedRecord>> {
        let (nonce, sealed) = file.strip_prefix(MAGIC)?.split_first_chunk::<NONCE_BYTES>()?;
        let contents = self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: MAGIC }).ok()?;
        let (length, rest) = contents.split_first_chunk::<4>()?;
        let (head, mut bodies) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let stored: Vec<SealedFile> = serde_json::from_slice(head).ok()?;
        let mut records = Vec::with_capacity(stored.len());
        for SealedFile { record, bytes } in stored {
            let (body, rest) = bodies.split_at_checked(usize::try_from(bytes).ok()?)?;
            records.push(RejectedRecord { body: body.to_vec(), ..record });
            bodies = rest;
        }
        Some(records)
    }
}

/// Shows no key.
impl std::fmt::Debug for RejectSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectSeal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::rejects::rejected_record::RejectedElement;

    /// The record of the fixture.
    fn record() -> RejectedRecord {
        let element = RejectedElement {
            ordinal: 0,
            feed: Some("surgery".to_owned()),
            reason: "unknown_type".to_owned(),
            field: "type".to_owned(),
            detail: "type looks like \"aaaaa\"; send one of encounter, prescription, feedback, order".to_owned(),
            excerpt: "{\"aaaa\":\"aaaaa\"}".to_owned(),
        };
        let body = b"{\"type\":\"robot\"}".to_vec();
        let (position, received_at) = (1_790_000_000_000_000, 1_790_000_000_000);
        RejectedRecord {
            position,
            received_at,
            feed: None,
            items: 1,
            elements: vec![element],
            scopes: None,
            counted: Vec::new(),
            body,
        }
    }

    #[test]
    fn a_file_of_every_format_ever_written_opens() {
        let hex = include_str!("../../../fixtures/refused-1.hex").trim();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
        let file: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        assert_eq!(RejectSeal::new(&Keys::fixed()).open(&file), Some(vec![record()]));
    }

    #[test]
    fn a_file_with_one_damaged_byte_does_not_open() {
        let seal = RejectSeal::new(&Keys::fixed());
        let file = seal.seal(&[record()], [7; NONCE_BYTES]);
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert_eq!(seal.open(&damaged), None, "byte {at}");
            assert_eq!(seal.open(&file[..at]), None, "cut at {at}");
        }
    }
}
