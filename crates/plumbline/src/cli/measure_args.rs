//! The commands about measures and codes, and the choice of measures.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::service_args::{Output, ServiceArgs};
use crate::config::options::Config;
use crate::input_files::code_files::CodeFile;
use crate::input_files::measure_files::{BuiltIn, MeasureSelection, MeasuresError, chosen};

/// The choice of measures: the built-in ones and a folder of measure files.
#[derive(Debug, Args)]
pub struct OwnMeasures {
    /// Read your own measures from this folder, one TOML file each. A file with the id of a built-in measure replaces it.
    #[arg(long, value_name = "DIR")]
    pub measures: Option<PathBuf>,
    /// Keep or drop the built-in measures that --measures does not replace.
    #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
    pub built_in: BuiltIn,
    /// Read the meaning of codes from this CSV file; repeat the option for more files. TABLE is drugs, orders, questions or answers,
    /// such as drugs=dmd.csv.gz.
    #[arg(long, value_name = "TABLE=FILE")]
    pub codes: Vec<CodeFile>,
    /// Compare roles of fewer than 20 members with the network of this file, which `plumbline reference export` wrote.
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
}

impl OwnMeasures {
    /// The selected measures, with the selected code files.
    ///
    /// # Errors
    /// [`MeasuresError`] names every invalid file.
    pub fn chosen(&self) -> Result<MeasureSelection, MeasuresError> {
        chosen(self.measures.as_deref(), self.built_in, &self.codes)?.with_reference(self.reference.as_deref())
    }

    /// Whether the command line selects nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.measures.is_none() && self.built_in == BuiltIn::Keep && self.codes.is_empty() && self.reference.is_none()
    }

    /// The same selection with other code files.
    #[must_use]
    pub fn with_codes(&self, codes: Vec<CodeFile>) -> OwnMeasures {
        OwnMeasures { measures: self.measures.clone(), built_in: self.built_in, codes, reference: self.reference.clone() }
    }

    /// The selected measures, else those of the configuration, with the code files of both.
    ///
    /// # Errors
    /// [`MeasuresError`] names every invalid file.
    pub fn chosen_over(&self, config: &Config) -> Result<MeasureSelection, MeasuresError> {
        let is_own = self.measures.is_some() || self.built_in != BuiltIn::Keep;
        let (folder, built_in) =
            if is_own { (&self.measures, self.built_in) } else { (&config.measures, config.built_in_measures) };
        let codes: Vec<CodeFile> = config.codes.iter().chain(&self.codes).cloned().collect();
        let reference = self.reference.as_ref().or(config.reference.as_ref());
        chosen(folder.as_deref(), built_in, &codes)?.with_reference(reference.map(PathBuf::as_path))
    }
}

/// The commands about measures.
#[derive(Debug, Subcommand)]
pub enum Measures {
    /// List the measures: id and version, kind, domain, good direction, points, question.
    List {
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Show the definition of one measure.
    Show {
        /// The measure's id, such as dna_rate.
        id: String,
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Check a folder of measure files, and list every mistake with line and cure. Exits with 78 if there are any.
    Check {
        /// The folder of measure files.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Keep or drop the built-in measures that the folder does not replace.
        #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
        built_in: BuiltIn,
    },
    /// Run the example events in the measure files, and compare the result with their expected amounts.
    Test {
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
}

/// The commands about codes.
#[derive(Debug, Subcommand)]
pub enum CodesCommand {
    /// List the commonest codes of prescriptions that no table maps, each with its number of items.
    ///
    /// A PATH is a file or folder, as for `replay`. --log reads the log of the data folder or of Kafka instead; a service over the
    /// embedded log must be stopped first. The newest version of each event counts.
    ///
    /// A code is `system|code` as events hold it. Map it in a file of `codes.drugs`, or to `none` if it is no drug.
    ///
    /// Example: plumbline codes coverage export/ --codes drugs=dmd.csv.gz
    Coverage(CodesCoverageArgs),
}

/// The events whose codes are looked up, and the tables.
#[derive(Debug, Args)]
pub struct CodesCoverageArgs {
    /// Files or folders with events.
    #[arg(required_unless_present = "log", conflicts_with = "log", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read the log of the data folder or of Kafka.
    #[arg(long)]
    pub log: bool,
    /// List at most N codes.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The measures, which name the drug classification, and the tables.
    #[command(flatten)]
    pub measures: OwnMeasures,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}
