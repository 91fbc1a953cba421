//! The measures of the repository. The guard reads them from their folder, because the binary that has them compiled in takes long to build.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use scorecard::measure::measure_set::MeasureSet;

/// Every measure of `measures/`, in order of the files.
///
/// # Errors
/// When a file cannot be read, or is not a measure.
pub fn of_the_repository() -> Result<MeasureSet> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../measures");
    let listed = std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let files: Vec<PathBuf> = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    let mut texts = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    texts.sort();
    Ok(MeasureSet::parse(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))?)
}
