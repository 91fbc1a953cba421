//! The copy of the rejected records, which are encrypted files of their own.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes `to` hold the files of `from`. Files that a running service removes meanwhile are left out.
///
/// # Errors
/// The file system's.
pub(crate) fn mirror(from: &Path, to: &Path) -> io::Result<u64> {
    if !from.is_dir() {
        return Ok(0);
    }
    fs::create_dir_all(to)?;
    let mut kept: BTreeSet<OsString> = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let new = to.join("copy.new");
        match fs::copy(entry.path(), &new) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            copied => copied?,
        };
        fs::rename(&new, to.join(entry.file_name()))?;
        kept.insert(entry.file_name());
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !kept.contains(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(kept.len() as u64)
}
