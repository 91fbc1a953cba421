//! The texts of a Rust file: doc comments, comments, and string literals outside tests.

use std::str::FromStr;

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};

use crate::attributes::names_test;

/// A text of a Rust file.
#[derive(Debug, PartialEq, Eq)]
pub enum RustText {
    /// Lines of one doc comment or of one comment, each with its number.
    Comment(Vec<(usize, String)>),
    /// A string literal outside tests, with the line on which it begins.
    Literal(usize, String),
}

/// All texts of a file, in order.
///
/// # Errors
/// The file is not Rust.
pub fn of_file(path: &str, text: &str) -> Result<Vec<RustText>> {
    let tokens = TokenStream::from_str(text).ok().with_context(|| format!("{path} has no tokens of Rust; compile it first"))?;
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut reader = Reader { text, starts, end: 0, kind: CommentKind::Doc, found: Vec::new() };
    reader.tokens(tokens, false);
    reader.gap(text.len());
    Ok(reader.found)
}

/// Lines of one kind that follow each other are one comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommentKind {
    Doc,
    /// On lines of its own.
    Whole,
    /// Behind code.
    Trailing,
}

struct Reader<'a> {
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
    /// The end of the last token: a comment is text between two tokens.
    end: usize,
    /// Kind of the comment that was read last.
    kind: CommentKind,
    found: Vec<RustText>,
}

impl Reader<'_> {
    /// Reads tokens; `in_tests` says whether they exist in tests only.
    fn tokens(&mut self, tokens: TokenStream, mut in_tests: bool) {
        // From an attribute that is for tests to the end of the item that follows.
        let mut item_in_tests = false;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let span = token.span().byte_range();
            self.gap(span.start);
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    let inner = matches!(tokens.peek(), Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
                    if inner {
                        tokens.next();
                    }
                    if let Some(TokenTree::Group(group)) = tokens.next_if(|next| matches!(next, TokenTree::Group(_))) {
                        let for_tests = self.attribute(&group, in_tests);
                        in_tests |= inner && for_tests;
                        item_in_tests |= for_tests;
                    }
                }
                TokenTree::Group(group) => {
                    self.group(&group, in_tests || item_in_tests);
                    item_in_tests &= group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Literal(literal) => {
                    if !in_tests && !item_in_tests {
                        self.literal(&literal);
                    }
                    self.end = span.end;
                }
                TokenTree::Punct(mark) => {
                    item_in_tests &= mark.as_char() != ';';
                    self.end = span.end;
                }
                TokenTree::Ident(_) => self.end = span.end,
            }
        }
    }

    fn group(&mut self, group: &Group, in_tests: bool) {
        self.end = self.end.max(group.span_open().byte_range().end);
        self.tokens(group.stream(), in_tests);
        self.gap(group.span_close().byte_range().start);
        self.end = group.span().byte_range().end;
    }

    /// Reads an attribute and returns whether its item exists in tests only.
    fn attribute(&mut self, group: &Group, in_tests: bool) -> bool {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let for_tests = match &tokens[..] {
            [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Literal(text)] if name == "doc" => {
                self.doc(text);
                self.end = group.span().byte_range().end;
                return false;
            }
            [TokenTree::Ident(name)] => name == "test",
            [TokenTree::Ident(name), TokenTree::Group(condition)] => name == "cfg" && names_test(&condition.stream()),
            _ => false,
        };
        self.group(group, in_tests);
        for_tests
    }

    fn doc(&mut self, text: &Literal) {
        let line = text.span().start().line;
        for (index, part) in value(text).unwrap_or_default().split('\n').enumerate() {
            self.comment(CommentKind::Doc, line + index, part);
        }
    }

    fn literal(&mut self, literal: &Literal) {
        if let Some(text) = value(literal) {
            self.found.push(RustText::Literal(literal.span().start().line, text));
        }
    }

    /// Reads the comments between the last token and the next one, which begins at `to`.
    fn gap(&mut self, to: usize) {
        let from = self.end;
        if to <= from {
            return;
        }
        self.end = to;
        let gap = &self.text[from..to];
        if !gap.contains("//") && !gap.contains("/*") {
            return;
        }
        let line = self.starts.partition_point(|start| *start <= from);
        let behind_code = !self.text[self.starts[line - 1]..from].trim().is_empty();
        for (number, row) in (line..).zip(gap.split('\n')) {
            let kind = if number == line && behind_code { CommentKind::Trailing } else { CommentKind::Whole };
            let text = row.trim().trim_start_matches(['/', '*']).trim_end_matches(['/', '*']);
            if !row.trim().is_empty() {
                self.comment(kind, number, text);
            }
        }
    }

    /// Adds a line to the comment that ends on the line before, or opens a comment.
    fn comment(&mut self, kind: CommentKind, line: usize, text: &str) {
        let same = kind == self.kind;
        self.kind = kind;
        match self.found.last_mut() {
            Some(RustText::Comment(lines)) if same && lines.last().is_some_and(|(last, _)| last + 1 == line) => {
                lines.push((line, text.to_owned()))
            }
            _ => self.found.push(RustText::Comment(vec![(line, text.to_owned())])),
        }
    }
}

/// The value of a string literal.
fn value(literal: &Literal) -> Option<String> {
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{RustText, of_file};

    fn comment(lines: &[(usize, &str)]) -> RustText {
        RustText::Comment(lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect())
    }

    #[test]
    fn docs_comments_and_literals_are_found_with_their_lines() {
        let file = "//! One\n//! page.\n\n/// Doc.\nfn f() { // behind \"it\"\n    // two\n    // lines\n    g(\"a // b\");\n}\n#[error(\"it failed\")]\nstruct E;\n/* é */\n";
        let expected = [
            comment(&[(1, " One"), (2, " page.")]),
            comment(&[(4, " Doc.")]),
            comment(&[(5, " behind \"it\"")]),
            comment(&[(6, " two"), (7, " lines")]),
            RustText::Literal(8, "a // b".to_owned()),
            RustText::Literal(10, "it failed".to_owned()),
            comment(&[(12, " é ")]),
        ];
        assert_eq!(of_file("a.rs", file).expect("tokens"), expected);
    }

    #[test]
    fn literals_of_tests_are_data_and_their_docs_are_prose() {
        let file = "#[cfg(test)]\nmod tests {\n    /// Doc.\n    fn f() { g(\"data\") }\n}\n#[test]\nfn t() { g(\"data\") }\n#[cfg(not(test))]\nfn u() { g(\"text\") }\n";
        assert_eq!(of_file("a.rs", file).expect("tokens"), [comment(&[(3, " Doc.")]), RustText::Literal(9, "text".to_owned())]);
    }
}
