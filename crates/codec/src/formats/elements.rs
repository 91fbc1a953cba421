//! The elements of a record's text: one object, a list, objects one a line or one after the other.
//!
//! Nothing is lost: broken text is an element too, and reading continues after it.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{Deserializer as _, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::json::reader::SyntaxError;

/// One element of a record.
#[derive(Clone, Debug)]
pub(crate) struct Element<'a> {
    /// Its text; for a broken element the text that was skipped.
    pub(crate) text: &'a str,
    /// The reason why it cannot be read, if any.
    pub(crate) fault: Option<Fault>,
    /// Whether the record holds nothing else.
    pub(crate) only: bool,
}

/// After this many broken elements that crossed the end of their line, each line is read alone. Otherwise a crafted record would
/// be read to its end again and again.
const PATIENCE: u32 = 16;

/// Receives the elements of a text, and says after each one whether to go on.
pub(crate) type EachElement<'e, 'a> = &'e mut dyn FnMut(Element<'a>) -> ControlFlow<()>;

/// Lends each element of a text in turn, until `each` breaks. `whole` tests whether a text is one whole JSON value other than a list; it
/// may keep the parsed value for the element that is lent next.
pub(crate) fn each_element<'a>(
    text: &'a str,
    whole: &mut dyn FnMut(&'a str) -> bool,
    each: EachElement<'_, 'a>,
) -> ControlFlow<()> {
    let mut walk = Walk { text, at: 0, line_end: 0, broken: 0, found: 0 };
    // Most records are one value, often written over several lines.
    if walk.skip_blanks() && whole(walk.rest().trim_ascii_end()) {
        return walk.lend(walk.rest().len(), None, each);
    }
    while walk.skip_blanks() {
        let line = walk.line();
        if whole(line) {
            walk.lend(line.len(), None, each)?;
        } else if walk.rest().starts_with('[') {
            walk.list(each)?;
        } else {
            walk.value(each)?;
        }
    }
    ControlFlow::Continue(())
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// End of the line that holds `at`.
    line_end: usize,
    broken: u32,
    found: u32,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Advances to the next element and returns whether there is one.
    fn skip_blanks(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.at < self.text.len()
    }

    /// The rest of the line, without blanks at its end.
    fn line(&mut self) -> &'a str {
        if self.line_end <= self.at {
            let rest = self.rest();
            self.line_end = self.at + memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        }
        self.text[self.at..self.line_end].trim_ascii_end()
    }

    /// Lends the next `length` bytes as one element.
    fn lend(&mut self, length: usize, fault: Option<Fault>, each: EachElement<'_, 'a>) -> ControlFlow<()> {
        let (text, rest) = self.rest().split_at(length);
        self.at += length;
        let only = self.found == 0 && rest.trim_ascii_start().is_empty();
        self.found += 1;
        each(Element { text: text.trim_ascii_end(), fault, only })
    }

    /// A value that runs over several lines, or shares one.
    fn value(&mut self, each: EachElement<'_, 'a>) -> ControlFlow<()> {
        if self.broken >= PATIENCE {
            let line = self.line();
            let fault = serde_json::from_str::<&RawValue>(line).err().map(|e| SyntaxError::found(line, &e).fault(line));
            return self.lend(line.len(), fault, each);
        }
        let rest = self.rest();
        let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(_)) => {
                let length = values.byte_offset();
                self.lend(length, None, each)
            }
            Some(Err(e)) => {
                self.broken += 1;
                let length = self.broken_length();
                self.lend(length, Some(SyntaxError::found(rest, &e).fault(rest)), each)
            }
            None => {
                self.at = self.text.len();
                ControlFlow::Continue(())
            }
        }
    }

    /// The length of a broken value: to the end of its line. A value over several lines ends before the next line that begins with
    /// a value.
    fn broken_length(&mut self) -> usize {
        let line = self.line();
        let mut length = self.line_end - self.at;
        if line.ends_with(['{', '[', ',']) {
            let rest = self.rest();
            let next = memchr::memchr_iter(b'\n', rest.as_bytes()).find(|at| rest[at + 1..].starts_with(['{', '[']));
            length = next.unwrap_or(rest.len());
        }
        length
    }

    /// The elements of a list. After a syntax error the rest of that line is one broken element.
    fn list(&mut self, each: EachElement<'_, 'a>) -> ControlFlow<()> {
        let rest = self.rest();
        let mut elements = ListElements { found: &mut self.found, each, next: ControlFlow::Continue(()) };
        let mut json = Deserializer::from_str(rest);
        let read = json.deserialize_seq(&mut elements);
        elements.next?;
        let Err(e) = read else {
            // The list was whole: a second pass finds its end.
            let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
            values.next();
            self.at += values.byte_offset();
            return ControlFlow::Continue(());
        };
        self.broken += 1;
        let broken_at = SyntaxError::found(rest, &e);
        let reached = match broken_at {
            SyntaxError::End => rest.len(),
            SyntaxError::Behind(bytes) => bytes,
        };
        let length = memchr::memchr(b'\n', &rest.as_bytes()[reached..]).map_or(rest.len(), |more| reached + more);
        let broken = &rest[reached_back(rest, reached)..length];
        self.at += length;
        self.found += 1;
        each(Element { text: broken, fault: Some(broken_at.fault(rest)), only: false })
    }
}

/// An offset up to 100 bytes before another, at the start of a character: enough to show the shape of broken text.
fn reached_back(text: &str, reached: usize) -> usize {
    text.floor_char_boundary(reached.saturating_sub(100))
}

/// Lends the elements of a list as they are parsed.
struct ListElements<'e, 'a> {
    found: &'e mut u32,
    each: EachElement<'e, 'a>,
    /// Whether the receiver wants more.
    next: ControlFlow<()>,
}

impl<'de> Visitor<'de> for &mut ListElements<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&RawValue>()? {
            *self.found += 1;
            self.next = (self.each)(Element { text: value.get(), fault: None, only: false });
            if self.next.is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> bool {
        text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
    }

    fn found(text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        let go_on = each_element(text, &mut whole, &mut |e| {
            found.push((e.text.to_owned(), e.fault.is_none()));
            ControlFlow::Continue(())
        });
        assert_eq!(go_on, ControlFlow::Continue(()));
        found
    }

    fn texts(text: &str, expected: &[(&str, bool)]) {
        let expected: Vec<_> = expected.iter().map(|(t, good)| ((*t).to_owned(), *good)).collect();
        assert_eq!(found(text), expected, "{text}");
    }

    #[test]
    fn one_object_a_list_and_lines_are_split() {
        texts(r#"{"a":1}"#, &[(r#"{"a":1}"#, true)]);
        texts(r#"[{"a":1}, 2,[3]]"#, &[(r#"{"a":1}"#, true), ("2", true), ("[3]", true)]);
        texts("{\"a\":1}\n\n{\"b\":2}\r\n", &[(r#"{"a":1}"#, true), (r#"{"b":2}"#, true)]);
        texts("{\n \"a\": 1\n}\n{\n \"b\": 2\n}", &[("{\n \"a\": 1\n}", true), ("{\n \"b\": 2\n}", true)]);
        texts(r#"{"a":1}{"b":2}"#, &[(r#"{"a":1}"#, true), (r#"{"b":2}"#, true)]);
        texts("[]", &[]);
    }

    #[test]
    fn a_broken_line_costs_no_other_line() {
        texts("{\"a\":1}\n{\"b\":\n{\"c\":3}", &[(r#"{"a":1}"#, true), (r#"{"b":"#, false), (r#"{"c":3}"#, true)]);
        texts("{\"a\":1}\nnot json\n{\"c\":3}", &[(r#"{"a":1}"#, true), ("not json", false), (r#"{"c":3}"#, true)]);
        texts("{\"a\":1}}\n{\"c\":3}", &[(r#"{"a":1}"#, true), ("}", false), (r#"{"c":3}"#, true)]);
    }

    #[test]
    fn an_object_over_several_lines_breaks_as_one() {
        let broken = "{\n \"a\": 1,\n \"b\"\n}";
        texts(&format!("{broken}\n{{\"c\":3}}"), &[(broken, false), (r#"{"c":3}"#, true)]);
    }

    #[test]
    fn a_list_breaks_after_its_good_elements() {
        assert_eq!(
            found("[{\"a\":1},{\"b\":}]\n{\"c\":3}"),
            [(r#"{"a":1}"#.to_owned(), true), ("[{\"a\":1},{\"b\":}]".to_owned(), false), (r#"{"c":3}"#.to_owned(), true)]
        );
        assert_eq!(found("[{\"a\":1},{\"b\"").iter().map(|(_, good)| *good).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn nested_lists_without_end_are_read_in_linear_time() {
        let text = "{\"a\":\n".repeat(50_000);
        assert_eq!(found(&text).len(), 50_000);
    }

    #[test]
    fn many_objects_on_one_line_are_read_in_linear_time() {
        assert_eq!(found(&"{} ".repeat(100_000)).len(), 100_000);
        assert_eq!(found(&"{} x ".repeat(100_000)).iter().filter(|(_, good)| *good).count(), 1);
    }

    #[test]
    fn the_only_element_is_marked() {
        let mut only = Vec::new();
        for text in ["{\"a\":1}\n", "{\"a\":1}\n{\"b\":1}"] {
            let _ = each_element(text, &mut whole, &mut |e| {
                only.push(e.only);
                ControlFlow::Continue(())
            });
        }
        assert_eq!(only, [true, false, false]);
    }

    #[test]
    fn reading_stops_where_the_receiver_breaks() {
        for text in
            ["{} ".repeat(100), "{}\n".repeat(100), format!("[{}{{}}]", "{},".repeat(99)), "x\n".repeat(100), "{]\n".repeat(100)]
        {
            let mut found = 0;
            let end = each_element(&text, &mut whole, &mut |_| {
                found += 1;
                if found == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!((found, end), (7, ControlFlow::Break(())), "{}", &text[..6]);
        }
    }
}
