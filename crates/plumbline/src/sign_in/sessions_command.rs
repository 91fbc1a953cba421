//! `sessions`: the sessions of a data folder. The service need not stop: it looks up a session at each request.

use anyhow::{Context as _, Result, anyhow, ensure};
use scorecard::registry::identifier::person_key;
use scorecard::time::calendar::Timestamp;
use serde_json::json;

use crate::cli::{Output, SessionsCommand, SessionsListArgs, SessionsRevokeArgs};
use crate::config::options::Config;
use crate::sign_in::session_store::{Session, SessionLimits, SessionStore};

/// Lists or ends sessions. `now` is the time of the machine, milliseconds since 1970.
///
/// # Errors
/// When pages are turned off, or the data folder cannot be read or written.
pub fn sessions(command: &SessionsCommand, config: &Config, now: i64) -> Result<String> {
    let settings = config.pages.as_ref().ok_or_else(|| anyhow!("pages are turned off; set pages.serve = true"))?;
    let store = SessionStore::of(&config.data);
    match command {
        SessionsCommand::List(args) => {
            let milliseconds = |seconds: u32| i64::from(seconds) * 1_000;
            let limits =
                SessionLimits { idle: milliseconds(settings.idle_seconds), whole: milliseconds(settings.session_seconds) };
            listed(args, &store.list(limits, now).context("reading the folder of sessions")?)
        }
        SessionsCommand::Revoke(args) => revoked(args, &store),
    }
}

fn role(session: &Session) -> String {
    match (&session.role, &session.locality) {
        (None, _) => "all roles".to_owned(),
        (Some(role), None) => role.clone(),
        (Some(role), Some(code)) => format!("{role}:{code}"),
    }
}

fn listed(args: &SessionsListArgs, sessions: &[(String, Session)]) -> Result<String> {
    let line = |(name, session): &(String, Session)| {
        let (begun, seen) = (Timestamp(session.begun).to_string(), Timestamp(session.seen).to_string());
        match args.output {
            Output::Table => {
                format!("{name}  {}, {}, by {}, since {begun}, last used {seen}\n", session.person, role(session), session.way)
            }
            _ => {
                let value = json!({"session": name, "person": session.person, "role": role(session), "way": session.way, "begun": begun, "seen": seen});
                format!("{value}\n")
            }
        }
    };
    let lines: Vec<String> = sessions.iter().map(line).collect();
    Ok(match args.output {
        Output::Json => format!("[{}]\n", lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join(",\n")),
        Output::Table if lines.is_empty() => "nobody is signed in\n".to_owned(),
        _ => lines.concat(),
    })
}

fn revoked(args: &SessionsRevokeArgs, store: &SessionStore) -> Result<String> {
    let chosen = &args.chosen;
    let person = chosen.person.as_ref().map(|person| person_key(person));
    let is_chosen = |name: &str, session: &Session| {
        chosen.all || chosen.session.as_deref() == Some(name) || person.as_deref() == Some(session.person.as_str())
    };
    let ended = store.revoke(is_chosen).context("writing the folder of sessions")?;
    ensure!(ended > 0 || chosen.all, "no session matches; `plumbline sessions list` shows them");
    Ok(format!("{ended} sessions ended\n"))
}
