//! `contract`: the contracts of routes, topics and records as files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::contract::contract_files::contract_files;
use crate::terminal::count::counted;

/// Writes every contract file into a folder. Returns a report for standard error.
///
/// # Errors
/// When a file cannot be written.
pub fn contract(dir: &Path) -> Result<String> {
    let files = contract_files();
    for (path, text) in &files {
        let path = dir.join(path);
        let named = || format!("writing {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(dir)).with_context(named)?;
        fs::write(&path, text).with_context(named)?;
    }
    Ok(format!("{} in {}\n", counted(files.len() as u64, "file", "files"), dir.display()))
}
