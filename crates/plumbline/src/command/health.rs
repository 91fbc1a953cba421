//! `health`: whether the service on this machine is ready, for containers without an HTTP client.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::cli::Output;
use crate::config::options::Config;
use crate::deployment::configured_files::running_at;
use crate::service_client::{ServiceResponse, accept, ask};

/// The answer of the service's `/readyz` as one line. The address comes from the data folder, else from the configuration.
///
/// # Errors
/// When no service answers at the address, or it is not ready. The text gives the reason.
pub fn health(config: &Config) -> Result<String> {
    let address = running_at(&config.data).unwrap_or_else(|| config.listen.to_string());
    match ask(&address, "GET", "/readyz", accept(Output::Json))? {
        Some(ServiceResponse { status: 200, body }) => Ok(ready(&body)),
        Some(response) => bail!("not ready: {}", reason(&response)),
        None => bail!("no service answers at {address}; start `plumbline run`, or name its data folder with --data"),
    }
}

fn ready(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let cut = value.as_ref().and_then(|value| value.get("last_cut")?.as_str());
    format!("ready, {}\n", cut.map_or_else(|| "nothing published yet".to_owned(), |cut| format!("last cut {cut}")))
}

/// The reason, with the progress of a replay of the log.
fn reason(response: &ServiceResponse) -> String {
    let value: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    match (value.get("reason").and_then(Value::as_str), number("records_done"), number("records_total")) {
        (Some(reason), Some(done), Some(total)) => format!("{reason}, {done} of {total} records"),
        (Some(reason), ..) => reason.to_owned(),
        (None, ..) => response.error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_ready_gives_the_reason_and_its_progress() {
        let body =
            r#"{"ready":false,"reason":"the log is being replayed","records_done":3,"records_total":70,"estimate_seconds":null}"#;
        let response = |body: &str| ServiceResponse { status: 503, body: body.to_owned() };
        assert_eq!(reason(&response(body)), "the log is being replayed, 3 of 70 records");
        assert_eq!(reason(&response("too busy\n")), "too busy");
    }
}
