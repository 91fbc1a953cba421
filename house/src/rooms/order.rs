//! The order of modules: an import goes down the list, and a list holds nothing but its list.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Item, Visibility};

use super::imports::{Import, imports};
use super::tree::{Module, ModulePath, Tree};
use crate::hit::Hit;

/// Every import that goes up a list or to the module around it, and every list that defines something.
pub fn breaches(tree: &Tree) -> Vec<Hit> {
    tree.modules.iter().flat_map(|(path, module)| of_module(tree, path, module)).collect()
}

fn of_module(tree: &Tree, path: &ModulePath, module: &Module) -> Vec<Hit> {
    let mut seen = BTreeSet::new();
    let first_only = imports(tree, path, module).into_iter().filter(|import| seen.insert(import.module.clone()));
    first_only.filter_map(|import| upward(tree, path, module, &import)).chain(furnished(module)).collect()
}

fn upward(tree: &Tree, importer: &ModulePath, module: &Module, import: &Import) -> Option<Hit> {
    let imported = &import.module;
    let shared = importer.iter().zip(imported).take_while(|(one, other)| one == other).count();
    let hit = |rule, excerpt| Some(Hit { path: module.file.clone(), line: import.line, rule, excerpt });
    let (Some(from), Some(to)) = (importer.get(shared), imported.get(shared)) else {
        return if imported.len() < importer.len() {
            hit(
                "circle-with-parent",
                format!(
                    "{} imports from {}, the module around it; import from the module that defines the name",
                    name(importer),
                    name(imported)
                ),
            )
        } else {
            None
        };
    };
    let around = tree.modules.get(&importer[..shared])?;
    let place = |name: &String| around.list.iter().position(|one| one == name);
    if place(from) <= place(to) {
        return None;
    }
    let excerpt = format!("{} imports from {}, but {} lists `{to}` above `{from}`", name(importer), name(imported), around.file);
    hit("order", excerpt)
}

/// A hit for a list that defines something. The root of a binary holds `main`.
fn furnished(module: &Module) -> Option<Hit> {
    if !module.is_list || module.file.ends_with("/main.rs") {
        return None;
    }
    let lines: Vec<usize> = module.items.iter().filter_map(defined).map(|span| span.start().line).collect();
    let line = *lines.first()?;
    let excerpt = format!("defines {} items; a file that lists modules holds docs, `mod` and `pub use` only", lines.len());
    Some(Hit { path: module.file.clone(), line, rule: "list-only", excerpt })
}

/// Where an item is that a list does not hold.
fn defined(item: &Item) -> Option<Span> {
    match item {
        Item::Macro(_) => None,
        Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => None,
        Item::Use(item) => Some(item.use_token.span),
        item => Some(item.span()),
    }
}

fn name(path: &ModulePath) -> String {
    if path.is_empty() { "the crate's root".to_owned() } else { format!("`{}`", path.join("::")) }
}
