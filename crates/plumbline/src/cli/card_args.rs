//! The commands that show cards and explain their numbers.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use scorecard::time::calendar::Month;

use crate::cli::service_args::{Output, ServiceArgs};

/// Shows the published cards of one clinician.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// The person's id in the registry, one of their aliases, or system|value such as 'gmc|7012345'.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// Show only this month [default: all months].
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<Month>,
    /// Show this revision of each card [default: the newest].
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Serves the pages of a folder on this machine.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// The folder of `demo`, `replay` or `migrate`, or the data folder of a stopped service.
    #[arg(value_name = "FOLDER", default_value = "./plumbline-demo")]
    pub folder: PathBuf,
    /// Listen on this port of 127.0.0.1 [default: any free port].
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
}

/// Lists the events behind one number of a card.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The person's id in the registry, one of their aliases, or system|value such as 'gmc|7012345'.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// The card's month.
    #[arg(value_name = "YYYY-MM")]
    pub month: Month,
    /// The measure's id, or id@version; `plumbline measures list` shows them.
    #[arg(value_name = "MEASURE")]
    pub measure: String,
    /// List only events that add to this side [default: both sides].
    #[arg(long, value_enum)]
    pub side: Option<SideChoice>,
    /// Explain this window of months [default: the measure's headline window].
    #[arg(long, value_enum)]
    pub window: Option<WindowChoice>,
    /// Explain this revision of the card [default: the newest].
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Choose the card of this practice, or `all` for the card over all practices. Needed if the month has several cards.
    #[arg(long, value_name = "PRACTICE")]
    pub practice: Option<String>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// One side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SideChoice {
    /// Events in the numerator.
    Numerator,
    /// Events in the denominator.
    Denominator,
}

impl From<SideChoice> for scorecard::fold::explanation::MeasureSide {
    fn from(side: SideChoice) -> scorecard::fold::explanation::MeasureSide {
        match side {
            SideChoice::Numerator => scorecard::fold::explanation::MeasureSide::Numerator,
            SideChoice::Denominator => scorecard::fold::explanation::MeasureSide::Denominator,
        }
    }
}

/// The windows of every measure. All end with the card's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WindowChoice {
    /// The month.
    #[value(alias = "1")]
    Month,
    /// The month and the two before it.
    #[value(name = "3")]
    Three,
    /// The month and the eleven before it.
    #[value(name = "12")]
    Twelve,
}

impl WindowChoice {
    /// Number of months in the window.
    #[must_use]
    pub fn months(self) -> u8 {
        match self {
            WindowChoice::Month => 1,
            WindowChoice::Three => 3,
            WindowChoice::Twelve => 12,
        }
    }
}
