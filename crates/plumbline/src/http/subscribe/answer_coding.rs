//! The last step of an answer to a subscriber: its entity tag, its rules for caches, and its compression.
//!
//! An entity tag is strong: it is a hash of the content, its type and its compression. Source: RFC 9110, sections 8.8.3, 12.5.3 and 13.1.2.

use std::io::{self, Write};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{Request, State};
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use flate2::write::GzEncoder;
use xxhash_rust::xxh3::Xxh3Default;

use crate::http::responses::panicked;
use crate::process::limits::{COMPRESSED_ASIDE, COMPRESSED_FROM};

/// Request headers that change an answer.
const VARY: &str = "accept, accept-encoding, authorization";
/// Level of zstd: its default.
pub(crate) const ZSTD_LEVEL: i32 = 3;

/// The rule for caches of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheRule {
    /// It names persons: no cache keeps it.
    Named,
    /// It names nobody: a cache asks the service before each use.
    Checked,
}

impl CacheRule {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            CacheRule::Named => "private, no-store",
            CacheRule::Checked => "no-cache",
        })
    }
}

/// The compression of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    /// None.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl ContentCoding {
    /// The coding that a client prefers; of equal ones the denser. Without the header none.
    pub(crate) fn accepted(headers: &HeaderMap) -> ContentCoding {
        let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
        let choices: Vec<(String, f32)> = lists.flat_map(|list| list.split(',')).map(choice).collect();
        let of = |wanted: &str| choices.iter().find(|(coding, _)| coding == wanted).map(|(_, weight)| *weight);
        let weight = |name: &str| of(name).or_else(|| of("*")).unwrap_or(0.0);
        let [gzip, zstd] = [weight("gzip"), weight("zstd")];
        // A client that names no weight of identity prefers any coding that it names.
        let identity = of("identity").unwrap_or(0.0);
        if zstd > 0.0 && zstd >= gzip && zstd >= identity {
            ContentCoding::Zstd
        } else if gzip > 0.0 && gzip >= identity {
            ContentCoding::Gzip
        } else {
            ContentCoding::Identity
        }
    }

    /// Its name in `Content-Encoding`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ContentCoding::Identity => "identity",
            ContentCoding::Gzip => "gzip",
            ContentCoding::Zstd => "zstd",
        }
    }

    fn encoded(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            ContentCoding::Identity => Ok(bytes.to_vec()),
            ContentCoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            ContentCoding::Zstd => zstd::encode_all(bytes, ZSTD_LEVEL),
        }
    }
}

/// A coding with its weight from 0 to 1; 0 is a refusal.
fn choice(text: &str) -> (String, f32) {
    let (name, rest) = text.split_once(';').unwrap_or((text, ""));
    let weight = rest.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
    (name.trim().to_ascii_lowercase(), weight.clamp(0.0, 1.0))
}

/// Adds entity tag, cache rule and compression to an answer whose content is known. A stream only gets the cache rule.
pub(crate) async fn finish(State(rule): State<CacheRule>, request: Request, next: Next) -> Response {
    let coding = ContentCoding::accepted(request.headers());
    let known = KnownTags::of(request.headers());
    let mut response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    response.headers_mut().insert(header::CACHE_CONTROL, rule.header());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static(VARY));
    let Some(size) = response.body().size_hint().exact() else { return response };
    let (parts, body) = response.into_parts();
    // The content is in memory already.
    let Ok(content) = to_bytes(body, usize::MAX).await else { return panicked("the answer") };
    let work = move || finished(parts, &content, coding, &known);
    if size < COMPRESSED_ASIDE {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| panicked("compressing the answer"))
}

/// The answer with its entity tag, or 304 without content if the client has it.
fn finished(mut parts: Parts, content: &Bytes, coding: ContentCoding, known: &KnownTags) -> Response {
    let coding = if content.len() < COMPRESSED_FROM { ContentCoding::Identity } else { coding };
    let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let tag = entity_tag(kind, content, coding);
    parts.headers.remove(header::CONTENT_LENGTH);
    let unchanged = known.contain(&tag);
    parts.headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    if unchanged {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    if coding == ContentCoding::Identity {
        return Response::from_parts(parts, Body::from(content.clone()));
    }
    match coding.encoded(content) {
        Ok(encoded) => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
            Response::from_parts(parts, Body::from(encoded))
        }
        Err(_) => panicked("compressing the answer"),
    }
}

/// The tag of a content: the same for the same bytes, type and coding.
fn entity_tag(kind: &[u8], content: &[u8], coding: ContentCoding) -> String {
    let mut hash = Xxh3Default::new();
    for part in [kind, b"\n", content] {
        hash.update(part);
    }
    format!("\"{:032x}-{}\"", hash.digest128(), coding.name())
}

/// The tags of `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KnownTags(Vec<String>);

impl KnownTags {
    fn of(headers: &HeaderMap) -> KnownTags {
        let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
        // Tags of this service contain no comma.
        let tag = |text: &str| text.trim().trim_start_matches("W/").to_owned();
        KnownTags(lists.flat_map(|list| list.split(',')).map(tag).collect())
    }

    fn contain(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag || known == "*")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn headers(name: header::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_coding_is_the_one_that_the_client_prefers() {
        use ContentCoding::{Gzip, Identity, Zstd};
        let accepted = |values: &[&str]| ContentCoding::accepted(&headers(header::ACCEPT_ENCODING, values));
        assert_eq!(
            (accepted(&[]), accepted(&[""]), accepted(&["br"]), accepted(&["identity"])),
            (Identity, Identity, Identity, Identity)
        );
        assert_eq!((accepted(&["gzip"]), accepted(&["gzip, zstd"]), accepted(&["GZIP, deflate, br"])), (Gzip, Zstd, Gzip));
        assert_eq!((accepted(&["gzip;q=0.9, zstd;q=0.5"]), accepted(&["gzip", "zstd"]), accepted(&["*"])), (Gzip, Zstd, Zstd));
        assert_eq!(
            (accepted(&["gzip;q=0"]), accepted(&["zstd;q=0, *;q=0.1"]), accepted(&["gzip;q=x"])),
            (Identity, Gzip, Identity)
        );
        assert_eq!(accepted(&["gzip;q=0.5, identity"]), Identity);
    }

    #[test]
    fn a_tag_differs_with_content_type_and_coding() {
        let tags = [
            entity_tag(b"application/json", b"[]", ContentCoding::Identity),
            entity_tag(b"application/json", b"[]", ContentCoding::Gzip),
            entity_tag(b"application/x-ndjson", b"[]", ContentCoding::Identity),
            entity_tag(b"application/json", b"[1]", ContentCoding::Identity),
        ];
        assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), tags.len());
        assert_eq!(tags[0], entity_tag(b"application/json", b"[]", ContentCoding::Identity));
    }

    #[test]
    fn tags_are_found_in_a_list_weak_or_strong() {
        let known = KnownTags::of(&headers(header::IF_NONE_MATCH, &["W/\"a\", \"b\"", "\"c\""]));
        assert_eq!(["\"a\"", "\"b\"", "\"c\"", "\"d\"", "b"].map(|tag| known.contain(tag)), [true, true, true, false, false]);
        assert!(KnownTags::of(&headers(header::IF_NONE_MATCH, &["*"])).contain("\"a\""));
        assert!(!KnownTags::of(&HeaderMap::new()).contain("\"a\""));
    }

    #[test]
    fn compressed_content_is_read_back() {
        let content = b"a card and a card and a card".repeat(100);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&ContentCoding::Gzip.encoded(&content).unwrap()[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, content);
        assert_eq!(zstd::decode_all(&ContentCoding::Zstd.encoded(&content).unwrap()[..]).unwrap(), content);
    }
}
