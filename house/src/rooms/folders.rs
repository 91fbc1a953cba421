//! The size of a folder.

use std::collections::BTreeMap;

use crate::hit::Hit;
use crate::sources::Sources;

/// Rust files in one folder at most: more, and nobody finds the way in.
pub const MOST_FILES: usize = 25;

/// One hit for each folder with too many Rust files in it; files of its folders do not count.
pub fn breaches(sources: &Sources) -> Vec<Hit> {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources.rust() {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *files.entry(folder).or_default() += 1;
    }
    let crowded = files.into_iter().filter(|(_, count)| *count > MOST_FILES);
    crowded
        .map(|(folder, count)| Hit {
            path: folder.to_owned(),
            line: 0,
            rule: "folder",
            excerpt: format!("{count} files, at most {MOST_FILES}; make rooms"),
        })
        .collect()
}
