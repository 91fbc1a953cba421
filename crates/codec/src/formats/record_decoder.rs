//! Raw records in, items out: the first step of the flow. Every element of a record becomes exactly one item, whatever its bytes.

use std::cell::RefCell;
use std::sync::Arc;

use scorecard::event::Event;
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::{Position, Reject};

pub use crate::fault::RejectReason;
use crate::fault::{Fault, shape};
use crate::formats::avro_file;
use crate::formats::decoder_config::Rules;
pub use crate::formats::decoder_config::{Context, DecoderConfig, QuestionnaireMap};
use crate::formats::elements::{Element, each_element};
use crate::formats::fhir::bundle::{Content, bundle};
use crate::formats::fhir::header::Beside;
use crate::formats::fhir::references::{Index, Scope};
use crate::formats::fhir::resource::{self, ResourceOutcome};
use crate::formats::fhir::resources::{Head, parse};
pub use crate::formats::format::RecordFormat;
use crate::formats::format::{begins_with_resource_type, mentions_resource_type, trimmed};
use crate::formats::native::Native;
use crate::identity::keys::Protection;
use crate::json::native_event::Sent;
use crate::json::object::{Node, Scalar};
use crate::json::reader::{SyntaxError, read};
use crate::json::text::{ID_BYTES, text};

/// What became of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOutcome {
    /// Items that were lent.
    pub items: u64,
    /// Fields of native events that nobody reads.
    pub unknown_fields: u64,
}

/// Reads the records of practice systems: native JSON, FHIR R4 and the input contract's Avro, told apart by their content.
///
/// A JSON record may hold one object, a list, or objects one a line; a byte order mark and white space around them are ignored.
/// The native form stands in [`crate::avro::contract`]; of FHIR R4, resources and Bundles of them are taken:
///
/// ```json
#[doc = include_str!("../../../../schemas/examples/bundle.json")]
/// ```
#[derive(Debug)]
pub struct RecordDecoder {
    rules: Rules,
}

impl RecordDecoder {
    /// A decoder that knows this beforehand.
    #[must_use]
    pub fn new(config: DecoderConfig) -> RecordDecoder {
        RecordDecoder { rules: Rules::new(config) }
    }

    /// What these bytes are, told by their content.
    #[must_use]
    pub fn kind_of(bytes: &[u8]) -> RecordFormat {
        RecordFormat::of(bytes)
    }

    /// Lends every element of a record as one item, in their order. What cannot be taken is lent as a reject, so nothing is lost.
    pub fn decode(&self, bytes: &[u8], context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut run = Run { rules: &self.rules, context, each, several: false, done: DecodeOutcome::default() };
        let kind = RecordFormat::of_head(bytes);
        if let Some(cure) = kind.cure() {
            let reason = if kind == RecordFormat::Empty { RejectReason::NotJson } else { RejectReason::WrongFormat };
            run.reject(&String::from_utf8_lossy(head(bytes)), None, None, Fault::new(reason, "", cure));
            return run.done;
        }
        match kind {
            RecordFormat::AvroFile => run.avro_file(bytes),
            RecordFormat::AvroSingleObject => run.avro(bytes, None, avro_file::single(bytes)),
            RecordFormat::ConfluentAvro => run.avro(bytes, None, avro_file::framed(bytes, &self.rules.contract_ids)),
            _ => run.json(trimmed(bytes)),
        }
        run.done
    }
}

impl RecordDecoder {
    /// Lends a record whole as a reject: it is of another format than its source is read in. `cure` says which, and what to do.
    pub fn refuse(&self, bytes: &[u8], cure: &str, context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut run = Run { rules: &self.rules, context, each, several: false, done: DecodeOutcome::default() };
        run.reject(&String::from_utf8_lossy(head(bytes)), None, None, Fault::new(RejectReason::WrongFormat, "", cure.to_owned()));
        run.done
    }

    /// Lends what a record without a value, a tombstone, stands for: its key names the event that is taken back, as `feed|id`, or as
    /// its id alone where the source names the feed. It ranks above what it meets.
    pub fn tombstone(&self, key: Option<&[u8]>, context: &Context<'_>, each: &mut dyn FnMut(Item<'_>)) -> DecodeOutcome {
        let mut run = Run { rules: &self.rules, context, each, several: false, done: DecodeOutcome::default() };
        match run.taken_back(key) {
            Ok((feed, event)) => run.lend(Item::Event(feed, event)),
            Err(fault) => run.reject(&String::from_utf8_lossy(head(key.unwrap_or_default())), None, None, fault),
        }
        run.done
    }
}

/// One record being decoded.
struct Run<'r> {
    rules: &'r Rules,
    context: &'r Context<'r>,
    each: &'r mut dyn FnMut(Item<'_>),
    /// Whether the record was found to hold several elements.
    several: bool,
    done: DecodeOutcome,
}

impl Run<'_> {
    fn taken_back(&self, key: Option<&[u8]>) -> Result<(Arc<Feed>, Event<'static>), Fault> {
        const CURE: &str = "send the event's id as the key, or feed|id where the topic is of no one feed";
        let key = key.ok_or_else(|| Fault::missing("key", CURE))?;
        let key =
            std::str::from_utf8(key).map_err(|_| Fault::new(RejectReason::NotUtf8, "key", "the key is not UTF-8; send UTF-8"))?;
        let (feed, id) = match (self.rules.feed_of(self.context), key.split_once('|')) {
            (Some(feed), _) => (feed, key),
            (None, Some((feed, id))) => (self.rules.feeds.named(&self.rules.pseudonyms.protect(feed.into())), id),
            (None, None) => return Err(Fault::new(RejectReason::MissingFeed, "key", format!("the key names no feed; {CURE}"))),
        };
        let id = text("key", &Scalar::Text(id.into()), ID_BYTES, &self.rules.pseudonyms)?;
        let id = id.filter(|id| !id.is_empty()).ok_or_else(|| Fault::missing("key", CURE))?;
        Ok((feed.clone(), resource::taken_back(&feed, id.into_owned().into(), self.context)))
    }

    fn json(&mut self, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(text),
            Err(_) => self.lines(bytes),
        }
    }

    fn avro_file(&mut self, bytes: &[u8]) {
        self.several = true;
        avro_file::file(bytes, &mut |datum| {
            let index = self.index(false);
            match datum {
                Ok((contract, datum)) => {
                    let unread =
                        |fault| avro_file::wrong(format!("a datum does not open: {fault}; write it with a schema of schemas/"));
                    self.avro(datum, index, contract.read(datum).map_err(unread));
                }
                Err(fault) => self.avro(bytes, index, Err(fault)),
            }
        });
    }

    fn avro(&mut self, bytes: &[u8], index: Option<u32>, sent: Result<Box<Sent<'_>>, Fault>) {
        let text = String::from_utf8_lossy(head(bytes));
        match sent {
            Ok(sent) => self.native(&text, index, &sent),
            Err(fault) => self.reject(&text, index, None, fault),
        }
    }

    fn text<'a>(&mut self, text: &'a str) {
        // What was parsed to find out whether a line is whole is kept for the element that follows.
        let parsed = RefCell::new(None);
        let mut whole = |line: &'a str| {
            if line.starts_with('[') {
                return false;
            }
            parsed.replace(ElementContent::read(line).ok());
            parsed.borrow().is_some()
        };
        each_element(text, &mut whole, &mut |element| self.element(&element, parsed.take()));
    }

    /// A record that is not UTF-8 throughout: each line for itself, unless it is one value over several lines.
    fn lines(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).peekable();
        let over_lines = lines.peek().is_some_and(|first| matches!(first.last(), Some(b'{' | b'[' | b',')));
        if over_lines {
            return self.not_utf8(bytes);
        }
        while let Some(line) = lines.next() {
            self.several |= lines.peek().is_some();
            match std::str::from_utf8(line) {
                Ok(line) => self.text(line),
                Err(_) => self.not_utf8(line),
            }
        }
    }

    fn not_utf8(&mut self, bytes: &[u8]) {
        let detail = "the bytes are not UTF-8 throughout; send UTF-8";
        let index = self.index(!self.several);
        self.reject(&String::from_utf8_lossy(head(bytes)), index, None, Fault::new(RejectReason::NotUtf8, "", detail));
    }

    /// The number of the element that comes next; none for the only one.
    fn index(&mut self, only: bool) -> Option<u32> {
        if only && !self.several && self.done.items == 0 {
            return None;
        }
        self.several = true;
        Some(self.done.items.try_into().unwrap_or(u32::MAX))
    }

    fn element(&mut self, element: &Element<'_>, parsed: Option<ElementContent<'_>>) {
        let index = self.index(element.only);
        if let Some(fault) = &element.fault {
            return self.reject(element.text, index, None, fault.clone());
        }
        let found = match parsed {
            Some(parsed) => Ok(parsed),
            None => ElementContent::read(element.text),
        };
        match found {
            Ok(ElementContent::Fhir(head)) => self.fhir(element.text, index, &head),
            Ok(ElementContent::Native(Node::Object(sent))) => self.native(element.text, index, &sent),
            Ok(ElementContent::Native(Node::Missing)) => self.not_an_object(element.text, index, "null"),
            Ok(ElementContent::Native(Node::Other(found))) => self.not_an_object(element.text, index, found),
            Err(broken) => self.reject(element.text, index, None, broken.fault(element.text)),
        }
    }

    fn not_an_object(&mut self, text: &str, index: Option<u32>, found: &str) {
        let detail = format!("the element is {found}; send an object");
        self.reject(text, index, None, Fault::new(RejectReason::NotAnObject, "", detail));
    }

    fn native(&mut self, text: &str, index: Option<u32>, sent: &Sent<'_>) {
        self.done.unknown_fields += sent.unknown_fields();
        let native = Native { rules: self.rules, context: self.context };
        let feed = match native.feed(sent) {
            Ok(feed) => feed,
            Err(fault) => return self.reject(text, index, None, fault),
        };
        match native.event(&feed, sent) {
            Ok(event) => self.lend(Item::Event(feed, event)),
            Err(fault) => self.reject(text, index, Some(&feed), fault),
        }
    }

    fn fhir(&mut self, text: &str, index: Option<u32>, head: &Head<'_>) {
        if head.resource_type != Scalar::Text("Bundle".into()) {
            let named = Index::default();
            return self.taken(text, index, |scope| resource::resource(scope, text, head, &Beside::default()), &named);
        }
        let bundle = match bundle(text) {
            Ok(bundle) => bundle,
            Err(fault) => return self.reject(text, index, None, fault),
        };
        self.several = true;
        for entry in bundle.entries {
            let index = self.index(false);
            let take = |scope: &Scope<'_, '_>| match &entry.content {
                Ok(Content::Resource { text, beside }) => {
                    let text = text.lent().expect("an entry's resource is lent from the Bundle's text");
                    resource::resource(scope, text, &*parse(text)?, beside)
                }
                Ok(Content::Delete { kind, id, beside }) => Ok(resource::delete(scope, kind, id, beside)),
                Err(fault) => Err(fault.clone()),
            };
            self.taken(&entry.text, index, take, &bundle.index);
        }
    }

    /// Lends what a resource became under the source's feed.
    fn taken<'b>(
        &mut self,
        text: &str,
        index: Option<u32>,
        take: impl FnOnce(&Scope<'_, 'b>) -> Result<ResourceOutcome, Fault>,
        named: &Index<'b>,
    ) {
        let Some(feed) = self.rules.feed_of(self.context) else {
            let cure = "the source names no feed; name the system that its FHIR resources come from";
            return self.reject(text, index, None, Fault::new(RejectReason::MissingFeed, "", cure));
        };
        let scope = Scope { rules: self.rules, context: self.context, feed: &feed, index: named };
        match take(&scope) {
            Ok(ResourceOutcome::Event(event)) => self.lend(Item::Event(feed, *event)),
            Ok(ResourceOutcome::Registry(entry)) => self.lend(Item::Registry(entry)),
            Ok(ResourceOutcome::Skipped(kind)) => self.lend(Item::Skipped(kind)),
            Err(fault) => self.reject(text, index, Some(&feed), fault),
        }
    }

    fn lend(&mut self, item: Item<'_>) {
        self.done.items += 1;
        (self.each)(item);
    }

    /// Where an element stands. A file may be named after a patient.
    fn position(&self, index: Option<u32>) -> Position {
        let Position { source, partition, offset, .. } = self.context.position.clone();
        let source = self.rules.pseudonyms.protect(source.into()).into_owned();
        Position { source, partition, offset, index }
    }

    fn reject(&mut self, text: &str, index: Option<u32>, feed: Option<&Arc<Feed>>, fault: Fault) {
        const EXCERPT: usize = 200;
        let excerpt = match self.rules.pseudonyms.protection() {
            Protection::On => shape(text, EXCERPT),
            Protection::Off => text.chars().take(EXCERPT).collect(),
        };
        self.lend(Item::Reject(Reject {
            position: self.position(index),
            feed: feed.map(|feed| feed.name.to_string()),
            reason: fault.reason.as_str().to_owned(),
            field: fault.field.into_owned(),
            detail: fault.detail,
            excerpt,
        }));
    }
}

/// What an element was found to be.
enum ElementContent<'a> {
    Fhir(Box<Head<'a>>),
    Native(Node<Box<Sent<'a>>>),
}

impl<'a> ElementContent<'a> {
    fn read(text: &'a str) -> Result<ElementContent<'a>, SyntaxError> {
        // A FHIR resource has a field that no native event has, and nearly all senders begin with it.
        if !begins_with_resource_type(text.as_bytes()) {
            match read(text)? {
                Node::<Box<Sent<'_>>>::Object(sent) if sent.unknown > 0 && mentions_resource_type(text.as_bytes()).is_some() => {}
                native => return Ok(ElementContent::Native(native)),
            }
        }
        match read(text)? {
            Node::<Box<Head<'_>>>::Object(head) if head.resource_type != Scalar::Missing => Ok(ElementContent::Fhir(head)),
            // It only mentions one.
            _ => read(text).map(ElementContent::Native),
        }
    }
}

/// As much of some bytes as an excerpt may show.
fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..800).unwrap_or(bytes)
}
