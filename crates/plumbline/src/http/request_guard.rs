//! The check of a request before its handler runs: its origin, its parameters, its token and the scope that the route needs.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tracing::info;

use crate::config::authorizer::SenderRights;
use crate::config::scope::Scope;
use crate::http::http_state::HttpState;
use crate::http::local_origin;
use crate::http::parameters::Parameters;
use crate::http::problem::{ProblemType, Refusal};

/// The right that a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None.
    Open,
    /// To write events of a feed, or registry entries.
    Events,
    /// To read cards.
    Cards,
    /// To read what names nobody: measures, peer groups and runs.
    Disclosed,
    /// To read rejects.
    Rejects,
    /// To retry rejects.
    Retry,
    /// To fence events, to erase patients, and to read the registry.
    Admin,
    /// To read metrics, unless they are open.
    Metrics,
}

impl Access {
    /// Its scopes in the list of routes.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Access::Open => "open",
            Access::Events => "`write:FEED` or `registry`",
            Access::Cards => "`cards:named`",
            Access::Disclosed => "`cards:named` or `cards:disclosed`",
            Access::Rejects => "`rejects`",
            Access::Retry => "`admin`, or `write:FEED` with `feed=FEED`",
            Access::Admin => "`admin`",
            Access::Metrics => "`metrics`, unless `http.open-metrics` opens it",
        }
    }

    fn includes(self, rights: &SenderRights, feed: Option<&str>) -> bool {
        match self {
            Access::Open => true,
            Access::Events => rights.write_something(),
            Access::Cards => rights.include(&Scope::CardsNamed),
            Access::Disclosed => rights.include(&Scope::CardsNamed) || rights.include(&Scope::CardsDisclosed),
            Access::Rejects => rights.include(&Scope::Rejects),
            Access::Retry => rights.include(&Scope::Admin) || feed.is_some_and(|feed| rights.write(feed)),
            Access::Admin => rights.include(&Scope::Admin),
            Access::Metrics => rights.include(&Scope::Metrics),
        }
    }
}

/// The part of a route that the check reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteRules {
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) parameters: &'static [&'static str],
}

/// The parameters of a checked request, and the rights of its sender.
#[derive(Clone, Debug)]
pub(crate) struct CheckedRequest {
    pub(crate) parameters: Parameters,
    pub(crate) rights: SenderRights,
}

/// Passes a request to its handler if the sender may send it.
pub(crate) async fn check(State((rules, state)): State<(RouteRules, HttpState)>, mut request: Request, next: Next) -> Response {
    match checked(rules, &state, &request) {
        Ok(checked) => {
            request.extensions_mut().insert(checked);
            next.run(request).await
        }
        Err(refusal) => {
            let token = state.authorizer.get().rights(request.headers());
            let token = token.as_ref().map_or("", SenderRights::token_name);
            info!(token, route = rules.path, problem = refusal.problem.words().0, "request refused");
            refusal.into_response()
        }
    }
}

fn checked(rules: RouteRules, state: &HttpState, request: &Request) -> Result<CheckedRequest, Refusal> {
    if !state.authorizer.get().has_tokens() {
        local_origin::check(request.uri(), request.headers(), state.listen.ip())?;
    }
    if percent_decode_str(request.uri().path()).decode_utf8().is_err() {
        return Err(Refusal::new(
            ProblemType::MalformedParameter,
            "the path is not UTF-8; percent-encode the UTF-8 bytes of each part",
        ));
    }
    let parameters = Parameters::read(request.uri(), rules.parameters)?;
    let rights = rights(rules.access, state, request.headers(), parameters.text("feed"))?;
    Ok(CheckedRequest { parameters, rights })
}

fn rights(access: Access, state: &HttpState, headers: &HeaderMap, feed: Option<&str>) -> Result<SenderRights, Refusal> {
    let is_open = access == Access::Open || access == Access::Metrics && state.metrics_are_open;
    let Some(rights) = state.authorizer.get().rights(headers) else {
        if is_open {
            return Ok(SenderRights::All);
        }
        let scopes = access.words();
        let text =
            format!("send a token with the scope {scopes} as `Authorization: Bearer TOKEN`, for commands in PLUMBLINE_TOKEN");
        return Err(Refusal::new(ProblemType::NoToken, text));
    };
    if !is_open && !access.includes(&rights, feed) {
        let text = format!("the token lacks the scope {}; send another token, or add the scope in [tokens.NAME]", access.words());
        return Err(Refusal::new(ProblemType::ScopeMissing, text));
    }
    // Nothing is decoded for a feed that the sender may not write.
    if access == Access::Events && feed.is_some_and(|feed| !rights.write(feed)) {
        let text = "the token lacks the scope write:FEED for the feed of the parameter; send the feed's own token";
        return Err(Refusal::new(ProblemType::FeedNotAllowed, text));
    }
    Ok(rights)
}
