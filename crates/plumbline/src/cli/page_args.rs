//! The commands about people who read pages: one-time links and sessions.

use clap::{Args, Subcommand};

use crate::cli::service_args::{Output, ServiceArgs};

/// The arguments of `invite`.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// The id of the person in the registry, such as gmc|7012345.
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// The role of the session: self, lead, locality:CODE, analyst, administrator or auditor.
    #[arg(long, value_name = "ROLE", default_value = "self")]
    pub role: String,
    /// The time in which the link can be used, at most 30d.
    #[arg(long, value_name = "TIME", default_value = "3d")]
    pub expires: String,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The commands about sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List the sessions of this data folder: person, role, beginning and last use.
    List(SessionsListArgs),
    /// End sessions at once.
    ///
    /// Example: plumbline sessions revoke --person 'gmc|7012345' --config plumbline.toml
    Revoke(SessionsRevokeArgs),
}

/// The arguments of `sessions list`.
#[derive(Debug, Args)]
pub struct SessionsListArgs {
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The arguments of `sessions revoke`.
#[derive(Debug, Args)]
#[group(id = "chosen", required = true, multiple = false)]
pub struct SessionsChoice {
    /// End the session with this name, as `sessions list` shows it.
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// End every session of this person.
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// End every session.
    #[arg(long)]
    pub all: bool,
}

/// The arguments of `sessions revoke`.
#[derive(Debug, Args)]
pub struct SessionsRevokeArgs {
    /// The sessions.
    #[command(flatten)]
    pub chosen: SessionsChoice,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}
