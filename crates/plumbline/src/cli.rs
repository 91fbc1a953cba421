//! The command line as a type. Its doc comments are the text of `--help`.

pub mod command_line;
pub mod map_args;
pub mod send_args;
pub mod operation_args;
pub mod page_args;
pub mod history_args;
pub mod card_args;
pub mod export_args;
pub mod measure_args;
pub mod reference_args;
pub mod service_args;

pub use crate::cli::card_args::{CardArgs, ExplainArgs, SideChoice, ViewArgs, WindowChoice};
pub use crate::cli::command_line::{Cli, Command};
pub use crate::cli::export_args::ExportArgs;
pub use crate::cli::history_args::{Arrival, DemoArgs, MigrateArgs, ReplayArgs, SimulateArgs};
pub use crate::cli::map_args::{MapArgs, MapCommand};
pub use crate::cli::measure_args::{CodesCommand, CodesCoverageArgs, Measures, OwnMeasures};
pub use crate::cli::operation_args::{
    BackupArgs, ConfigCommand, ConflictsArgs, ConflictsCommand, EraseCommand, ErasePatientArgs, EventsCommand, EventsRetractArgs,
    LogCommand, PeekArgs, Registry, RegistryLoadArgs, RegistryShowArgs, Rejects, RejectsShowArgs, RejectsWhich, RestoreArgs,
    RunArgs, SalvageArgs, TopicsArgs,
};
pub use crate::cli::page_args::{InviteArgs, SessionsChoice, SessionsCommand, SessionsListArgs, SessionsRevokeArgs};
pub use crate::cli::reference_args::{Reference, ReferenceExportArgs};
pub use crate::cli::send_args::{ConformArgs, SendArgs};
pub use crate::cli::service_args::{Output, ServiceArgs};
