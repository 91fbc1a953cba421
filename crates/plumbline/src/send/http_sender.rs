//! Chunks over HTTP: each is sent until the service answers it, with growing pauses, or the time without an answer is over.

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tracing::debug;
use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode};
#[cfg(feature = "tls")]
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::process::interrupt::Interrupt;
use crate::process::limits::{
    SEND_ANSWER_BYTES, SEND_CONNECT_TIMEOUT, SEND_PAUSE_LONGEST, SEND_PAUSE_SHORTEST, SEND_REQUEST_TIMEOUT, SEND_STRANGE_ANSWERS,
    SHUTDOWN_POLL,
};
use crate::send::send_error::SendError;
use crate::send::sent_answer::{AnsweredProblem, SentAnswer};

/// The path of the route, which an address may name or leave out.
const PATH: &str = "/v1/events";
/// The part of a foreign answer that a message quotes, characters.
const QUOTED_CHARS: usize = 200;

/// The outcome of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChunkDelivery {
    /// The service answered each element.
    Answered(SentAnswer),
    /// The service takes smaller bodies only.
    TooLarge(String),
}

/// A failed attempt.
enum Failure {
    /// Another attempt may succeed, after this pause if the service names one.
    Transient(String, Option<Duration>),
    /// A whole answer that no Plumbline service gives. A proxy may give some while the service restarts.
    Strange(String),
    /// No other attempt will succeed.
    Final(String),
}

/// A client of one service.
#[derive(Debug)]
pub(crate) struct HttpSender {
    agent: Agent,
    address: String,
    url: String,
    token: Option<String>,
    patience: Duration,
    interrupt: Interrupt,
}

impl HttpSender {
    /// A client of the service at this address, such as `https://plumbline.example:8080`. It stops after `patience` without an
    /// answer.
    ///
    /// # Errors
    /// When the address is none of HTTP.
    pub(crate) fn new(
        address: &str,
        feed: Option<&str>,
        dry_run: bool,
        token: Option<String>,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<HttpSender> {
        let base = address.trim_end_matches('/').trim_end_matches(PATH);
        let Some(rest) = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://")) else {
            bail!("--to is not an address of HTTP; write it as http://127.0.0.1:8080");
        };
        if rest.contains('@') {
            bail!("--to holds a user name or a password; send a token in PLUMBLINE_TOKEN instead");
        }
        if rest.is_empty() || rest.contains(['?', '#', ' ']) {
            bail!("--to has a part that no address of a service has; write it as http://127.0.0.1:8080");
        }
        if cfg!(not(feature = "tls")) && base.starts_with("https://") {
            bail!("--to needs TLS, and this binary is built without the feature tls");
        }
        let feed = feed.map(|feed| format!("feed={}", crate::service_client::encoded(feed)));
        let parameters: Vec<String> = dry_run.then(|| "dry-run=true".to_owned()).into_iter().chain(feed).collect();
        let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(SEND_CONNECT_TIMEOUT))
            .timeout_send_body(Some(SEND_REQUEST_TIMEOUT))
            .timeout_recv_response(Some(SEND_REQUEST_TIMEOUT))
            .timeout_recv_body(Some(SEND_REQUEST_TIMEOUT))
            .user_agent(concat!("plumbline/", env!("CARGO_PKG_VERSION")))
            .accept("application/json");
        #[cfg(feature = "tls")]
        let config = config
            .tls_config(TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build());
        Ok(HttpSender {
            agent: config.build().new_agent(),
            address: base.to_owned(),
            url: format!("{base}{PATH}{query}"),
            token,
            patience,
            interrupt: interrupt.clone(),
        })
    }

    /// Sends a body until it is answered. `notice` receives a line for each pause.
    ///
    /// # Errors
    /// [`SendError`] when the service refuses the sender, does not answer in time, or the command is interrupted.
    pub(crate) fn deliver(&self, body: &[u8], notice: &mut dyn FnMut(&str)) -> Result<ChunkDelivery, SendError> {
        let begun = Instant::now();
        let mut pause = SEND_PAUSE_SHORTEST;
        let mut strange = 0;
        loop {
            if self.interrupt.asked() {
                return Err(SendError::Interrupted);
            }
            let (fault, wanted) = match self.attempt(body) {
                Ok(delivery) => return Ok(delivery),
                Err(Failure::Final(fault)) => return Err(SendError::Refused { target: self.address.clone(), fault }),
                Err(Failure::Strange(fault)) if strange + 1 >= SEND_STRANGE_ANSWERS => {
                    return Err(SendError::Refused { target: self.address.clone(), fault });
                }
                Err(Failure::Strange(fault)) => {
                    strange += 1;
                    (fault, None)
                }
                Err(Failure::Transient(fault, wanted)) => (fault, wanted),
            };
            if begun.elapsed() >= self.patience {
                return Err(SendError::Away { target: self.address.clone(), fault });
            }
            // A service may name any pause, so a longest one bounds it.
            let wait = wanted.unwrap_or(pause).min(SEND_PAUSE_LONGEST);
            pause = (pause * 2).min(SEND_PAUSE_LONGEST);
            debug!(fault, wait_ms = wait.as_millis(), "chunk not taken, sending it again");
            notice(&format!("{fault}; next attempt in {:.1} s", wait.as_secs_f64()));
            self.wait(wait)?;
        }
    }

    fn wait(&self, wait: Duration) -> Result<(), SendError> {
        let begun = Instant::now();
        while begun.elapsed() < wait {
            if self.interrupt.asked() {
                return Err(SendError::Interrupted);
            }
            std::thread::sleep(SHUTDOWN_POLL.min(wait.saturating_sub(begun.elapsed())));
        }
        Ok(())
    }

    fn attempt(&self, body: &[u8]) -> Result<ChunkDelivery, Failure> {
        let mut request = self.agent.post(&self.url).header("Content-Type", "application/x-ndjson");
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = request.send(body).map_err(|error| unsent(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = response.body_mut().with_config().limit(SEND_ANSWER_BYTES).read_to_string();
        let answer = answer.map_err(|error| Failure::Transient(format!("the answer broke off: {error}"), None))?;
        judged(status, &headers, &answer)
    }
}

/// A request without an answer. A fault that no attempt can cure is final.
fn unsent(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TlsRequired => Failure::Final(error.to_string()),
        ureq::Error::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            Failure::Transient("no service answers there".to_owned(), None)
        }
        _ => Failure::Transient(error.to_string(), None),
    }
}

fn judged(status: StatusCode, headers: &HeaderMap, answer: &str) -> Result<ChunkDelivery, Failure> {
    let detail = || {
        let problem: Option<AnsweredProblem> = serde_json::from_str(answer).ok();
        let text = problem.map(|problem| problem.detail).filter(|detail| !detail.is_empty());
        let text = text.unwrap_or_else(|| answer.trim().chars().take(QUOTED_CHARS).collect());
        format!("{} {text}", status.as_u16()).trim_end().to_owned()
    };
    match status.as_u16() {
        200 | 422 => match serde_json::from_str::<SentAnswer>(answer) {
            Ok(answer) => Ok(ChunkDelivery::Answered(answer)),
            Err(_) => Err(Failure::Strange("it does not answer like a Plumbline service".to_owned())),
        },
        413 => Ok(ChunkDelivery::TooLarge(detail())),
        408 | 425 | 429 | 500 | 502..=504 | 507 => Err(Failure::Transient(detail(), retry_after(headers))),
        300..=399 => {
            Err(Failure::Final(format!("{} a redirection; name the address that it leads to with --to", status.as_u16())))
        }
        _ => Err(Failure::Final(detail())),
    }
}

/// The pause of `Retry-After` in seconds. Its other form, a date, is left to the growing pauses.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
