//! The complete result of `demo`, `replay` or `migrate` in a folder, found again by `card`, `explain` and `peek`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::history::output_folder::{KEYS, LOG, MARKER, MEASURES, OutputFolderError, SUMMARY, exists, lock};
use crate::input_files::measure_files::{MeasureSelection, MeasureSource};

/// A folder with a complete result.
#[derive(Clone, Debug)]
pub struct FinishedOutput {
    dir: PathBuf,
}

impl FinishedOutput {
    /// The result in this folder; `None` for the data folder of a service and for a folder that does not exist.
    ///
    /// # Errors
    /// [`OutputFolderError::Unfinished`] after a crash, [`OutputFolderError::InUse`] while the command runs.
    pub fn find(dir: &Path) -> Result<Option<FinishedOutput>, OutputFolderError> {
        if !exists(&dir.join(MARKER))? {
            return Ok(None);
        }
        if exists(&dir.join(SUMMARY))? {
            return Ok(Some(FinishedOutput { dir: dir.to_owned() }));
        }
        match lock(dir) {
            Err(in_use @ OutputFolderError::InUse { .. }) => Err(in_use),
            _ => Err(OutputFolderError::Unfinished { dir: dir.to_owned() }),
        }
    }

    /// Path of the log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.dir.join(LOG)
    }

    /// Path of the keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.dir.join(KEYS)
    }

    /// The files of its measures, with the built-in ones of this version.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn measures_of_this_version(&self) -> anyhow::Result<MeasureSelection> {
        let path = self.dir.join(MEASURES);
        let cure = || format!("{} cannot be read; run the command that wrote it again", path.display());
        let source: MeasureSource = serde_json::from_slice(&fs::read(&path).with_context(cure)?).with_context(cure)?;
        Ok(source.selection()?)
    }

    /// The measures of the cards.
    ///
    /// # Errors
    /// When the file is damaged, or this version has other built-in measures than the one that wrote it.
    pub fn measures(&self) -> anyhow::Result<MeasureSelection> {
        let selection = self.measures_of_this_version()?;
        let ours = selection.set.hash().to_string();
        let theirs = self.measure_set()?;
        ensure!(
            ours == theirs,
            "the cards in {} were computed under the measures {theirs}, and this version has {ours}; run the command that wrote \
             it again",
            self.dir.display()
        );
        Ok(selection)
    }

    /// The fingerprint of the measures in the summary.
    fn measure_set(&self) -> anyhow::Result<String> {
        let path = self.dir.join(SUMMARY);
        let cure = || format!("{} cannot be read; run the command that wrote it again", path.display());
        let summary: serde_json::Value = serde_json::from_slice(&fs::read(&path).with_context(cure)?).with_context(cure)?;
        Ok(summary["measure_set"].as_str().with_context(cure)?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use codec::identity::keys::Keys;

    use super::*;
    use crate::config::keys_file;
    use crate::history::output_folder::OutputFolder;

    #[test]
    fn a_folder_without_its_summary_is_unfinished_and_in_use_while_a_process_writes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(FinishedOutput::find(dir.path()).unwrap().is_none(), "a folder without a marker is a service's");
        let writing = OutputFolder::make(dir.path()).unwrap();
        assert!(matches!(FinishedOutput::find(dir.path()), Err(OutputFolderError::InUse { .. })));
        drop(writing);
        let refused = FinishedOutput::find(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("unfinished") && refused.contains("run that command again"), "{refused}");
        let again = OutputFolder::make(dir.path()).unwrap();
        again.create(SUMMARY).unwrap().write_all(b"{}").unwrap();
        assert!(FinishedOutput::find(dir.path()).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn keys_and_measures_are_read_back_and_only_the_owner_reads_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = OutputFolder::make(dir.path()).unwrap();
        let built_in =
            crate::input_files::measure_files::chosen(None, crate::input_files::measure_files::BuiltIn::Keep, &[]).unwrap();
        folder.keep_keys(&Keys::fixed()).unwrap();
        folder.keep_measures(&built_in.source).unwrap();
        let summary =
            |hash: &str| folder.create(SUMMARY).unwrap().write_all(format!("{{\"measure_set\":\"{hash}\"}}").as_bytes());
        summary(&built_in.set.hash().to_string()).unwrap();
        let found = FinishedOutput::find(dir.path()).unwrap().expect("it has its summary");
        assert_eq!(keys_file::read(&found.keys()).unwrap(), Keys::fixed());
        assert_eq!(fs::metadata(found.keys()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(found.measures().unwrap().set.hash(), built_in.set.hash());
        summary("00").unwrap();
        let other = found.measures().unwrap_err().to_string();
        assert!(other.contains("under the measures 00") && other.contains("again"), "{other}");
    }
}
