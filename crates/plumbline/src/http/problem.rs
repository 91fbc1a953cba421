//! Errors over HTTP: RFC 9457 problem details. Each type has a name that never changes, a title and a status.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// The URI of a problem type is this and its name.
pub(crate) const TYPE_PREFIX: &str = "urn:plumbline:problem:";
/// Content type of problem details.
const PROBLEM_JSON: &str = "application/problem+json";
/// Content types that `POST /v1/events` takes.
pub(crate) const EVENT_TYPES: [&str; 7] = [
    "application/json",
    "application/x-ndjson",
    "application/fhir+json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/avro",
    "avro/binary",
];

/// The types of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemType {
    /// The route knows no such parameter.
    UnknownParameter,
    /// A parameter is missing, repeated or cannot be read.
    MalformedParameter,
    /// The body has no bytes.
    EmptyBody,
    /// The body is not what its encoding says.
    MalformedEncoding,
    /// The request has no known token.
    NoToken,
    /// The token lacks the scope of the route.
    ScopeMissing,
    /// The token may not write the feed of the parameter `feed`.
    FeedNotAllowed,
    /// A page of another site sends the request.
    ForeignOrigin,
    /// The request names another host.
    ForeignHost,
    /// No route has this path.
    UnknownPath,
    /// This process does not have the role.
    RoleMissing,
    /// Nothing published matches.
    NotFound,
    /// The route has other methods.
    MethodNotAllowed,
    /// The body arrives too slowly.
    SlowBody,
    /// The events do not add up to the card.
    NotExplained,
    /// The log no longer holds the events.
    Gone,
    /// The body is too large.
    BodyTooLarge,
    /// The body holds too many elements.
    TooManyElements,
    /// The content type holds no events.
    MediaType,
    /// The content encoding is unknown.
    ContentEncoding,
    /// Too many bodies wait for the log.
    NoRoom,
    /// Too many requests of this kind run.
    Busy,
    /// The service failed.
    Internal,
    /// The log failed.
    LogFailed,
    /// The service stops, or has too many connections.
    Unavailable,
    /// The disk is full.
    DiskFull,
    /// The configuration has mistakes, and the old one stays in force.
    NotReloaded,
}

impl ProblemType {
    /// All of them.
    pub const ALL: [ProblemType; 27] = [
        ProblemType::UnknownParameter,
        ProblemType::MalformedParameter,
        ProblemType::EmptyBody,
        ProblemType::MalformedEncoding,
        ProblemType::NoToken,
        ProblemType::ScopeMissing,
        ProblemType::FeedNotAllowed,
        ProblemType::ForeignOrigin,
        ProblemType::ForeignHost,
        ProblemType::UnknownPath,
        ProblemType::RoleMissing,
        ProblemType::NotFound,
        ProblemType::MethodNotAllowed,
        ProblemType::SlowBody,
        ProblemType::NotExplained,
        ProblemType::Gone,
        ProblemType::BodyTooLarge,
        ProblemType::TooManyElements,
        ProblemType::MediaType,
        ProblemType::ContentEncoding,
        ProblemType::NoRoom,
        ProblemType::Busy,
        ProblemType::Internal,
        ProblemType::LogFailed,
        ProblemType::Unavailable,
        ProblemType::DiskFull,
        ProblemType::NotReloaded,
    ];

    /// Its name and its title.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            ProblemType::UnknownParameter => ("unknown-parameter", "The route has no such parameter"),
            ProblemType::MalformedParameter => ("malformed-parameter", "A parameter is missing, repeated or cannot be read"),
            ProblemType::EmptyBody => ("empty-body", "The body is empty"),
            ProblemType::MalformedEncoding => ("malformed-encoding", "The body is not what Content-Encoding says"),
            ProblemType::NoToken => ("no-token", "The request has no known token"),
            ProblemType::ScopeMissing => ("scope-missing", "The token lacks a scope"),
            ProblemType::FeedNotAllowed => ("feed-not-allowed", "The token may not write the feed"),
            ProblemType::ForeignOrigin => ("foreign-origin", "A page of another site sends the request"),
            ProblemType::ForeignHost => ("foreign-host", "The request names another host"),
            ProblemType::UnknownPath => ("unknown-path", "No route has this path"),
            ProblemType::RoleMissing => ("role-missing", "This process does not have the role"),
            ProblemType::NotFound => ("not-found", "Nothing published matches"),
            ProblemType::MethodNotAllowed => ("method-not-allowed", "The route has another method"),
            ProblemType::SlowBody => ("slow-body", "The body arrives too slowly"),
            ProblemType::NotExplained => ("not-explained", "The events do not add up to the card"),
            ProblemType::Gone => ("gone", "The log no longer holds the events"),
            ProblemType::BodyTooLarge => ("body-too-large", "The body is too large"),
            ProblemType::TooManyElements => ("too-many-elements", "The body holds too many elements"),
            ProblemType::MediaType => ("media-type", "The content type holds no events"),
            ProblemType::ContentEncoding => ("content-encoding", "The content encoding is unknown"),
            ProblemType::NoRoom => ("no-room", "Too many bodies wait for the log"),
            ProblemType::Busy => ("busy", "Too many requests of this kind run"),
            ProblemType::Internal => ("internal", "The service failed"),
            ProblemType::LogFailed => ("log-failed", "The log failed"),
            ProblemType::Unavailable => ("unavailable", "The service does not answer this now"),
            ProblemType::DiskFull => ("disk-full", "The disk is full"),
            ProblemType::NotReloaded => ("not-reloaded", "The configuration is not reloaded"),
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            ProblemType::UnknownParameter
            | ProblemType::MalformedParameter
            | ProblemType::EmptyBody
            | ProblemType::MalformedEncoding => StatusCode::BAD_REQUEST,
            ProblemType::NoToken => StatusCode::UNAUTHORIZED,
            ProblemType::ScopeMissing | ProblemType::FeedNotAllowed | ProblemType::ForeignOrigin => StatusCode::FORBIDDEN,
            ProblemType::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            ProblemType::UnknownPath | ProblemType::RoleMissing | ProblemType::NotFound => StatusCode::NOT_FOUND,
            ProblemType::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ProblemType::SlowBody => StatusCode::REQUEST_TIMEOUT,
            ProblemType::NotExplained => StatusCode::CONFLICT,
            ProblemType::Gone => StatusCode::GONE,
            ProblemType::BodyTooLarge | ProblemType::TooManyElements => StatusCode::PAYLOAD_TOO_LARGE,
            ProblemType::MediaType | ProblemType::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ProblemType::NoRoom | ProblemType::Busy => StatusCode::TOO_MANY_REQUESTS,
            ProblemType::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            ProblemType::LogFailed | ProblemType::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ProblemType::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            ProblemType::NotReloaded => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    /// The header that goes with it.
    fn header(self) -> Option<(HeaderName, HeaderValue)> {
        let fixed = |name, value| Some((name, HeaderValue::from_static(value)));
        match self {
            ProblemType::NoToken => fixed(header::WWW_AUTHENTICATE, "Bearer"),
            ProblemType::ScopeMissing | ProblemType::FeedNotAllowed => {
                fixed(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")
            }
            ProblemType::NoRoom => fixed(header::RETRY_AFTER, "1"),
            ProblemType::Busy | ProblemType::LogFailed | ProblemType::Unavailable => fixed(header::RETRY_AFTER, "5"),
            ProblemType::ContentEncoding => fixed(header::ACCEPT_ENCODING, "gzip, zstd"),
            ProblemType::MediaType => Some((header::ACCEPT, HeaderValue::from_str(&EVENT_TYPES.join(", ")).ok()?)),
            // The rest of the body is not read.
            ProblemType::SlowBody => fixed(header::CONNECTION, "close"),
            _ => None,
        }
    }

    /// The response with this detail: what failed, and the cure. `error` repeats the detail.
    #[must_use]
    pub fn response(self, detail: &str) -> Response {
        let (name, title) = self.words();
        let body = json!({
            "type": format!("{TYPE_PREFIX}{name}"),
            "title": title,
            "status": self.status().as_u16(),
            "detail": detail,
            "error": detail,
        });
        let mut response =
            (self.status(), [(header::CONTENT_TYPE, PROBLEM_JSON)], Body::from(format!("{body}\n"))).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// A request that is refused: the type of the problem, and the detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) problem: ProblemType,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(problem: ProblemType, detail: impl Into<String>) -> Refusal {
        Refusal { problem, detail: detail.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.problem.response(&self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_name_of_its_own_and_is_listed_once() {
        let names: std::collections::BTreeSet<&str> = ProblemType::ALL.iter().map(|problem| problem.words().0).collect();
        assert_eq!(names.len(), ProblemType::ALL.len());
        assert!(ProblemType::ALL.is_sorted());
        for problem in ProblemType::ALL {
            assert!(problem.status().is_client_error() || problem.status().is_server_error(), "{problem:?}");
        }
    }
}
