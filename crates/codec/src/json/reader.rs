//! JSON, read in one pass, value by value, without a tree.
//!
//! This reader handles plain values: objects, lists, texts without escapes, numbers without exponents. It leaves every other value to
//! serde_json, which alone decides the meaning of escapes and the position of syntax errors.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::{Fault, RejectReason};
use crate::simd::plain_text;

/// The types of values, in words.
pub(crate) const NUMBER: &str = "a number";
pub(crate) const TRUTH: &str = "true or false";
pub(crate) const TEXT: &str = "a text in quotes";
pub(crate) const LIST: &str = "a list";
pub(crate) const OBJECT: &str = "an object";

/// The deepest nesting of objects and lists, as in serde_json.
const DEPTH: u8 = 127;

/// The position of a syntax error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxError {
    /// The text ends too early.
    End,
    /// After this many bytes; the last of them is wrong.
    Behind(usize),
}

/// Reads a text.
pub(crate) struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    depth: u8,
}

/// A type that can be read from any JSON value.
pub(crate) trait Read<'a>: Sized {
    fn read(json: &mut JsonReader<'a>) -> Result<Self, SyntaxError>;

    /// Reads into an existing value, whose content is unspecified after a syntax error.
    #[inline]
    fn read_into(&mut self, json: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        *self = Self::read(json)?;
        Ok(())
    }
}

/// Reads a text that is one value.
pub(crate) fn read<'a, T: Read<'a>>(text: &'a str) -> Result<T, SyntaxError> {
    let mut json = JsonReader { text, at: 0, depth: 0 };
    let value = T::read(&mut json)?;
    match json.peek() {
        None => Ok(value),
        Some(_) => Err(json.unexpected()),
    }
}

impl SyntaxError {
    /// The fault of this text. Its message shows no content.
    pub(crate) fn fault(self, text: &str) -> Fault {
        let detail = match self {
            SyntaxError::End => "the JSON ends in the middle; send the whole record".to_owned(),
            SyntaxError::Behind(bytes) => {
                let before = &text.as_bytes()[..bytes];
                let line = 1 + memchr::memchr_iter(b'\n', before).count();
                let column = bytes - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
                format!("no JSON from line {line} column {column} on; send JSON, one object a line or a list")
            }
        };
        Fault::new(RejectReason::NotJson, "", detail)
    }

    /// The position that serde_json reports for this text.
    pub(crate) fn found(text: &str, e: &serde_json::Error) -> SyntaxError {
        if e.is_eof() { SyntaxError::End } else { SyntaxError::Behind(byte_of(text, e.line(), e.column())) }
    }
}

/// The offset of a line and a column, both counted from 1.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        _ => memchr::memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(text.len(), |at| at + 1),
    };
    (start + column).min(text.len())
}

impl<'a> JsonReader<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// The next byte that is not blank, without consuming it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// The syntax error at the next byte.
    #[cold]
    pub(crate) fn unexpected(&self) -> SyntaxError {
        if self.at < self.text.len() { SyntaxError::Behind(self.at + 1) } else { SyntaxError::End }
    }

    /// Enters the object or list that begins here.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), SyntaxError> {
        if self.depth == DEPTH {
            return Err(self.unexpected());
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Leaves the object or list after its last byte.
    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// The name of the next field; its value follows. `None` at the end of the object, which is consumed.
    #[inline]
    pub(crate) fn field(&mut self, first: bool) -> Result<Option<Cow<'a, str>>, SyntaxError> {
        match self.peek() {
            Some(b'}') => {
                self.leave();
                return Ok(None);
            }
            Some(b',') if !first => {
                self.at += 1;
                self.peek();
            }
            Some(b'"') if first => {}
            _ => return Err(self.unexpected()),
        }
        if self.rest().first() != Some(&b'"') {
            return Err(self.unexpected());
        }
        let name = self.text()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(Some(name))
    }

    /// Whether the next bytes are this field name in quotes and a colon. If so, they are consumed and the value follows.
    #[inline(always)]
    pub(crate) fn named(&mut self, first: bool, field: &str) -> bool {
        let (comma, rest) = match self.rest() {
            rest if first => (0, rest),
            [b',', rest @ ..] => (1, rest),
            _ => return false,
        };
        let found = rest.starts_with(field.as_bytes());
        if found {
            self.at += comma + field.len();
        }
        found
    }

    /// Whether the list has another element, which follows. The end of the list is consumed.
    pub(crate) fn element(&mut self, first: bool) -> Result<bool, SyntaxError> {
        match self.peek() {
            Some(b']') => {
                self.leave();
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                match self.peek() {
                    Some(b']') | None => Err(self.unexpected()),
                    Some(_) => Ok(true),
                }
            }
            _ => Err(self.unexpected()),
        }
    }

    /// The text that begins here, borrowed where possible.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        match self.plain_text() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.left_to_serde::<String>().map(Cow::Owned),
        }
    }

    /// The text that begins here, if it is plain.
    #[inline(always)]
    fn plain_text(&mut self) -> Option<&'a str> {
        let (begin, bytes) = (self.at + 1, self.text.as_bytes());
        let end = begin + plain_text(bytes.get(begin..)?);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(begin..end)
    }

    /// The value that begins here, as written.
    #[inline]
    pub(crate) fn written(&mut self) -> Result<&'a str, SyntaxError> {
        self.peek();
        match plain_value(self.rest()) {
            0 => self.left_to_serde::<&RawValue>().map(RawValue::get),
            length => {
                let begin = self.at;
                self.at += length;
                Ok(&self.text[begin..self.at])
            }
        }
    }

    /// Skips a value of any type.
    pub(crate) fn skip(&mut self) -> Result<(), SyntaxError> {
        self.left_to_serde::<IgnoredAny>().map(|_| ())
    }

    /// The type of the next value, in words; `None` for null.
    pub(crate) fn other(&mut self) -> Result<Option<&'static str>, SyntaxError> {
        match self.peek() {
            Some(b'[' | b'{') if self.depth == DEPTH => Err(self.unexpected()),
            _ => self.left_to_serde::<Other>().map(|other| other.0),
        }
    }

    #[cold]
    #[inline(never)]
    fn left_to_serde<T: Deserialize<'a>>(&mut self) -> Result<T, SyntaxError> {
        let rest = &self.text[self.at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        match values.next() {
            Some(Ok(value)) => {
                self.at += values.byte_offset();
                Ok(value)
            }
            Some(Err(e)) => Err(match SyntaxError::found(rest, &e) {
                SyntaxError::End => SyntaxError::End,
                SyntaxError::Behind(bytes) => SyntaxError::Behind(self.at + bytes),
            }),
            None => Err(SyntaxError::End),
        }
    }
}

/// The length of a number without an exponent, a truth value or null in bytes; zero for every other value.
#[inline]
fn plain_value(text: &[u8]) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let length = match text {
        [b'0', b'0'..=b'9', ..] => return 0,
        [b'0'..=b'9', ..] => digits(0),
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => return 4,
        [b'f', b'a', b'l', b's', b'e', ..] => return 5,
        _ => return 0,
    };
    match &text[length..] {
        [b'.', b'0'..=b'9', ..] => {
            let length = length + 1 + digits(length + 1);
            if matches!(text.get(length), Some(b'e' | b'E')) { 0 } else { length }
        }
        [b'.' | b'e' | b'E', ..] => 0,
        _ => length,
    }
}

/// A serde visitor that returns the name of a value's type.
struct Other(Option<&'static str>);

impl<'de> Deserialize<'de> for Other {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Other, D::Error> {
        /// The visitor's methods, each of which returns the name of the type.
        macro_rules! names {
            ($($method:ident($value:ty) = $name:expr),*) => {$(
                fn $method<E>(self, _: $value) -> Result<Other, E> {
                    Ok(Other(Some($name)))
                }
            )*};
        }
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Other;
            names!(
                visit_bool(bool) = TRUTH,
                visit_i64(i64) = NUMBER,
                visit_u64(u64) = NUMBER,
                visit_f64(f64) = NUMBER,
                visit_str(&str) = TEXT
            );
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<Other, E> {
                Ok(Other(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Other, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Other(Some(LIST)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Other, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Other(Some(OBJECT)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests;
