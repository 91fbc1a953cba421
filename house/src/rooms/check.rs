//! The check of rooms over all crates.

use anyhow::Result;

use super::tree::tree;
use super::{circles, crates, folders, order};
use crate::hit::Hit;
use crate::sources::Sources;
use crate::waivers::without_waived;

/// The rules of this check.
const RULES: [&str; 6] = ["circle", "circle-with-parent", "crates", "folder", "list-only", "order"];

/// Checks folders, crates, and the imports of every crate.
///
/// # Errors
/// A file does not parse.
pub fn check(sources: &Sources) -> Result<Vec<Hit>> {
    let mut hits = folders::breaches(sources);
    hits.extend(crates::breaches(sources));
    for root in sources.rust().map(|file| file.path.as_str()).filter(|path| is_root(path)) {
        let modules = tree(sources, root)?;
        if !holds_tests(root) {
            hits.extend(order::breaches(&modules));
        }
        hits.extend(circles::breaches(&modules));
    }
    hits.sort();
    hits.dedup();
    Ok(without_waived(sources, &RULES, hits))
}

/// Whether a file is the root of a crate with modules: a library, a binary, an example, or tests in a folder of their own.
fn is_root(path: &str) -> bool {
    !path.starts_with("fuzz/") && (path.ends_with("/src/lib.rs") || path.ends_with("/main.rs"))
}

/// Whether the crate is tests alone: its list names promises side by side, and only circles are refused.
fn holds_tests(root: &str) -> bool {
    root.contains("/tests/") || root.starts_with("tests/promises/")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::sources::{Source, Sources};

    fn hits(files: &[(&str, &str)]) -> Vec<String> {
        let manifest = ("crates/sim/Cargo.toml", "name = \"sim\"");
        let files =
            files.iter().chain([&manifest]).map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() });
        let found = check(&Sources::of(files.collect())).expect("files that parse");
        found.iter().map(|hit| format!("{}:{}: {}", hit.path, hit.line, hit.rule)).collect()
    }

    const LIB: (&str, &str) =
        ("crates/sim/src/lib.rs", "pub mod top;\npub mod low;\npub use top::Top;\n#[cfg(test)]\nmod tests { use super::*; }");
    const LOW: (&str, &str) = ("crates/sim/src/low.rs", "pub struct Low;\npub mod inner { pub struct Deep; }");

    #[test]
    fn imports_down_the_list_are_allowed() {
        let top = "use crate::low::{Low, inner::Deep};\nuse std::fmt;\npub struct Top(Low, Deep);\nfn f() -> fmt::Result { self::g(super::low::h()) }\n#[cfg(test)]\nuse crate::Top as X;";
        assert!(hits(&[LIB, ("crates/sim/src/top.rs", top), LOW]).is_empty());
    }

    #[test]
    fn an_import_up_the_list_is_refused_however_it_is_written() {
        let top = ("crates/sim/src/top.rs", "pub struct Top;");
        for import in [
            "use crate::{top::Top};",
            "use super::top;",
            "fn f() { crate::top::Top::new() }",
            "fn f(x: super::top::Top) {}",
            "m!(a, crate::top::Top);",
            "#[serde(with = \"crate::top\")]\nstruct S;",
            "fn f() { use crate::top as t; }",
        ] {
            let found = hits(&[LIB, top, ("crates/sim/src/low.rs", import)]);
            assert!(matches!(&found[..], [one] if one.ends_with(": order")), "{import}: {found:?}");
        }
    }

    #[test]
    fn a_module_does_not_import_from_the_module_around_it() {
        let top = ("crates/sim/src/top.rs", "use crate::Top;");
        assert_eq!(hits(&[LIB, top, LOW]), ["crates/sim/src/lib.rs:0: circle", "crates/sim/src/top.rs:1: circle-with-parent"]);
    }

    #[test]
    fn rooms_are_ordered_by_their_first_different_part() {
        let room = ("crates/sim/src/top.rs", "mod a;\nmod b;\npub use b::B;");
        let a = ("crates/sim/src/top/a.rs", "use super::b::B;\nuse crate::low::Low;");
        let b = ("crates/sim/src/top/b.rs", "pub struct B;");
        assert!(hits(&[LIB, room, a, b, LOW]).is_empty());
        let b = ("crates/sim/src/top/b.rs", "pub struct B;\nuse super::a;");
        assert_eq!(hits(&[LIB, room, a, b, LOW]), ["crates/sim/src/top/a.rs:0: circle", "crates/sim/src/top/b.rs:2: order"]);
    }

    #[test]
    fn a_list_defines_nothing() {
        let lib = ("crates/sim/src/lib.rs", "pub mod low;\n\npub struct Top;\nmacro_rules! m { () => {} }");
        assert_eq!(hits(&[lib, LOW]), ["crates/sim/src/lib.rs:3: list-only"]);
    }

    #[test]
    fn files_of_tests_have_no_order_and_no_circles() {
        let main = ("crates/sim/tests/all/main.rs", "mod a;\nmod b;");
        let a = ("crates/sim/tests/all/a.rs", "use crate::b;");
        let b = ("crates/sim/tests/all/b.rs", "use crate::a;");
        assert!(hits(&[main, ("crates/sim/tests/all/a.rs", ""), b]).is_empty());
        assert_eq!(hits(&[main, a, b]), ["crates/sim/tests/all/a.rs:0: circle"]);
    }

    #[test]
    fn a_folder_holds_no_more_files_than_allowed() {
        let names: Vec<String> = (0..26).map(|number| format!("fuzz/targets/f{number}.rs")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(hits(&files), ["fuzz/targets:0: folder"]);
        assert!(hits(&files[1..]).is_empty());
    }
}
