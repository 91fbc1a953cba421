//! The modules of a crate, as its `mod` items name them. Modules of tests are left out.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta, MetaNameValue};

use crate::attributes::{of_item, only_in_tests};
use crate::sources::Sources;

/// Names from the crate's root to a module, or to something in it.
pub type ModulePath = Vec<String>;

/// One module.
pub struct Module {
    /// The file that holds it.
    pub file: String,
    /// Its items, without modules and without those of tests.
    pub items: Vec<Item>,
    /// Its own modules, in the order of their `mod` items.
    pub list: Vec<String>,
    /// Whether a module of its own has a file of its own: then this file is a list.
    pub is_list: bool,
}

/// All modules of a crate by their paths.
#[derive(Default)]
pub struct Tree {
    /// The modules; the crate's root has the empty path.
    pub modules: BTreeMap<ModulePath, Module>,
    /// The modules of exported macros, which every path names from the root.
    pub macros: BTreeMap<String, ModulePath>,
}

/// The modules of the crate whose root is this file.
///
/// # Errors
/// A file does not parse, or a `mod` item has no file.
pub fn tree(sources: &Sources, root: &str) -> Result<Tree> {
    let mut tree = Tree::default();
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    tree.read_file(sources, &Vec::new(), root, folder)?;
    Ok(tree)
}

impl Tree {
    /// The longest path of a module that the path begins with.
    pub fn module_of(&self, path: &[String]) -> ModulePath {
        if let [name, ..] = path
            && !self.modules.contains_key(&path[..1])
            && let Some(module) = self.macros.get(name)
        {
            return module.clone();
        }
        let known = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]));
        path[..known.unwrap_or(0)].to_vec()
    }

    fn read_file(&mut self, sources: &Sources, path: &ModulePath, file: &str, folder: &str) -> Result<()> {
        let source =
            sources.find(file).with_context(|| format!("{file} is not in the repository; add it or delete its mod item"))?;
        let parsed = syn::parse_file(&source.text).with_context(|| format!("{file} does not parse; compile it first"))?;
        self.read_items(sources, path, file, folder, parsed.items)
    }

    fn read_items(&mut self, sources: &Sources, path: &ModulePath, file: &str, folder: &str, items: Vec<Item>) -> Result<()> {
        let mut kept = Vec::new();
        let mut mods = Vec::new();
        for item in items.into_iter().filter(|item| !only_in_tests(of_item(item))) {
            match item {
                Item::Mod(item) => mods.push(item),
                item => kept.push(item),
            }
        }
        let list = mods.iter().map(|item| item.ident.to_string()).collect();
        let is_list = mods.iter().any(|item| item.content.is_none());
        self.macros.extend(kept.iter().filter_map(exported_macro).map(|name| (name, path.clone())));
        self.modules.insert(path.clone(), Module { file: file.to_owned(), items: kept, list, is_list });
        for item in mods {
            let name = item.ident.to_string();
            let path: ModulePath = path.iter().cloned().chain([name.clone()]).collect();
            let inside = format!("{folder}/{name}");
            match item.content {
                Some((_, items)) => self.read_items(sources, &path, file, &inside, items)?,
                None => {
                    let named = item.attrs.iter().find_map(|attribute| path_attribute(attribute, file));
                    self.read_file(sources, &path, &named.unwrap_or_else(|| file_of(sources, &inside)), &inside)?;
                }
            }
        }
        Ok(())
    }
}

/// `room.rs`, or `room/mod.rs` where that is the file.
fn file_of(sources: &Sources, inside: &str) -> String {
    let old = format!("{inside}/mod.rs");
    if sources.find(&old).is_some() { old } else { format!("{inside}.rs") }
}

/// The file that a `#[path = "..."]` names, from the folder of the file around it.
fn path_attribute(attribute: &Attribute, around: &str) -> Option<String> {
    let Meta::NameValue(MetaNameValue { path, value: Expr::Lit(ExprLit { lit: Lit::Str(text), .. }), .. }) = &attribute.meta
    else {
        return None;
    };
    if !path.is_ident("path") {
        return None;
    }
    let text = text.value();
    let mut parts: Vec<&str> = around.split('/').collect();
    parts.pop();
    for part in text.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn exported_macro(item: &Item) -> Option<String> {
    match item {
        Item::Macro(item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) => {
            item.ident.as_ref().map(ToString::to_string)
        }
        _ => None,
    }
}
