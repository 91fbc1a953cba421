//! The body of a request with events: its type, its encoding, its pace and its size. Each has a bound.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;
use tokio::time::{Duration, Instant, timeout_at};

use crate::http::problem::{EVENT_TYPES, ProblemType, Refusal};
use crate::process::limits::{BODY_BYTES_A_SECOND, BODY_GRACE, BODY_STALL, ZSTD_WINDOW_LOG};

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyEncoding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

/// Checks that the content type holds events. A request may have none.
pub(crate) fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_known = |value: &axum::http::HeaderValue| {
        let kind = value.to_str().ok().and_then(|text| text.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
        EVENT_TYPES.contains(&kind.as_str())
    };
    if headers.get_all(header::CONTENT_TYPE).iter().all(is_known) {
        return Ok(());
    }
    let text = format!(
        "the content type is not one of events; send -H 'Content-Type: application/x-ndjson', or one of {}",
        EVENT_TYPES.join(", ")
    );
    Err(Refusal::new(ProblemType::MediaType, text))
}

/// The encoding of the body.
pub(crate) fn encoding(headers: &HeaderMap) -> Result<BodyEncoding, Refusal> {
    let unknown = || {
        let text = "the content encoding is unknown; send the body without one, or once with gzip or zstd";
        Refusal::new(ProblemType::ContentEncoding, text)
    };
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(BodyEncoding::Identity) };
    let word = value.to_str().map_err(|_| unknown())?.trim().to_ascii_lowercase();
    match (word.as_str(), values.next()) {
        ("identity" | "", None) => Ok(BodyEncoding::Identity),
        ("gzip" | "x-gzip", None) => Ok(BodyEncoding::Gzip),
        ("zstd", None) => Ok(BodyEncoding::Zstd),
        _ => Err(unknown()),
    }
}

/// Reads a body of at most this many bytes. It must arrive at a least pace: a body that stops holds room that others need.
pub(crate) async fn read(mut body: Body, most: usize) -> Result<Bytes, Refusal> {
    let begun = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let paced = begun + BODY_GRACE + Duration::from_secs(bytes.len() as u64 / BODY_BYTES_A_SECOND);
        let due = paced.min(Instant::now() + BODY_STALL);
        let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = match timeout_at(due, next).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => return Ok(bytes.into()),
            Ok(Some(Err(_))) => return Err(Refusal::new(ProblemType::MalformedEncoding, "the body broke off; send it again")),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(too_large(most));
        }
        bytes.extend_from_slice(&data);
    }
}

fn too_slow() -> Refusal {
    let (grace, pace, stall) = (BODY_GRACE.as_secs(), BODY_BYTES_A_SECOND >> 10, BODY_STALL.as_secs());
    let text = format!(
        "the body is late: after {grace} s it must arrive at {pace} KiB a second, without a pause of {stall} s; send smaller bodies"
    );
    Refusal::new(ProblemType::SlowBody, text)
}

pub(crate) fn too_large(most: usize) -> Refusal {
    Refusal::new(ProblemType::BodyTooLarge, format!("the body has more than {most} bytes, decoded; send it in parts"))
}

/// The decoded body, at most this many bytes. No more than that is ever in memory.
pub(crate) fn decoded(body: Bytes, encoding: BodyEncoding, most: usize) -> Result<Bytes, Refusal> {
    let mut bytes = Vec::new();
    let bound = most as u64 + 1;
    let read = match encoding {
        BodyEncoding::Identity => return Ok(body),
        BodyEncoding::Gzip => MultiGzDecoder::new(body.as_ref()).take(bound).read_to_end(&mut bytes),
        BodyEncoding::Zstd => zstd_reader(&body).and_then(|reader| reader.take(bound).read_to_end(&mut bytes)),
    };
    match read {
        Ok(read) if read > most => Err(too_large(most)),
        Ok(_) => Ok(bytes.into()),
        Err(_) => {
            let text = "the body cannot be decoded as Content-Encoding says; send gzip, or zstd with a window of at most 8 MiB";
            Err(Refusal::new(ProblemType::MalformedEncoding, text))
        }
    }
}

/// A window is memory that the sender chooses.
fn zstd_reader(body: &[u8]) -> io::Result<impl Read> {
    let mut reader = zstd::stream::read::Decoder::with_buffer(body)?;
    reader.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    fn gzipped(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn types_of_events_are_taken_and_those_of_forms_are_not() {
        for kind in ["application/json", "Application/FHIR+json; charset=utf-8", "application/x-ndjson", "application/avro"] {
            assert_eq!(check_type(&headers("content-type", kind)), Ok(()), "{kind}");
        }
        assert_eq!(check_type(&HeaderMap::new()), Ok(()));
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "text/plain;application/json",
            "",
        ] {
            let refused = check_type(&headers("content-type", kind)).unwrap_err();
            assert!(refused.problem == ProblemType::MediaType && refused.detail.contains("application/x-ndjson"), "{kind}");
        }
    }

    #[test]
    fn gzip_and_zstd_are_decoded_and_other_encodings_are_refused() {
        let kind = |value: &str| encoding(&headers("content-encoding", value)).map_err(|refusal| refusal.problem);
        assert_eq!(
            (kind("gzip"), kind("ZSTD"), kind("identity")),
            (Ok(BodyEncoding::Gzip), Ok(BodyEncoding::Zstd), Ok(BodyEncoding::Identity))
        );
        for other in ["br", "deflate", "gzip, gzip", "aws-chunked"] {
            assert_eq!(kind(other), Err(ProblemType::ContentEncoding), "{other}");
        }
        let text = b"{\"feed\":\"a\"}";
        assert_eq!(decoded(gzipped(text), BodyEncoding::Gzip, 100).unwrap(), &text[..]);
        let packed = zstd::stream::encode_all(&text[..], 3).unwrap();
        assert_eq!(decoded(packed.into(), BodyEncoding::Zstd, 100).unwrap(), &text[..]);
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound() {
        let zeros = vec![0; 64 << 20];
        let bombs = [
            (gzipped(&zeros), BodyEncoding::Gzip),
            (zstd::stream::encode_all(&zeros[..], 3).unwrap().into(), BodyEncoding::Zstd),
        ];
        for (bomb, encoding) in bombs {
            assert!(bomb.len() < 1 << 17, "{} bytes", bomb.len());
            assert_eq!(decoded(bomb, encoding, 1 << 20).unwrap_err().problem, ProblemType::BodyTooLarge, "{encoding:?}");
        }
        let exact = gzipped(&[1; 100]);
        assert_eq!(decoded(exact.clone(), BodyEncoding::Gzip, 100).unwrap().len(), 100);
        assert_eq!(decoded(exact, BodyEncoding::Gzip, 99).unwrap_err().problem, ProblemType::BodyTooLarge);
    }

    #[test]
    fn bytes_of_another_encoding_are_refused() {
        for encoding in [BodyEncoding::Gzip, BodyEncoding::Zstd] {
            let refused = decoded(Bytes::from_static(b"{\"feed\":\"a\"}"), encoding, 100).unwrap_err();
            assert_eq!(refused.problem, ProblemType::MalformedEncoding);
        }
        let cut = gzipped(b"{\"feed\":\"a\"}");
        assert_eq!(
            decoded(cut.slice(..cut.len() - 4), BodyEncoding::Gzip, 100).unwrap_err().problem,
            ProblemType::MalformedEncoding
        );
    }
}
