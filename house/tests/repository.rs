//! The repository keeps its own rules. `cargo run -q -p house -- check` prints the same hits.

use house::hit::Hit;
use house::sources::Sources;

fn assert_none(hits: &[Hit]) {
    let lines: Vec<String> = hits.iter().map(ToString::to_string).collect();
    assert!(hits.is_empty(), "{} hits:\n{}", hits.len(), lines.join("\n"));
}

#[test]
fn prose_is_plain() {
    let sources = Sources::read().expect("the repository is readable");
    assert_none(&house::prose::check::check(&sources).expect("every file has tokens").hits);
}

#[test]
fn imports_go_down_the_floors() {
    let sources = Sources::read().expect("the repository is readable");
    assert_none(&house::rooms::check::check(&sources).expect("every file parses"));
}

#[test]
fn types_are_nouns_and_each_is_defined_once() {
    let sources = Sources::read().expect("the repository is readable");
    assert_none(&house::names::check::check(&sources).expect("every file parses"));
}
