//! `health`: whether the service on this machine is ready, for whoever has nothing else to ask it with, such as a container.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::cli::Output;
use crate::config::options::Config;
use crate::deployment::data_directory::running_at;
use crate::service_client::{ServiceResponse, accept, ask};

/// What `/readyz` of the service says, as a line to print: asked where its data folder says that it answers, else where the
/// configuration says.
///
/// # Errors
/// When nobody answers there, or who answers is not ready; the text says why.
pub fn health(config: &Config) -> Result<String> {
    let address = running_at(&config.data).unwrap_or_else(|| config.listen.to_string());
    match ask(&address, "GET", "/readyz", accept(Output::Json))? {
        Some(ServiceResponse { status: 200, body }) => Ok(ready(&body)),
        Some(told) => bail!("not ready: {}", why(&told)),
        None => bail!("nobody answers at {address}; start `plumbline run`, or name its folder with --data"),
    }
}

fn ready(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let cut = value.as_ref().and_then(|value| value.get("last_cut")?.as_str());
    format!("ready, {}\n", cut.map_or_else(|| "nothing published yet".to_owned(), |cut| format!("last cut {cut}")))
}

/// The reason, with how far it is where it replays the log.
fn why(told: &ServiceResponse) -> String {
    let value: Value = serde_json::from_str(&told.body).unwrap_or_default();
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    match (value.get("reason").and_then(Value::as_str), number("records_done"), number("records_total")) {
        (Some(reason), Some(done), Some(total)) => format!("{reason}, {done} of {total} records"),
        (Some(reason), ..) => reason.to_owned(),
        (None, ..) => told.error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_ready_says_what_it_does_and_how_far_it_is() {
        let body =
            r#"{"ready":false,"reason":"the log is being replayed","records_done":3,"records_total":70,"estimate_seconds":null}"#;
        let told = |body: &str| ServiceResponse { status: 503, body: body.to_owned() };
        assert_eq!(why(&told(body)), "the log is being replayed, 3 of 70 records");
        assert_eq!(why(&told("too busy\n")), "too busy");
    }
}
