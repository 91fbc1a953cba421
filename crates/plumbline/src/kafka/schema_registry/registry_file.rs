//! A small file with the ids of a schema registry, so that a restart works while the registry is down.
//!
//! It is a cache: if it is absent or unreadable, Plumbline asks the registry.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use codec::avro::known_schema::KnownSchema;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// Name of the file in the data folder.
pub const FILE: &str = "schema-ids.json";

/// The ids of a deployment's schemas in a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySnapshot {
    /// The id of each subject's schema, for writing.
    pub subjects: Vec<(String, u32)>,
    /// The schema of each known id, for reading.
    pub ids: Vec<(u32, KnownSchema)>,
}

/// The file, and the registry of its ids.
#[derive(Clone, Debug)]
pub struct RegistryFile {
    path: PathBuf,
    base: String,
}

#[derive(Deserialize, Serialize)]
struct RegistryDocument {
    registry: String,
    subjects: Vec<StoredSubject>,
    ids: Vec<StoredId>,
}

#[derive(Deserialize, Serialize)]
struct StoredSubject {
    subject: String,
    id: u32,
}

/// `schema` is the id of `schemas/README.md`, in Plumbline's own range.
#[derive(Deserialize, Serialize)]
struct StoredId {
    id: u32,
    schema: u32,
}

impl RegistryFile {
    /// The file in this folder, for the registry at this base URL.
    #[must_use]
    pub fn new(folder: &Path, base: &str) -> RegistryFile {
        RegistryFile { path: folder.join(FILE), base: base.to_owned() }
    }

    /// The ids of the file; none when it is absent, unreadable, or from another registry.
    #[must_use]
    pub fn read(&self) -> RegistrySnapshot {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return RegistrySnapshot::default(),
            Err(error) => return self.unread(&error),
        };
        match serde_json::from_str::<RegistryDocument>(&text) {
            Ok(stored) if stored.registry == self.base => remembered(stored),
            Ok(_) => RegistrySnapshot::default(),
            Err(error) => self.unread(&error),
        }
    }

    fn unread(&self, error: &dyn std::error::Error) -> RegistrySnapshot {
        warn!(path = %self.path.display(), %error, "schema ids not readable, asking the registry");
        RegistrySnapshot::default()
    }

    /// Replaces the file atomically. A failure is only logged: it costs requests to the registry after a restart.
    pub fn write(&self, remembered: &RegistrySnapshot) {
        if let Err(error) = self.try_write(remembered) {
            warn!(path = %self.path.display(), %error, "schema ids not saved, the next start needs the registry");
        }
    }

    fn try_write(&self, remembered: &RegistrySnapshot) -> io::Result<()> {
        let mut ids = remembered.ids.clone();
        ids.sort_unstable();
        let stored = RegistryDocument {
            registry: self.base.clone(),
            subjects: remembered.subjects.iter().cloned().map(|(subject, id)| StoredSubject { subject, id }).collect(),
            ids: ids.into_iter().map(|(id, known)| StoredId { id, schema: known.id() }).collect(),
        };
        let text = serde_json::to_string_pretty(&stored).map_err(io::Error::other)?;
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = self.path.with_extension(format!("new-{}", std::process::id()));
        fs::write(&temporary, text + "\n")?;
        fs::rename(&temporary, &self.path)
    }
}

fn remembered(stored: RegistryDocument) -> RegistrySnapshot {
    // A newer version may have written the file: this one asks for the ids that it does not know.
    let known = |stored: &StoredId| KnownSchema::of_id(stored.schema).map(|known| (stored.id, known));
    RegistrySnapshot {
        subjects: stored.subjects.into_iter().map(|stored| (stored.subject, stored.id)).collect(),
        ids: stored.ids.iter().filter_map(known).collect(),
    }
}

#[cfg(test)]
mod tests {
    use codec::avro::encoding::Form;

    use super::*;

    #[test]
    fn a_file_is_read_for_its_own_registry_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = RegistryFile::new(folder.path(), "http://one");
        assert_eq!(file.read(), RegistrySnapshot::default());
        let remembered = RegistrySnapshot {
            subjects: vec![("plumbline.runs-value".to_owned(), 7)],
            ids: vec![(7, KnownSchema::Record(Form::Run)), (9, KnownSchema::Record(Form::Tick))],
        };
        file.write(&remembered);
        assert_eq!(file.read(), remembered);
        assert_eq!(RegistryFile::new(folder.path(), "http://other").read(), RegistrySnapshot::default());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no temporary file is left");
    }

    #[test]
    fn an_unreadable_file_counts_as_absent() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = RegistryFile::new(folder.path(), "http://one");
        for text in ["", "{", "{\"registry\":\"http://one\"}"] {
            fs::write(folder.path().join(FILE), text).expect("a file");
            assert_eq!(file.read(), RegistrySnapshot::default());
        }
    }
}
