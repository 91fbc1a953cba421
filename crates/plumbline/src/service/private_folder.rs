//! The privacy of the data folder: folders have mode 0700 and files 0600, so that other users of the machine read nothing.

use std::path::Path;

/// New files and folders of this process are readable by its user alone.
pub fn set_private_umask() {
    #[cfg(unix)]
    let _ = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Takes the rights of other users from an existing data folder and everything in it. The file of the keys has a check of its own.
#[cfg(unix)]
pub fn make_private(data: &Path, keys: &Path) {
    let mut found = FolderRepair::default();
    found.repair(data, keys);
    if found.repaired > 0 {
        tracing::warn!(path = %data.display(), entries = found.repaired, "other users could read the data folder; their rights are removed");
    }
    if let Some(path) = found.failed {
        let path = path.display();
        tracing::warn!(%path, "other users can read this, and its mode cannot be changed; run chmod go= on it, as its owner");
    }
}

/// Modes are those of Unix.
#[cfg(not(unix))]
pub fn make_private(_data: &Path, _keys: &Path) {}

/// The entries that other users had rights on.
#[cfg(unix)]
#[derive(Debug, Default)]
struct FolderRepair {
    repaired: u64,
    failed: Option<std::path::PathBuf>,
}

#[cfg(unix)]
impl FolderRepair {
    /// Repairs an entry and those below it. A link is left alone, because its target may be elsewhere.
    fn repair(&mut self, path: &Path, keys: &Path) {
        use std::os::unix::fs::PermissionsExt;
        let Ok(found) = std::fs::symlink_metadata(path) else { return };
        if found.is_symlink() || path == keys {
            return;
        }
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            match std::fs::set_permissions(path, PermissionsExt::from_mode(mode & 0o700)) {
                Ok(()) => self.repaired += 1,
                Err(_) => self.failed = Some(path.to_owned()),
            }
        }
        if let Ok(entries) = std::fs::read_dir(path) {
            entries.flatten().for_each(|entry| self.repair(&entry.path(), keys));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn rights_of_others_are_removed_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (data, outside) = (dir.path().join("data"), dir.path().join("outside"));
        fs::create_dir_all(data.join("log/records")).unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for (path, bits) in [(data.join("log/records/0"), 0o644), (data.join("keys.toml"), 0o640), (outside.clone(), 0o644)] {
            fs::write(&path, "x").unwrap();
            set(&path, bits);
        }
        set(&data.join("log"), 0o755);
        symlink(&outside, data.join("link")).unwrap();
        make_private(&data, &data.join("keys.toml"));
        let modes = ["", "log", "log/records", "log/records/0", "keys.toml"].map(|name| mode(&data.join(name)));
        assert_eq!(modes, [0o700, 0o700, 0o700, 0o600, 0o640]);
        assert_eq!(mode(&outside), 0o644);
    }
}
