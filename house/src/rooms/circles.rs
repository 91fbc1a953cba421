//! Circles: files that import from each other, over however many files in between.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::imports;
use super::tree::Tree;
use crate::hit::Hit;

type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// One hit for each set of files of which every one reaches every other by imports.
pub fn breaches(tree: &Tree) -> Vec<Hit> {
    let mut arrows = Arrows::new();
    for (path, module) in &tree.modules {
        let targets = imports(tree, path, module).into_iter().filter_map(|import| tree.modules.get(&import.module));
        arrows
            .entry(&module.file)
            .or_default()
            .extend(targets.map(|target| target.file.as_str()).filter(|file| *file != module.file));
    }
    circles(&arrows).into_iter().filter_map(hit).collect()
}

fn hit(circle: Vec<&str>) -> Option<Hit> {
    let path = (*circle.first()?).to_owned();
    Some(Hit {
        path,
        line: 0,
        rule: "circle",
        excerpt: format!("{} files import from each other: {}", circle.len(), circle.join(", ")),
    })
}

/// The sets of files that reach each other, each in order of paths. Simple instead of fast: a crate has about 100 files.
fn circles<'a>(arrows: &Arrows<'a>) -> Vec<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|file| (*file, reachable(arrows, file))).collect();
    let both = |one: &str, other: &str| reached[one].contains(other) && reached.get(other).is_some_and(|back| back.contains(one));
    let mut found = BTreeSet::new();
    for file in arrows.keys() {
        let circle: Vec<&str> = arrows.keys().copied().filter(|other| both(file, other)).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(arrows: &Arrows<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for target in arrows.get(file).into_iter().flatten() {
            if reached.insert(*target) {
                open.push(target);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{Arrows, circles};

    #[test]
    fn a_circle_over_three_files_is_found_once() {
        let arrows: Arrows = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["a", "d"]), ("d", vec![])]
            .map(|(from, to)| (from, to.into_iter().collect()))
            .into();
        assert_eq!(circles(&arrows), [["a", "b", "c"]]);
    }
}
