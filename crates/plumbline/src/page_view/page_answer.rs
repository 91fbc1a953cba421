//! An answer with the headers of every page.
//!
//! Source of the headers: OWASP, HTTP Headers Cheat Spreadsheet.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use page::frame::spreadsheet::Spreadsheet;
use page::frame::stylesheet::STYLESHEET;

/// Nothing but the one file of styles; no script, no frame, no form to elsewhere.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];
const KEEP_NOTHING: &str = "private, no-store";
/// The name of the file of styles changes with its content.
const KEEP_FOR_GOOD: &str = "private, max-age=31536000, immutable";

/// Status, content and type of an answer.
#[derive(Debug)]
pub(crate) struct PageAnswer {
    status: StatusCode,
    kind: &'static str,
    content: Vec<u8>,
    cache: &'static str,
    /// The name of a file to store it in.
    file: Option<String>,
    /// The referrer that browsers send from this page.
    referrer: &'static str,
    /// Further headers.
    further: Vec<(HeaderName, HeaderValue)>,
}

impl PageAnswer {
    pub(crate) fn html(status: u16, page: String) -> PageAnswer {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        PageAnswer::new(status, "text/html; charset=utf-8", page.into_bytes())
    }

    pub(crate) fn text(status: StatusCode, text: &str) -> PageAnswer {
        PageAnswer::new(status, "text/plain; charset=utf-8", text.as_bytes().to_vec())
    }

    pub(crate) fn stylesheet() -> PageAnswer {
        PageAnswer { cache: KEEP_FOR_GOOD, ..PageAnswer::new(StatusCode::OK, "text/css; charset=utf-8", STYLESHEET.into()) }
    }

    /// A spreadsheet as CSV, to store in a file of this name.
    pub(crate) fn csv(sheet: &Spreadsheet, name: &str) -> anyhow::Result<PageAnswer> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        for row in sheet.rows() {
            writer.write_record(row)?;
        }
        let content = writer.into_inner().map_err(|failed| anyhow::anyhow!("writing CSV into memory: {failed}"))?;
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' };
        let file: String = name.chars().map(plain).collect();
        let answer = PageAnswer::new(StatusCode::OK, "text/csv; charset=utf-8; header=present", content);
        Ok(PageAnswer { file: Some(format!("{file}.csv")), ..answer })
    }

    fn new(status: StatusCode, kind: &'static str, content: Vec<u8>) -> PageAnswer {
        PageAnswer { status, kind, content, cache: KEEP_NOTHING, file: None, referrer: "no-referrer", further: Vec::new() }
    }

    /// Sends the browser to an address of this site, or to the identity provider.
    pub(crate) fn redirect(to: &str) -> PageAnswer {
        let answer = PageAnswer::text(StatusCode::SEE_OTHER, "");
        // Addresses that are sent here have been read and encoded.
        match HeaderValue::from_str(to) {
            Ok(to) => answer.with(header::LOCATION, to),
            Err(_) => PageAnswer::text(StatusCode::BAD_REQUEST, "the address cannot be sent\n"),
        }
    }

    /// The answer with a further header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> PageAnswer {
        self.further.push((name, value));
        self
    }

    /// The answer of a site with forms: its own pages learn the origin of a form, and others nothing.
    pub(crate) fn of_site(self) -> PageAnswer {
        PageAnswer { referrer: "same-origin", ..self }
    }
}

impl IntoResponse for PageAnswer {
    fn into_response(self) -> Response {
        let mut response = (self.status, Body::from(self.content)).into_response();
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(self.referrer));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        let stored = self.file.map(|file| format!("attachment; filename=\"{file}\""));
        if let Some(stored) = stored.and_then(|stored| HeaderValue::from_str(&stored).ok()) {
            headers.insert(header::CONTENT_DISPOSITION, stored);
        }
        for (name, value) in self.further {
            headers.append(name, value);
        }
        response
    }
}
