//! The keys of a deployment, in a file that the first start creates and only its owner can read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use codec::identity::keys::Keys;
use serde::Deserialize;

const HEAD: &str =
    "# Plumbline's keys. They can link pseudonyms to patients: keep them secret. Without them no event can be amended: keep a copy.
# permanent: for event ids and links; never change it. patients: oldest first, the last one is in force.
";

/// User id of root.
const ROOT: u32 = 0;

/// Keys that cannot be read or created.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file system refuses.
    #[error("the keys file {} cannot be {doing}: {source}; allow this user to read and write it, or name another file with `keys`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The attempted action.
        doing: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The file does not hold keys.
    #[error("{} holds no keys: {why}; restore it from a copy, because new keys cannot amend or link events of the old ones", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The fault of the file.
        why: String,
    },
    /// Others may read the file.
    #[error("{} is readable by other users (mode {mode:o}); run chmod 600 on it, or give it to root and a group with mode 640", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Whether the keys file existed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysState {
    /// They were read.
    Read,
    /// They were created now.
    Made,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysDocument {
    permanent: String,
    patients: Vec<String>,
}

/// Reads the keys. Creates the file with random keys and mode 0600 if it does not exist.
///
/// # Errors
/// [`KeysError`].
pub fn read_or_make(path: &Path) -> Result<(Keys, KeysState), KeysError> {
    match read(path) {
        Ok(keys) => Ok((keys, KeysState::Read)),
        Err(KeysError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            make(path).map_err(|source| KeysError::Io { path: path.to_owned(), doing: "created", source })?;
            Ok((read(path)?, KeysState::Made))
        }
        Err(error) => Err(error),
    }
}

/// Reads the keys.
///
/// # Errors
/// [`KeysError`].
pub fn read(path: &Path) -> Result<Keys, KeysError> {
    let failed = |source| KeysError::Io { path: path.to_owned(), doing: "read", source };
    let malformed = |why: String| KeysError::Malformed { path: path.to_owned(), why };
    let file = File::open(path).map_err(failed)?;
    let (mode, owner) = mode_and_owner(&file).map_err(failed)?;
    if is_open(mode, owner) {
        return Err(KeysError::Open { path: path.to_owned(), mode });
    }
    let text = io::read_to_string(file).map_err(failed)?;
    // The parser's message could quote a key.
    let stored: KeysDocument =
        toml::from_str(&text).map_err(|_| malformed("it is not permanent = \"...\" and patients = [\"...\"]".to_owned()))?;
    let key = |text: &String| unhex(text).ok_or_else(|| malformed("a key is not 64 hexadecimal digits".to_owned()));
    let patients = stored.patients.iter().map(key).collect::<Result<Vec<_>, _>>()?;
    Ok(Keys::new(key(&stored.permanent)?, patients))
}

/// Stores keys in a new file with mode 0600.
///
/// # Errors
/// [`KeysError`].
pub fn write(path: &Path, keys: &Keys) -> Result<(), KeysError> {
    let patients: Vec<String> = keys.patients().iter().map(|key| format!("\"{}\"", hex(key))).collect();
    create(path, &hex(keys.permanent()), &patients.join(", ")).map_err(|source| KeysError::Io {
        path: path.to_owned(),
        doing: "created",
        source,
    })
}

/// Replaces the patients' keys by a new one. The pseudonyms of earlier epochs can no longer be linked to anybody, once every copy of the
/// old file is gone.
///
/// # Errors
/// [`KeysError`].
pub fn end_epochs(path: &Path, keys: &Keys) -> Result<(), KeysError> {
    let replaced = random_hex().and_then(|epoch| create(path, &hex(keys.permanent()), &format!("\"{epoch}\"")));
    replaced.map_err(|source| KeysError::Io { path: path.to_owned(), doing: "replaced", source })
}

fn make(path: &Path) -> io::Result<()> {
    create(path, &random_hex()?, &format!("\"{}\"", random_hex()?))
}

/// The file appears whole or not at all: events under keys that a crash lost could never be amended.
fn create(path: &Path, permanent: &str, patients: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let text = format!("{HEAD}permanent = \"{permanent}\"\npatients = [{patients}]\n");
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = private().open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

fn random_hex() -> io::Result<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(hex(&key))
}

fn hex(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 64 { bytes.try_into().ok() } else { None }
}

/// Options for a file that only its owner can read and write.
#[cfg(unix)]
pub(crate) fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
}

/// The group may read a file of root: an administrator or a Kubernetes Secret hands out keys that the service cannot change.
fn is_open(mode: u32, owner: u32) -> bool {
    mode & if owner == ROOT { 0o037 } else { 0o077 } != 0
}

#[cfg(unix)]
fn mode_and_owner(file: &File) -> io::Result<(u32, u32)> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = file.metadata()?;
    Ok((metadata.permissions().mode() & 0o7777, metadata.uid()))
}

#[cfg(not(unix))]
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options
}

#[cfg(not(unix))]
fn mode_and_owner(_: &File) -> io::Result<(u32, u32)> {
    Ok((0o600, ROOT))
}

/// The seed of the hashes of event ids: the first eight bytes of the permanent key.
#[must_use]
pub fn identity_seed(keys: &Keys) -> u64 {
    let (head, _) = keys.permanent().split_first_chunk::<8>().expect("a key has 32 bytes");
    u64::from_be_bytes(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_created_once_and_read_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/keys.toml");
        let (made, found) = read_or_make(&path).unwrap();
        assert_eq!(found, KeysState::Made);
        assert_eq!(read_or_make(&path).unwrap(), (made.clone(), KeysState::Read));
        assert_ne!(made.permanent(), &made.patients()[0]);
        let (other, _) = read_or_make(&dir.path().join("other.toml")).unwrap();
        assert_ne!(made, other);
    }

    #[test]
    fn an_ended_epoch_leaves_the_permanent_key_and_one_new_key_of_patients() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let (before, _) = read_or_make(&path).unwrap();
        end_epochs(&path, &before).unwrap();
        let after = read(&path).unwrap();
        assert_eq!(after.permanent(), before.permanent());
        assert!(after.patients().len() == 1 && after.patients() != before.patients());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no copy of the old keys is left");
    }

    #[cfg(unix)]
    #[test]
    fn keys_that_other_users_can_read_are_refused_with_the_cure() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        read_or_make(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_group_may_read_a_file_of_root_and_no_file_of_another_user() {
        assert!(!is_open(0o600, 1000) && !is_open(0o400, 1000));
        assert!(is_open(0o640, 1000) && is_open(0o604, 1000));
        assert!(!is_open(0o440, ROOT) && !is_open(0o640, ROOT));
        assert!(is_open(0o660, ROOT) && is_open(0o444, ROOT));
    }

    #[test]
    fn a_damaged_file_is_refused_without_printing_a_key_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        read_or_make(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 20]).unwrap();
        let key = text.split('"').nth(1).unwrap();
        let refused = read_or_make(&path).unwrap_err().to_string();
        assert!(!refused.contains(&key[..8]) && refused.contains("restore it"), "{refused}");
    }
}
