//! `invite`: a one-time link that signs a person in. The service need not stop.

use anyhow::{Context as _, Result, anyhow, ensure};
use scorecard::registry::identifier::person_key;

use crate::cli::InviteArgs;
use crate::config::options::Config;
use crate::config::quantity;
use crate::deployment::configured_files::running_at;
use crate::sign_in::access::reader::ReaderRole;
use crate::sign_in::invite_store::{Invite, InviteStore};

/// Longest time of a link, seconds: 30 days.
const LONGEST: u32 = 30 * 86_400;

/// A link, and lines for the operator.
#[derive(Debug)]
pub struct InviteLink {
    /// The address to send to the person.
    pub link: String,
    /// Advice for the operator.
    pub report: String,
}

/// Makes a link. `now` is the time of the machine, milliseconds since 1970.
///
/// # Errors
/// When pages are turned off, the role or the time is no such, or the data folder cannot be written.
pub fn invite(args: &InviteArgs, config: &Config, now: i64) -> Result<InviteLink> {
    let settings = config.pages.as_ref().ok_or_else(|| anyhow!("pages are turned off; set pages.serve = true"))?;
    let (role, locality) = role(&args.role)?;
    let seconds = quantity::seconds(&args.expires).map_err(|why| anyhow!("--expires: {why}"))?;
    ensure!((1..=LONGEST).contains(&seconds), "--expires {}: write a time of at most 30d", args.expires);
    ensure!(config.data.is_dir(), "there is no data folder {}; start the service first", config.data.display());
    let origin = match &settings.origin {
        Some(origin) => origin.text(),
        None => running_at(&config.data).unwrap_or_else(|| format!("http://{}", config.listen)),
    };
    let person = person_key(&args.person).into_owned();
    let until = now.saturating_add(i64::from(seconds) * 1_000);
    let invite = Invite { person, role: role.word().to_owned(), locality, until };
    let secret = InviteStore::of(&config.data).add(&invite).context("writing the link into the data folder")?;
    let report = format!(
        "The link signs {} in as {}, once, within {}. Send it over a way that only this person reads.\n",
        invite.person,
        role.word(),
        args.expires
    );
    Ok(InviteLink { link: format!("{origin}/signin/link?code={}", secret.text()), report })
}

/// The role of a word, with the code of a locality.
fn role(word: &str) -> Result<(ReaderRole, Option<String>)> {
    let (name, code) = word.split_once(':').map_or((word, None), |(name, code)| (name, Some(code)));
    match (ReaderRole::of_word(name), code) {
        (Some(ReaderRole::LocalityLead), Some(code)) if !code.is_empty() => Ok((ReaderRole::LocalityLead, Some(code.to_owned()))),
        (Some(ReaderRole::LocalityLead), _) => Err(anyhow!("--role {word}: name the locality, such as locality:Q99")),
        (Some(role), None) => Ok((role, None)),
        _ => {
            let words = ReaderRole::ALL.map(ReaderRole::word).join(", ");
            Err(anyhow!("--role {word}: write one of {words}"))
        }
    }
}
