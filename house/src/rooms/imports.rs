//! The paths that a module names: its `use` items, and paths in code, macros and attributes.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemMod, ItemUse, Macro, Meta, Path, UseTree, VisRestricted};

use super::tree::{Module, ModulePath, Tree};
use crate::attributes::{of_impl_item, of_item, only_in_tests};

/// A path that a module names.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The path from the crate's root to a module.
    pub module: ModulePath,
    /// The line that names it.
    pub line: usize,
}

/// The modules that code of this module outside tests names, in order, the module itself left out.
pub fn imports(tree: &Tree, path: &ModulePath, module: &Module) -> Vec<Import> {
    let mut reader = Reader { tree, path, names: BTreeMap::new(), found: Vec::new() };
    // Names first: a path may use a name before the line that imports it.
    module.items.iter().for_each(|item| Names(&mut reader).visit_item(item));
    module.items.iter().for_each(|item| reader.visit_item(item));
    reader.found
}

struct Reader<'a> {
    tree: &'a Tree,
    path: &'a ModulePath,
    /// Names that a `use` item brings in, with their paths.
    names: BTreeMap<String, ModulePath>,
    found: Vec<Import>,
}

impl Reader<'_> {
    /// The path from the crate's root; nothing for a path into another crate or to a local name.
    fn absolute(&self, segments: &[String]) -> Option<ModulePath> {
        let (first, rest) = segments.split_first()?;
        let base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.path.clone(),
            "super" => return self.above(segments),
            name => self.local(name)?,
        };
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn above(&self, segments: &[String]) -> Option<ModulePath> {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let kept = self.path.len().checked_sub(ups)?;
        Some(self.path[..kept].iter().chain(&segments[ups..]).cloned().collect())
    }

    /// The path of a name in scope: a module of this one, or a name that a `use` item brings in.
    fn local(&self, name: &str) -> Option<ModulePath> {
        let child: ModulePath = self.path.iter().cloned().chain([name.to_owned()]).collect();
        if self.tree.modules.contains_key(&child) { Some(child) } else { self.names.get(name).cloned() }
    }

    fn add(&mut self, segments: &[String], line: usize) {
        let Some(path) = self.absolute(segments) else { return };
        let module = self.tree.module_of(&path);
        if module != *self.path {
            self.found.push(Import { module, line });
        }
    }

    /// Paths in tokens that are not parsed: of macros and of attributes.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut segments: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' && !segments.is_empty() => colons += 1,
                TokenTree::Ident(name) if colons == 2 => {
                    segments.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.add_path(&mut segments, line);
                    colons = 0;
                    line = other.span().start().line;
                    match other {
                        TokenTree::Ident(name) => segments.push(name.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Literal(literal) => self.path_in_text(&literal.to_string(), line),
                        TokenTree::Punct(_) => {}
                    }
                }
            }
        }
        self.add_path(&mut segments, line);
    }

    fn add_path(&mut self, segments: &mut Vec<String>, line: usize) {
        let path = std::mem::take(segments);
        if path.len() > 1 {
            self.add(&path, line);
        }
    }

    /// A path in quotes, such as `#[serde(with = "crate::digits")]`.
    fn path_in_text(&mut self, literal: &str, line: usize) {
        let segments: Vec<String> = literal.trim_matches('"').split("::").map(str::to_owned).collect();
        let begins = segments.first().is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str()));
        if begins && segments.iter().all(|segment| segment.chars().all(|letter| letter.is_alphanumeric() || letter == '_')) {
            self.add_path(&mut segments.clone(), line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !only_in_tests(of_item(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !only_in_tests(of_impl_item(item)) {
            visit::visit_impl_item(self, item);
        }
    }

    /// A module inside is a module of its own.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    /// `pub(in crate::room)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for (path, _, line) in leaves(item) {
            self.add(&path, line);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [first, _, ..] = &path.segments.iter().collect::<Vec<_>>()[..]
            && path.leading_colon.is_none()
        {
            self.add(&segments, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        visit::visit_path(self, &item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }
}

/// Collects the names that `use` items bring in.
struct Names<'a, 'b>(&'a mut Reader<'b>);

impl<'ast> Visit<'ast> for Names<'_, '_> {
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for (path, name, _) in leaves(item) {
            if let (Some(name), Some(path)) = (name, self.0.absolute(&path)) {
                self.0.names.insert(name, path);
            }
        }
    }
}

/// Path, name in scope and line of everything that a `use` item brings in.
type Leaf = (Vec<String>, Option<String>, usize);

fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    if item.leading_colon.is_none() {
        branches(&item.tree, &mut Vec::new(), &mut found);
    }
    found
}

fn branches(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<Leaf>) {
    let (ident, name) = match tree {
        UseTree::Path(branch) => {
            path.push(branch.ident.to_string());
            branches(&branch.tree, path, found);
            path.pop();
            return;
        }
        UseTree::Group(group) => return group.items.iter().for_each(|tree| branches(tree, path, found)),
        UseTree::Glob(glob) => return found.push((path.clone(), None, glob.star_token.spans[0].start().line)),
        UseTree::Name(leaf) => (&leaf.ident, leaf.ident.to_string()),
        UseTree::Rename(leaf) => (&leaf.ident, leaf.rename.to_string()),
    };
    let line = ident.span().start().line;
    // `use room::{self}` names the room itself.
    if ident == "self" && !path.is_empty() {
        let name = path.last().filter(|_| name == "self").cloned().unwrap_or(name);
        found.push((path.clone(), Some(name), line));
    } else {
        let full = path.iter().cloned().chain([ident.to_string()]).collect();
        found.push((full, Some(name), line));
    }
}
