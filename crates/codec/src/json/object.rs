//! JSON objects, read leniently and in one pass. A field may have a value of any type, so that a fault can name the field.
//!
//! Text is borrowed from the input. Unknown fields are counted. When a field occurs twice, the last value counts.

use std::borrow::Cow;

use crate::fault::{Fault, Field};
use crate::json::reader::{JsonReader, LIST, NUMBER, OBJECT, Read, SyntaxError, TEXT, TRUTH};

/// The value of a text field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// The field is absent or null.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// A value of another type, in words.
    Other(&'static str),
}

/// The value of a field for a number or a truth value, as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raw<'a>(Option<Cow<'a, str>>);

/// The value of an object field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Node<T> {
    /// The field is absent or null.
    #[default]
    Missing,
    Object(T),
    /// A value of another type, in words.
    Other(&'static str),
}

/// The value of a list field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum List<T> {
    /// The field is absent or null.
    #[default]
    Missing,
    Items(Vec<T>),
    /// A value of another type, in words.
    Other(&'static str),
}

/// Two texts that belong together: a question and its answer, a system and its code.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// An object with the sender's own field names, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Cow<'a, str>, Scalar<'a>)>);

/// An object of known fields.
pub(crate) trait Object<'a>: Default {
    /// Reads the fields and the end of the object that the reader has entered.
    fn fields(&mut self, json: &mut JsonReader<'a>) -> Result<(), SyntaxError>;
}

impl<'a> Read<'a> for Scalar<'a> {
    #[inline]
    fn read(json: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        match json.peek() {
            Some(b'"') => json.text().map(Scalar::Text),
            _ => Ok(json.other()?.map_or(Scalar::Missing, Scalar::Other)),
        }
    }
}

impl<'a> Read<'a> for Raw<'a> {
    #[inline]
    fn read(json: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let written = json.written()?;
        Ok(Raw((written != "null").then_some(Cow::Borrowed(written))))
    }
}

/// Large objects are boxed, because they are moved.
impl<'a, T: Object<'a>> Object<'a> for Box<T> {
    fn fields(&mut self, json: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        T::fields(self, json)
    }
}

impl<'a, T: Object<'a>> Read<'a> for Node<T> {
    fn read(json: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        let mut node = Node::Missing;
        node.read_into(json)?;
        Ok(node)
    }

    fn read_into(&mut self, json: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        if json.peek() == Some(b'{') {
            json.enter()?;
            return self.begun().fields(json);
        }
        *self = json.other()?.map_or(Node::Missing, Node::Other);
        Ok(())
    }
}

impl<'a, T: Read<'a>> Read<'a> for List<T> {
    fn read(json: &mut JsonReader<'a>) -> Result<Self, SyntaxError> {
        match json.peek() {
            Some(b'[') => {
                json.enter()?;
                let mut items = Vec::new();
                while json.element(items.is_empty())? {
                    items.push(T::read(json)?);
                }
                Ok(List::Items(items))
            }
            _ => Ok(json.other()?.map_or(List::Missing, List::Other)),
        }
    }
}

impl<'a> Object<'a> for Pairs<'a> {
    fn fields(&mut self, json: &mut JsonReader<'a>) -> Result<(), SyntaxError> {
        while let Some(name) = json.field(self.0.is_empty())? {
            self.0.push((name, Scalar::read(json)?));
        }
        Ok(())
    }
}

impl<'a> Raw<'a> {
    /// The value as JSON.
    pub(crate) fn written(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The value as JSON, borrowed from the input.
    pub(crate) fn lent(&self) -> Option<&'a str> {
        match self.0 {
            Some(Cow::Borrowed(written)) => Some(written),
            _ => None,
        }
    }

    /// A number or a truth value as JSON writes it.
    pub(crate) fn of(written: impl Into<Cow<'a, str>>) -> Raw<'a> {
        Raw(Some(written.into()))
    }
}

impl<T: Default> Node<T> {
    /// Replaces the value by an object without fields.
    fn begun(&mut self) -> &mut T {
        *self = Node::Object(T::default());
        match self {
            Node::Object(object) => object,
            Node::Missing | Node::Other(_) => unreachable!("it was put there just now"),
        }
    }
}

impl<T> Node<T> {
    /// The object, if there is one; a value of another type is a fault.
    pub(crate) fn object(&self, field: Field) -> Result<Option<&T>, Fault> {
        match self {
            Node::Missing => Ok(None),
            Node::Object(object) => Ok(Some(object)),
            Node::Other(found) => Err(Fault::wrong_type(field, found, OBJECT)),
        }
    }
}

impl<T> List<T> {
    /// The elements; a value other than a list is a fault.
    pub(crate) fn items(&self, field: Field) -> Result<&[T], Fault> {
        match self {
            List::Missing => Ok(&[]),
            List::Items(items) => Ok(items),
            List::Other(found) => Err(Fault::wrong_type(field, found, LIST)),
        }
    }
}

impl<T> List<Node<T>> {
    /// The objects of a list; a value other than a list of objects is a fault.
    pub(crate) fn objects(&self, field: Field) -> Result<Vec<&T>, Fault> {
        self.items(field)?.iter().filter_map(|node| node.object(field).transpose()).collect()
    }
}

/// The name of a value's JSON type, by its first byte.
pub(crate) fn type_of(written: &str) -> &'static str {
    match written.as_bytes().first() {
        Some(b'"') => TEXT,
        Some(b'{') => OBJECT,
        Some(b'[') => LIST,
        Some(b't' | b'f') => TRUTH,
        Some(b'n') => "null",
        _ => NUMBER,
    }
}

/// Declares an object: `field = "name": type`. Its `unknown` counts all other fields.
macro_rules! object {
    ($(#[$meta:meta])* $name:ident<$life:lifetime> { $($field:ident = $key:literal: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $name<$life> {
            $(pub(crate) $field: $type,)*
            pub(crate) unknown: u64,
            lent: std::marker::PhantomData<&$life ()>,
        }

        impl<$life> $crate::json::object::Object<$life> for $name<$life> {
            fn fields(
                &mut self,
                json: &mut $crate::json::reader::JsonReader<$life>,
            ) -> Result<(), $crate::json::reader::SyntaxError> {
                let mut first = true;
                loop {
                    // Most senders write one order of fields, so the next name is tried first.
                    $(if json.named(first, concat!("\"", $key, "\":")) {
                        first = false;
                        $crate::json::reader::Read::read_into(&mut self.$field, json)?;
                    })*
                    let Some(name) = json.field(first)? else { return Ok(()) };
                    first = false;
                    match &*name {
                        $($key => $crate::json::reader::Read::read_into(&mut self.$field, json)?,)*
                        _ => {
                            json.skip()?;
                            self.unknown += 1;
                        }
                    }
                }
            }
        }
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    object!(Thing<'a> { name = "name": Scalar<'a>, size = "size": Raw<'a>, part = "part": Node<Box<Thing<'a>>>, tags = "tags": List<Scalar<'a>> });

    fn thing(json: &str) -> Thing<'_> {
        match crate::json::reader::read(json).unwrap() {
            Node::Object(thing) => thing,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_field_may_have_a_value_of_any_type() {
        for (value, name) in [("1", NUMBER), ("-1.5", NUMBER), ("true", TRUTH), ("[1,[2]]", LIST), (r#"{"a":{}}"#, OBJECT)] {
            let json = format!(r#"{{"name":{value},"size":{value}}}"#);
            let thing = thing(&json);
            assert_eq!(thing.name, Scalar::Other(name));
            assert_eq!(thing.size.written(), Some(value));
            assert_eq!(type_of(value), name);
        }
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        assert_eq!(thing(r#"{"name":null,"size":null,"part":null,"tags":null}"#), Thing::default());
    }

    #[test]
    fn of_two_fields_with_one_name_the_last_wins_and_unknown_ones_are_counted() {
        let thing = thing(r#"{"name":"a","x":1,"name":"b","y":{"name":"c"}}"#);
        assert_eq!(thing.name, Scalar::Text("b".into()));
        assert_eq!(thing.unknown, 2);
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(thing(r#"{"name":"plain"}"#).name, Scalar::Text(Cow::Borrowed("plain"))));
        assert!(matches!(thing(r#"{"n\u0061me":"t\u0061b"}"#).name, Scalar::Text(Cow::Owned(text)) if text == "tab"));
    }
}
