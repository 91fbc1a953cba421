//! JSON text: one object, a list, or objects one a line, each a native event or a FHIR R4 resource or Bundle.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use scorecard::record::item::Item;
use serde_json::value::RawValue;

use crate::fault::{Fault, RejectReason};
use crate::formats::cloud_event::{CloudEvent, NOTIFICATION};
use crate::formats::elements::{Element, each_element};
use crate::formats::fhir::element;
use crate::formats::fhir::resources::Head;
use crate::formats::input_format::{InputFormat, RecordFormat};
use crate::formats::item_sink::{ItemSink, excerpt_text};
use crate::formats::native;
use crate::json::native_event::NativeEvent;
use crate::json::object::{Node, Scalar};
use crate::json::reader::{SyntaxError, read};

/// Text that begins with an object or a list.
pub(crate) enum JsonText {}

impl InputFormat for JsonText {
    const EXAMPLES: &'static [&'static [u8]] = &[
        b"{\"feed\":\"a\"}",
        b"\xEF\xBB\xBF \n[{\"feed\":\"a\"}]",
        b"{\"resourceType\": \"Encounter\"}",
        b"{\"id\":\"b\",\"resourceType\" : \"Bundle\",\"entry\":[]}",
        b"{\"feed\":\"a\"}\n{\"resourceType\": \"Encounter\"}",
        b"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/a\",\"id\":\"7\",\"data\":{\"feed\":\"a\"}}",
    ];

    #[inline]
    fn recognises(record: &[u8]) -> bool {
        matches!(trimmed(record), [b'{' | b'[', ..])
    }

    fn family(record: &[u8]) -> RecordFormat {
        let value = mentions_resource_type(record).is_some_and(|end| record[end..].trim_ascii_start().starts_with(b":"));
        if value { RecordFormat::Fhir } else { RecordFormat::Json }
    }

    #[inline]
    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        decode_bytes(items, trimmed(record));
    }
}

/// Any other bytes: they are read as JSON text, so that each line becomes a reject of its own.
pub(crate) enum UnknownText {}

impl InputFormat for UnknownText {
    const EXAMPLES: &'static [&'static [u8]] = &[b"no JSON", b"null", b"\x01\x02"];

    fn recognises(_: &[u8]) -> bool {
        true
    }

    fn family(_: &[u8]) -> RecordFormat {
        RecordFormat::Unknown
    }

    fn decode(record: &[u8], items: &mut ItemSink<'_>) {
        JsonText::decode(record, items);
    }
}

/// A record without a byte order mark and white space at its start.
pub(crate) fn trimmed(record: &[u8]) -> &[u8] {
    record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record).trim_ascii_start()
}

fn decode_bytes(items: &mut ItemSink<'_>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => decode_text(items, text),
        Err(_) => decode_lines(items, bytes),
    }
}

fn decode_text<'a>(items: &mut ItemSink<'_>, text: &'a str) {
    // Testing whether a line is one whole value parses it. The result is kept for the element that follows.
    let parsed = RefCell::new(None);
    let mut whole = |line: &'a str| {
        if line.starts_with('[') {
            return false;
        }
        parsed.replace(JsonElement::read(line).ok());
        parsed.borrow().is_some()
    };
    let _ = each_element(text, &mut whole, &mut |element| {
        decode_element(items, &element, parsed.take());
        if items.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
}

/// A record with bytes that are not UTF-8: each line is decoded alone, except where one value covers several lines.
fn decode_lines(items: &mut ItemSink<'_>, bytes: &[u8]) {
    let mut lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).peekable();
    let over_lines = lines.peek().is_some_and(|first| matches!(first.last(), Some(b'{' | b'[' | b',')));
    if over_lines {
        return not_utf8(items, bytes);
    }
    while let Some(line) = lines.next().filter(|_| !items.is_full()) {
        if lines.peek().is_some() {
            items.expect_several();
        }
        match std::str::from_utf8(line) {
            Ok(line) => decode_text(items, line),
            Err(_) => not_utf8(items, line),
        }
    }
}

fn not_utf8(items: &mut ItemSink<'_>, bytes: &[u8]) {
    let detail = "the bytes are not UTF-8 throughout; send UTF-8";
    let index = items.index(!items.holds_several());
    items.reject(&excerpt_text(bytes), index, None, Fault::new(RejectReason::NotUtf8, "", detail));
}

fn decode_element(items: &mut ItemSink<'_>, element: &Element<'_>, parsed: Option<JsonElement<'_>>) {
    let index = items.index(element.only);
    if let Some(fault) = &element.fault {
        return items.reject(element.text, index, None, fault.clone());
    }
    let found = match parsed {
        Some(parsed) => Ok(parsed),
        None => JsonElement::read(element.text),
    };
    match found {
        Ok(JsonElement::Fhir(head)) => element::decode(items, element.text, index, &head),
        Ok(JsonElement::Native(Node::Object(event))) => match (event.unknown > 0).then(|| CloudEvent::of(element.text)).flatten()
        {
            Some(envelope) => decode_cloud_event(items, element.text, index, &envelope),
            None => native::decode(items, element.text, index, &event),
        },
        Ok(JsonElement::Native(Node::Missing)) => not_an_object(items, element.text, index, "null"),
        Ok(JsonElement::Native(Node::Other(found))) => not_an_object(items, element.text, index, found),
        Err(broken) => items.reject(element.text, index, None, broken.fault(element.text)),
    }
}

/// Lends the event inside of a CloudEvent. An envelope without data is a notification, which holds nothing to store.
fn decode_cloud_event(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, envelope: &CloudEvent<'_>) {
    if envelope.is_binary() {
        let cure = "the CloudEvent holds data_base64; send the event as JSON in data";
        return items.reject(text, index, None, Fault::new(RejectReason::WrongFormat, "data_base64", cure));
    }
    let Some(data) = envelope.data.map(RawValue::get) else {
        return items.lend(Item::Skipped(NOTIFICATION.to_owned()));
    };
    match JsonElement::read(data) {
        Ok(JsonElement::Fhir(head)) => element::decode(items, data, index, &head),
        Ok(JsonElement::Native(Node::Object(mut event))) => {
            if event.id == Scalar::Missing {
                event.id = Scalar::Text(envelope.identity().into());
            }
            native::decode(items, data, index, &event);
        }
        Ok(JsonElement::Native(Node::Missing)) => items.lend(Item::Skipped(NOTIFICATION.to_owned())),
        Ok(JsonElement::Native(Node::Other(found))) => {
            let detail = format!("data is {found}; send one event as an object");
            items.reject(text, index, None, Fault::new(RejectReason::NotAnObject, "data", detail));
        }
        Err(broken) => items.reject(text, index, None, broken.fault(data)),
    }
}

fn not_an_object(items: &mut ItemSink<'_>, text: &str, index: Option<u32>, found: &str) {
    let detail = format!("the element is {found}; send an object");
    items.reject(text, index, None, Fault::new(RejectReason::NotAnObject, "", detail));
}

/// One element of JSON text.
enum JsonElement<'a> {
    Fhir(Box<Head<'a>>),
    Native(Node<Box<NativeEvent<'a>>>),
}

impl<'a> JsonElement<'a> {
    fn read(text: &'a str) -> Result<JsonElement<'a>, SyntaxError> {
        // Only FHIR resources have the field `resourceType`, and nearly all senders write it first.
        if !begins_with_resource_type(text.as_bytes()) {
            match read(text)? {
                Node::<Box<NativeEvent<'_>>>::Object(event)
                    if event.unknown > 0 && mentions_resource_type(text.as_bytes()).is_some() => {}
                native => return Ok(JsonElement::Native(native)),
            }
        }
        match read(text)? {
            Node::<Box<Head<'_>>>::Object(head) if head.resource_type != Scalar::Missing => Ok(JsonElement::Fhir(head)),
            // The word is in a value or in an inner object.
            _ => read(text).map(JsonElement::Native),
        }
    }
}

/// The name of the field that only FHIR has, as JSON writes it.
const RESOURCE_TYPE: &[u8] = b"\"resourceType\"";

/// The end of the first `"resourceType"` in a text; a text without it is not FHIR.
fn mentions_resource_type(text: &[u8]) -> Option<usize> {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(RESOURCE_TYPE));
    NAME.find(text).map(|at| at + RESOURCE_TYPE.len())
}

/// Whether the first field of an object is `"resourceType"`.
fn begins_with_resource_type(text: &[u8]) -> bool {
    text.strip_prefix(b"{").is_some_and(|fields| fields.trim_ascii_start().starts_with(RESOURCE_TYPE))
}
