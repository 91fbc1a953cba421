//! The types that a file defines: structs, enums, traits and aliases.

use anyhow::{Context, Result};
use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Item, Visibility};

use crate::attributes::{of_item, only_in_tests};
use crate::sources::Source;

/// One type.
#[derive(Debug, PartialEq, Eq)]
pub struct TypeName {
    /// Its name.
    pub name: String,
    /// The line of its definition.
    pub line: usize,
    /// Whether it is `pub` and not of a test.
    pub public: bool,
}

/// The types of a file, in order, also those inside functions and tests.
///
/// # Errors
/// The file does not parse.
pub fn of_file(source: &Source) -> Result<Vec<TypeName>> {
    let file = syn::parse_file(&source.text).with_context(|| format!("{} does not parse; compile it first", source.path))?;
    let mut reader = Reader { found: Vec::new(), in_tests: false };
    reader.visit_file(&file);
    Ok(reader.found)
}

struct Reader {
    found: Vec<TypeName>,
    in_tests: bool,
}

impl Reader {
    fn add(&mut self, name: &Ident, visibility: &Visibility) {
        let public = matches!(visibility, Visibility::Public(_)) && !self.in_tests;
        self.found.push(TypeName { name: name.to_string(), line: name.span().start().line, public });
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Struct(item) => self.add(&item.ident, &item.vis),
            Item::Enum(item) => self.add(&item.ident, &item.vis),
            Item::Trait(item) => self.add(&item.ident, &item.vis),
            Item::Type(item) => self.add(&item.ident, &item.vis),
            Item::Union(item) => self.add(&item.ident, &item.vis),
            _ => {}
        }
        let outside = self.in_tests;
        self.in_tests |= only_in_tests(of_item(item));
        visit::visit_item(self, item);
        self.in_tests = outside;
    }
}

#[cfg(test)]
mod tests {
    use super::{TypeName, of_file};
    use crate::sources::Source;

    #[test]
    fn types_are_found_wherever_they_are() {
        let text = "pub struct A;\npub(crate) enum B {}\ntrait C { type X; }\nfn f() { struct D; }\n#[cfg(test)]\nmod tests { pub type E = u8; }";
        let found = of_file(&Source { path: "a.rs".to_owned(), text: text.to_owned() }).expect("Rust");
        let expected = [("A", 1, true), ("B", 2, false), ("C", 3, false), ("D", 4, false), ("E", 6, false)];
        assert_eq!(found, expected.map(|(name, line, public)| TypeName { name: name.to_owned(), line, public }));
    }
}
