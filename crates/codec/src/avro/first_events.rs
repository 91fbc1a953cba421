//! The first layout of a batch, schema number 1. Logs of format 1 hold it, and `plumbline migrate` reads them.
//!
//! It knew BNF codes only, wrote a missing cost or average daily quantity as 0, and had a fixed category for each order.

use std::borrow::Cow;

use scorecard::event::{Batch, Codes, Detail, Encounter, Event, Feedback, IdScope, Order, Prescription};

use crate::avro::wire::{Reader, Wire, WireFault};

/// The first words of an order's category, by their numbers.
const CATEGORIES: [&str; 3] = ["plumbline|referral", "plumbline|test", "plumbline|imaging"];

/// A batch in the first layout. Its event ids are unique in the feed.
pub(super) fn read_batch<'a>(from: &mut Reader<'a>) -> Result<Batch<'a>, WireFault> {
    Ok(Batch {
        feed: Wire::read(from)?,
        practice: Wire::read(from)?,
        versioning: Wire::read(from)?,
        ids: IdScope::Feed,
        definitions: Vec::new(),
        events: from.array::<FirstEvent<'a>>()?.into_iter().map(|first| first.0).collect(),
    })
}

/// An event that was read in the first layout.
struct FirstEvent<'a>(Event<'a>);

impl<'a> Wire<'a> for FirstEvent<'a> {
    fn write(&self, _: &mut crate::avro::wire::Writer<'_>) {
        unreachable!("nothing writes the first layout");
    }

    fn read(from: &mut Reader<'a>) -> Result<Self, WireFault> {
        let mut event = Event::new(Cow::<str>::read(from)?, Detail::Order(None));
        event.version = Wire::read(from)?;
        event.action = Wire::read(from)?;
        event.day = Wire::read(from)?;
        event.occurred_at = Wire::read(from)?;
        event.recorded_at = Wire::read(from)?;
        event.clinician = Wire::read(from)?;
        event.practice = Wire::read(from)?;
        event.patient = Wire::read(from)?;
        event.exclude = Wire::read(from)?;
        event.pca = Wire::read(from)?;
        event.link = Wire::read(from)?;
        event.detail = detail(from)?;
        Ok(FirstEvent(event))
    }
}

fn detail<'a>(from: &mut Reader<'a>) -> Result<Detail<'a>, WireFault> {
    let kind = from.long()?;
    let branch = from.long()?;
    Ok(match (kind, branch) {
        (0, 0) => Detail::Encounter(None),
        (0, 1) => Detail::Encounter(Some(encounter(from)?)),
        (1, 0) => Detail::Prescription(None),
        (1, 2) => Detail::Prescription(Some(prescription(from)?)),
        (2, 0) => Detail::Feedback(None),
        (2, 3) => Detail::Feedback(Some(Feedback { answer: Wire::read(from)?, items: Wire::read(from)? })),
        (3, 0) => Detail::Order(None),
        (3, 4) => Detail::Order(Some(order(from)?)),
        _ => return Err(WireFault::UnknownBranch),
    })
}

fn encounter<'a>(from: &mut Reader<'a>) -> Result<Encounter<'a>, WireFault> {
    Ok(Encounter {
        source: Wire::read(from)?,
        mode: Wire::read(from)?,
        status: Wire::read(from)?,
        booked_at: Wire::read(from)?,
        booked_day: Wire::read(from)?,
        minutes: Wire::read(from)?,
        planned_minutes: Wire::read(from)?,
        diagnoses: Wire::read(from)?,
        types: Codes::default(),
    })
}

/// The first layout wrote a missing cost and a missing average daily quantity as 0. A 0 is therefore unknown.
fn prescription<'a>(from: &mut Reader<'a>) -> Result<Prescription<'a>, WireFault> {
    let code: Option<Cow<'a, str>> = Wire::read(from)?;
    Ok(Prescription {
        drug: code.map(|code| Codes::one(format!("bnf|{code}"))).unwrap_or_default(),
        reference: None,
        quantity_milli: Some(Wire::read(from)?),
        items: Wire::read(from)?,
        cost_pence: known(Wire::read(from)?),
        adq_milli: known(Wire::read(from)?),
        repeat: Wire::read(from)?,
    })
}

fn known(number: u32) -> Option<u32> {
    Some(number).filter(|number| *number > 0)
}

fn order<'a>(from: &mut Reader<'a>) -> Result<Order<'a>, WireFault> {
    let category: usize = from.ranged()?;
    let category = CATEGORIES.get(category).ok_or(WireFault::UnknownBranch)?;
    let code: Option<Cow<'a, str>> = Wire::read(from)?;
    Ok(Order { category: Codes::one(*category), code: code.map(Codes::one).unwrap_or_default() })
}
