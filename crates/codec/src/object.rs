//! JSON objects read leniently and in one pass: any value may stand in any field, so that a fault can name the field. Text is lent
//! from the input, unknown fields are counted, of two fields with one name the last wins.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::{Fault, Field};

/// What stands where a text belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Scalar<'a> {
    /// Nothing, or null.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    /// Anything else, in words.
    Other(&'static str),
}

/// What stands where a number or a truth value belongs, as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raw<'a>(Option<Cow<'a, str>>);

/// What stands where an object belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Node<T> {
    /// Nothing, or null.
    #[default]
    Missing,
    Object(Box<T>),
    /// Anything else, in words.
    Other(&'static str),
}

/// What stands where a list belongs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum List<T> {
    /// Nothing, or null.
    #[default]
    Missing,
    Items(Vec<T>),
    /// Anything else, in words.
    Other(&'static str),
}

/// Two texts that belong together: a question and its answer, a system and its code.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// An object whose fields are named by the sender, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pairs<'a>(pub(crate) Vec<(Cow<'a, str>, Scalar<'a>)>);

/// An object of known fields.
pub(crate) trait Object<'de>: Sized {
    fn read<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

const NUMBER: &str = "a number";
const TRUTH: &str = "true or false";
const TEXT: &str = "a text in quotes";
const LIST: &str = "a list";
const OBJECT: &str = "an object";

fn drain_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// The methods of a visitor for which nothing but the wrong type's name is wanted.
macro_rules! name_other {
    ($($method:ident($value:ty) = $name:expr),*) => {$(
        fn $method<E>(self, _: $value) -> Result<Self::Value, E> {
            Ok(Self::Value::Other($name))
        }
    )*};
}

macro_rules! name_missing {
    () => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::Missing)
        }
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Any<'a> {
            type Value = Scalar<'a>;
            name_missing!();
            name_other!(visit_bool(bool) = TRUTH, visit_i64(i64) = NUMBER, visit_u64(u64) = NUMBER, visit_f64(f64) = NUMBER);
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                drain_list(list).map(|()| Scalar::Other(LIST))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                drain_map(map).map(|()| Scalar::Other(OBJECT))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(Raw((raw != "null").then_some(Cow::Borrowed(raw))))
    }
}

impl<'a> Raw<'a> {
    /// What stands here as JSON writes it.
    pub(crate) fn written(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The same for as long as the input lives.
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

impl<T> Node<T> {
    /// The object, if there is one; anything else that stands here is a fault.
    pub(crate) fn object(&self, field: Field) -> Result<Option<&T>, Fault> {
        match self {
            Node::Missing => Ok(None),
            Node::Object(object) => Ok(Some(object)),
            Node::Other(found) => Err(Fault::wrong_type(field, found, OBJECT)),
        }
    }
}

impl<T> List<T> {
    /// The elements; anything but a list is a fault.
    pub(crate) fn items(&self, field: Field) -> Result<&[T], Fault> {
        match self {
            List::Missing => Ok(&[]),
            List::Items(items) => Ok(items),
            List::Other(found) => Err(Fault::wrong_type(field, found, LIST)),
        }
    }
}

impl<T> List<Node<T>> {
    /// The objects of a list; anything but a list of objects is a fault.
    pub(crate) fn objects(&self, field: Field) -> Result<Vec<&T>, Fault> {
        self.items(field)?.iter().filter_map(|node| node.object(field).transpose()).collect()
    }
}

/// The name of the JSON type that begins like this.
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

impl<'de, T: Object<'de>> Deserialize<'de> for Node<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Object<'de>> Visitor<'de> for Any<T> {
            type Value = Node<T>;
            name_missing!();
            name_other!(
                visit_bool(bool) = TRUTH,
                visit_i64(i64) = NUMBER,
                visit_u64(u64) = NUMBER,
                visit_f64(f64) = NUMBER,
                visit_str(&str) = TEXT
            );
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                drain_list(list).map(|()| Node::Other(LIST))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::read(map).map(|object| Node::Object(Box::new(object)))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = List<T>;
            name_missing!();
            name_other!(
                visit_bool(bool) = TRUTH,
                visit_i64(i64) = NUMBER,
                visit_u64(u64) = NUMBER,
                visit_f64(f64) = NUMBER,
                visit_str(&str) = TEXT
            );
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(List::Items(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                drain_map(map).map(|()| List::Other(OBJECT))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de: 'a, 'a> Object<'de> for Pairs<'a> {
    fn read<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}

/// A field's name, lent where it can be.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Text<'a> {
            type Value = Name<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text(PhantomData))
    }
}

/// Declares an object: `field = "name": type`. Its `unknown` counts the fields that are none of these.
macro_rules! object {
    ($(#[$meta:meta])* $name:ident<$life:lifetime> { $($field:ident = $key:literal: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $name<$life> {
            $(pub(crate) $field: $type,)*
            pub(crate) unknown: u64,
            lent: std::marker::PhantomData<&$life ()>,
        }

        impl<'de: $life, $life> $crate::object::Object<'de> for $name<$life> {
            fn read<A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                #[allow(non_camel_case_types, reason = "named after the fields")]
                enum Key { $($field,)* Unknown }
                impl<'de> serde::de::Deserialize<'de> for Key {
                    fn deserialize<D: serde::de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Text;
                        impl serde::de::Visitor<'_> for Text {
                            type Value = Key;
                            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                                f.write_str("a field's name")
                            }
                            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                                Ok(match text { $($key => Key::$field,)* _ => Key::Unknown })
                            }
                        }
                        deserializer.deserialize_identifier(Text)
                    }
                }
                let mut object = Self::default();
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        $(Key::$field => object.$field = map.next_value()?,)*
                        Key::Unknown => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                            object.unknown += 1;
                        }
                    }
                }
                Ok(object)
            }
        }
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    object!(Thing<'a> { name = "name": Scalar<'a>, size = "size": Raw<'a>, part = "part": Node<Thing<'a>>, tags = "tags": List<Scalar<'a>> });

    fn thing(json: &str) -> Thing<'_> {
        match serde_json::from_str(json).unwrap() {
            Node::Object(thing) => *thing,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn any_value_may_stand_in_any_field() {
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
    fn text_without_escapes_is_lent() {
        assert!(matches!(thing(r#"{"name":"plain"}"#).name, Scalar::Text(Cow::Borrowed("plain"))));
        assert!(matches!(thing(r#"{"n\u0061me":"t\u0061b"}"#).name, Scalar::Text(Cow::Owned(text)) if text == "tab"));
    }
}
