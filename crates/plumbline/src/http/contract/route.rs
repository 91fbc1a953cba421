//! One route of the table of routes.

use axum::routing::MethodRouter;

use crate::http::http_state::HttpState;
use crate::http::request_guard::Access;

/// One route. The reference page of routes and the OpenAPI document are written from these.
#[derive(Debug)]
pub struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its path, parameters in braces.
    pub path: &'static str,
    /// The right that it needs.
    pub access: Access,
    /// The parameters behind `?` that it knows.
    pub parameters: &'static [&'static str],
    /// The answer, in a few words.
    pub answer: &'static str,
    pub(crate) handler: fn() -> MethodRouter<HttpState>,
}

impl Route {
    /// The names of the parameters in its path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
