//! Finds and names the files of the PATH arguments. Their order does not depend on the order of the arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::history::lines::looks_like_json;

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Its name in positions: the folder's name and the path below it, joined by `/`.
    pub name: String,
    /// The feed of its records that name none.
    pub feed: String,
    /// Its path.
    pub path: PathBuf,
}

/// The files of the arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceList {
    /// The files to read, in order of their names.
    pub sources: Vec<SourceFile>,
    /// Files in folders with neither the name nor the content of JSON, in order.
    pub ignored: Vec<PathBuf>,
}

/// Invalid PATH arguments.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// It does not exist or cannot be read.
    #[error("{} cannot be read: {source}; name files or folders with events", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// There is no file with events.
    #[error("no file with events in {0}; name files, or folders with .ndjson or .json files, plain or gzipped")]
    Nothing(String),
    /// The feed's name would be empty.
    #[error("{} has no name for its feed; add --feed NAME", .0.display())]
    NoName(PathBuf),
}

/// Finds the files of these paths. A file below several of them is read once. Hidden files and folders below a folder are skipped.
///
/// # Errors
/// [`SourcesError`] for the first invalid path.
pub fn find(paths: &[PathBuf], feed: Option<&str>) -> Result<SourceList, SourcesError> {
    let mut files = BTreeMap::new();
    let mut ignored = BTreeSet::new();
    for path in paths {
        let real = path.canonicalize().map_err(|source| SourcesError::Unreadable { path: path.clone(), source })?;
        if real.is_dir() {
            walk(&real, &real, &mut files, &mut ignored)?;
        } else {
            let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
            // A file below another named folder belongs to that folder, in any order of the arguments.
            let root = files.get(&real).map_or(folder.clone(), |known: &PathBuf| wider(known, &folder));
            files.insert(real, root);
        }
    }
    if files.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(SourcesError::Nothing(named.join(", ")));
    }
    let roots = names_of(&files.values().cloned().collect());
    let mut sources = Vec::new();
    for (path, root) in files {
        let below = path.strip_prefix(&root).expect("a file lies below the root it was found under");
        let name = [roots[&root].as_str()].into_iter().filter(|name| !name.is_empty()).map(str::to_owned);
        let name: Vec<String> = name.chain(below.components().map(text_of)).collect();
        let feed = match (feed, root.file_name()) {
            (Some(feed), _) => feed.to_owned(),
            (None, Some(folder)) => folder.to_string_lossy().into_owned(),
            (None, None) => return Err(SourcesError::NoName(root)),
        };
        sources.push(SourceFile { name: name.join("/"), feed, path });
    }
    sources.sort();
    Ok(SourceList { sources, ignored: ignored.into_iter().collect() })
}

fn walk(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<PathBuf, PathBuf>,
    ignored: &mut BTreeSet<PathBuf>,
) -> Result<(), SourcesError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| SourcesError::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path().canonicalize().map_err(unreadable(&entry.path()))?;
        // Links to folders, and links out of this folder, are not followed: they could lead back here without end.
        let link = entry.file_type().map_err(unreadable(&entry.path()))?.is_symlink();
        let inside = path.starts_with(root);
        if path.is_dir() && inside && !link {
            walk(root, &path, files, ignored)?;
        } else if path.is_file() && inside && (named_as_json(&path) || looks_like_json(&path).map_err(unreadable(&path))?) {
            let wide = files.get(&path).map_or(root.to_owned(), |known: &PathBuf| wider(known, root));
            files.insert(path, wide);
        } else {
            ignored.insert(entry.path());
        }
    }
    Ok(())
}

fn wider(one: &Path, other: &Path) -> PathBuf {
    if one.components().count() <= other.components().count() { one.to_owned() } else { other.to_owned() }
}

fn named_as_json(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".ndjson", ".jsonl", ".json"].iter().any(|extension| name.ends_with(extension))
}

/// The shortest distinct names of these folders: the last component, or more components if last ones are equal.
fn names_of(roots: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, String> {
    let tail = |root: &Path, length: usize| -> String {
        let all: Vec<String> = root.components().filter(|c| matches!(c, Component::Normal(_))).map(text_of).collect();
        all[all.len().saturating_sub(length)..].join("/")
    };
    let longest = roots.iter().map(|root| root.components().count()).max().unwrap_or(1);
    let distinct = |length: &usize| roots.iter().map(|root| tail(root, *length)).collect::<BTreeSet<_>>().len() == roots.len();
    let length = (1..=longest).find(distinct).unwrap_or(longest);
    roots.iter().map(|root| (root.clone(), tail(root, length))).collect()
}

fn text_of(component: Component<'_>) -> String {
    AsRef::<OsStr>::as_ref(&component).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn names(found: &SourceList) -> Vec<(&str, &str)> {
        found.sources.iter().map(|source| (source.name.as_str(), source.feed.as_str())).collect()
    }

    #[test]
    fn a_folder_and_one_of_its_files_are_the_same_feed_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        let file = put(dir.path(), "export/sub/b.ndjson", "{}");
        put(dir.path(), "export/a.ndjson", "{}");
        let folder = dir.path().join("export");
        let one = find(&[folder.clone(), file.clone()], None).unwrap();
        assert_eq!(names(&one), [("export/a.ndjson", "export"), ("export/sub/b.ndjson", "export")]);
        assert_eq!(one, find(&[file, folder], None).unwrap());
    }

    #[test]
    fn folders_of_the_same_name_are_distinguished_by_their_parents() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "north/export/a.json", "{}");
        put(dir.path(), "south/export/a.json", "{}");
        let found = find(&[dir.path().join("south/export"), dir.path().join("north/export")], Some("one")).unwrap();
        assert_eq!(names(&found), [("north/export/a.json", "one"), ("south/export/a.json", "one")]);
    }

    #[test]
    fn content_decides_where_the_name_does_not() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "data/events.txt", "\n  {\"id\": 1}\n");
        put(dir.path(), "data/README.md", "# What this is");
        put(dir.path(), "data/broken.ndjson", "not json at all");
        put(dir.path(), "data/.hidden.ndjson", "{}");
        let found = find(&[dir.path().join("data")], None).unwrap();
        assert_eq!(names(&found), [("data/broken.ndjson", "data"), ("data/events.txt", "data")]);
        assert_eq!(found.ignored.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "data/sub/a.ndjson", "{}");
        std::os::unix::fs::symlink(dir.path().join("data"), dir.path().join("data/sub/back")).unwrap();
        let found = find(&[dir.path().join("data")], None).unwrap();
        assert_eq!(names(&found), [("data/sub/a.ndjson", "data")]);
    }

    #[test]
    fn a_path_that_is_not_there_is_named() {
        let refused = find(&[PathBuf::from("/nowhere/at/all")], None).unwrap_err().to_string();
        assert!(refused.contains("/nowhere/at/all"), "{refused}");
    }
}
