//! What a schema registry said, in a small file, so that a restart works while the registry is down.
//!
//! It is a copy: without it, or with one that does not open, the registry is asked.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use codec::avro::known_schema::KnownSchema;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// Name of the file in the data folder.
pub const FILE: &str = "schema-ids.json";

/// What a registry said of a deployment's schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySnapshot {
    /// The id of each subject's schema, for writing.
    pub subjects: Vec<(String, u32)>,
    /// What ids stand for, for reading.
    pub ids: Vec<(u32, KnownSchema)>,
}

/// The file, and whose ids it holds.
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

/// `schema` is the number of `schemas/README.md` in our own range of ids.
#[derive(Deserialize, Serialize)]
struct StoredId {
    id: u32,
    schema: u32,
}

impl RegistryFile {
    /// The file in this folder, for the registry with this base URL.
    #[must_use]
    pub fn new(folder: &Path, base: &str) -> RegistryFile {
        RegistryFile { path: folder.join(FILE), base: base.to_owned() }
    }

    /// What it holds; nothing when it is not there, does not open, or is of another registry.
    #[must_use]
    pub fn read(&self) -> RegistrySnapshot {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return RegistrySnapshot::default(),
            Err(error) => return self.unread(&error.to_string()),
        };
        match serde_json::from_str::<RegistryDocument>(&text) {
            Ok(stored) if stored.registry == self.base => remembered(stored),
            Ok(_) => RegistrySnapshot::default(),
            Err(error) => self.unread(&error.to_string()),
        }
    }

    fn unread(&self, why: &str) -> RegistrySnapshot {
        warn!(path = %self.path.display(), why, "schema ids not read; the registry is asked");
        RegistrySnapshot::default()
    }

    /// Writes it anew, whole or not at all. A failure costs no more than a question to the registry after a restart, so it is told only.
    pub fn write(&self, remembered: &RegistrySnapshot) {
        if let Err(error) = self.try_write(remembered) {
            warn!(path = %self.path.display(), %error, "schema ids not kept; after a restart the registry has to be there");
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
        let beside = self.path.with_extension(format!("new-{}", std::process::id()));
        fs::write(&beside, text + "\n")?;
        fs::rename(&beside, &self.path)
    }
}

fn remembered(stored: RegistryDocument) -> RegistrySnapshot {
    // A newer version may have written it: what this one does not know it asks for.
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
    fn what_was_written_is_read_by_the_same_registry_only() {
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
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_does_not_open_is_as_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = RegistryFile::new(folder.path(), "http://one");
        for text in ["", "{", "{\"registry\":\"http://one\"}"] {
            fs::write(folder.path().join(FILE), text).expect("a file");
            assert_eq!(file.read(), RegistrySnapshot::default());
        }
    }
}
