//! The order of the workspace's crates.

use crate::hit::Hit;
use crate::sources::Sources;

/// The crates of the workspace from the lowest floor on, each with those that it may depend on. Dependencies of tests are free.
const CRATES: &[(&str, &[&str])] = &[
    // Pure arithmetic; it is tested without bytes, logs and clocks.
    ("scorecard", &[]),
    // Judges the others, so it uses nothing of them.
    ("sim", &[]),
    // Reads the sources, and compiles without the workspace.
    ("house", &[]),
    ("codec", &["scorecard"]),
    ("stream", &["scorecard"]),
    // Pages from cards: no bytes of the wire, no log and no clock.
    ("page", &["scorecard"]),
    ("plumbline", &["codec", "page", "scorecard", "sim", "stream"]),
    ("promises", &["codec", "scorecard", "sim", "stream"]),
    ("bench", &["codec", "plumbline", "scorecard", "sim", "stream"]),
];

/// One hit for each dependency against the order, and for each crate that has no place in it.
pub fn breaches(sources: &Sources) -> Vec<Hit> {
    let manifests = sources.iter().filter(|file| file.path.ends_with("/Cargo.toml") && !file.path.starts_with("fuzz/"));
    manifests.flat_map(|file| of_manifest(&file.path, &file.text)).collect()
}

fn of_manifest(path: &str, text: &str) -> Vec<Hit> {
    let hit = |line, excerpt| Hit { path: path.to_owned(), line, rule: "crates", excerpt };
    let name = text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default().trim_matches('"');
    let Some((_, allowed)) = CRATES.iter().find(|(one, _)| *one == name) else {
        return vec![hit(1, format!("`{name}` has no place in the order of crates; add it to house/src/rooms/crates.rs"))];
    };
    let ours = |dependency: &str| CRATES.iter().any(|(one, _)| *one == dependency);
    let refused = dependencies(text).into_iter().filter(|(_, dependency)| ours(dependency) && !allowed.contains(dependency));
    refused.map(|(line, dependency)| hit(line, format!("`{name}` may not depend on `{dependency}`"))).collect()
}

/// Line and name of each entry of `[dependencies]`.
fn dependencies(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("[dependencies.") {
            found.push((index + 1, name.trim_end_matches(']')));
        }
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if let (true, Some(end)) = (inside, line.find(['.', ' ', '='])) {
            found.push((index + 1, &line[..end]));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::of_manifest;

    fn lines(name: &str, dependencies: &str) -> Vec<usize> {
        let manifest = format!("[package]\nname = \"{name}\"\n{dependencies}");
        of_manifest("crates/a/Cargo.toml", &manifest).into_iter().map(|hit| hit.line).collect()
    }

    #[test]
    fn a_dependency_against_the_order_is_refused() {
        assert_eq!(
            lines(
                "codec",
                "[dependencies]\nscorecard.workspace = true\nstream = { path = \"x\" }\n[dev-dependencies]\nsim.workspace = true\n"
            ),
            [5]
        );
        assert_eq!(lines("scorecard", "[dependencies.codec]\nworkspace = true\n"), [3]);
    }

    #[test]
    fn a_crate_without_a_place_is_refused() {
        assert_eq!(lines("new", ""), [1]);
        assert!(lines("plumbline", "[dependencies]\nanyhow.workspace = true\nsim.workspace = true\n").is_empty());
    }
}
