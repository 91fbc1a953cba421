//! The fields of each kind of native event. A faulty detail is absent and counted; a faulty field that the kind needs is a fault.

use std::borrow::Cow;

use scorecard::event::{
    Codes, Detail, Encounter, Event, Feedback, Observation, ObservedValue, Order, Prescription, Source,
};
use scorecard::record::item::Feed;

use crate::fault::{Fault, Field};
use crate::formats::native_fields::{Native, time};
use crate::identity::systems::{code_system, is_bnf};
use crate::json::native_event::{
    ANSWERS, CATEGORIES, Kind, MODES, NativeCode, NativeEncounter, NativeEvent, NativeFeedback, NativeObservation,
    NativeObservedValue, NativeOrder, NativePrescription, STATUSES,
};
use crate::json::number::{signed_thousandths, thousandths, truth, whole};
use crate::json::object::{List, Node, Pair, Raw, Scalar};
use crate::json::text::{ID_BYTES, LIST_ITEMS, TEXT_BYTES, UNIT_BYTES, unprotected, word};

/// A day of minutes: no consultation lasts longer.
pub(crate) const MAX_MINUTES: u64 = 1440;

/// The fields of an event's kind without content, as on a retraction.
pub(crate) fn nothing(kind: Kind) -> Detail<'static> {
    match kind {
        Kind::Encounter => Detail::Encounter(None),
        Kind::Prescription => Detail::Prescription(None),
        Kind::Feedback => Detail::Feedback(None),
        Kind::Order => Detail::Order(None),
        Kind::Observation => Detail::Observation(None),
    }
}

impl Native<'_> {
    /// Sets the fields of the event's kind and the id of the encounter that it refers to.
    pub(crate) fn put_kind<'a>(
        &self,
        event: &mut Event<'a>,
        kind: Kind,
        feed: &Feed,
        sent: &NativeEvent<'a>,
    ) -> Result<(), Fault> {
        match kind {
            Kind::Encounter => {
                event.detail = Detail::Encounter(Some(self.encounter(feed, payload("encounter", &sent.encounter)?)?));
            }
            Kind::Prescription => {
                let sent = payload("prescription", &sent.prescription)?;
                event.detail = Detail::Prescription(Some(self.prescription(sent)?));
                event.link = self.text("prescription.encounter", &sent.encounter, ID_BYTES)?;
            }
            Kind::Feedback => {
                let sent = payload("feedback", &sent.feedback)?;
                event.detail = Detail::Feedback(Some(self.feedback(sent)?));
                event.link = self.text("feedback.encounter", &sent.encounter, ID_BYTES)?;
            }
            Kind::Order => {
                let sent = payload("order", &sent.order)?;
                event.detail = Detail::Order(Some(self.order(sent)?));
                event.link = self.text("order.encounter", &sent.encounter, ID_BYTES)?;
            }
            Kind::Observation => {
                let sent = payload("observation", &sent.observation)?;
                event.detail = Detail::Observation(Some(self.observation(sent)?));
                event.link = self.text("observation.encounter", &sent.encounter, ID_BYTES)?;
            }
        }
        Ok(())
    }

    fn encounter<'a>(&self, feed: &Feed, sent: &NativeEncounter<'a>) -> Result<Encounter<'a>, Fault> {
        let mode = word("encounter.mode", &sent.mode, &MODES)?;
        let status = word("encounter.status", &sent.status, &STATUSES)?;
        let booked = self.warnings.optional(time("encounter.booked_at", &sent.booked_at, feed));
        Ok(Encounter {
            source: Source::Whole,
            mode: mode.ok_or_else(|| Fault::missing("encounter.mode", "send how it was held, such as face_to_face"))?,
            status: status.ok_or_else(|| Fault::missing("encounter.status", "send attended, noshow or unknown"))?,
            booked_at: booked.map(|moment| moment.at),
            booked_day: booked.map(|moment| moment.day),
            minutes: self.minutes("encounter.minutes", &sent.minutes),
            planned_minutes: self.minutes("encounter.planned_minutes", &sent.planned_minutes),
            diagnoses: self.diagnoses(&sent.diagnoses),
            types: Codes::default(),
        })
    }

    fn minutes(&self, field: Field, raw: &Raw<'_>) -> Option<u32> {
        let minutes = self.warnings.optional(whole(field, raw, 0..=MAX_MINUTES));
        minutes.map(|n| n.try_into().expect("whole() kept the range"))
    }

    fn diagnoses<'a>(&self, list: &List<Node<NativeCode<'a>>>) -> Vec<Cow<'a, str>> {
        const FIELD: Field = "encounter.diagnoses";
        let items = self.warnings.optional(list.items(FIELD).map(Some)).unwrap_or_default();
        if items.len() > LIST_ITEMS {
            self.warnings.count_dropped(FIELD);
        }
        items.iter().take(LIST_ITEMS).filter_map(|node| self.warnings.optional(self.diagnosis(node))).collect()
    }

    fn diagnosis<'a>(&self, node: &Node<NativeCode<'a>>) -> Result<Option<Cow<'a, str>>, Fault> {
        let Some(sent) = node.object("encounter.diagnoses")? else { return Ok(None) };
        let fields = ["encounter.diagnoses.code", "encounter.diagnoses.code_system"];
        self.whole_code(fields, &sent.code, &sent.code_system).map(Some)
    }

    /// A code that needs its system.
    fn whole_code<'a>(&self, fields: [Field; 2], code: &Scalar<'a>, system: &Scalar<'a>) -> Result<Cow<'a, str>, Fault> {
        if *system == Scalar::Missing {
            return Err(Fault::missing(fields[1], "send the code's system, such as snomed"));
        }
        self.code(fields, code, system)?.ok_or_else(|| Fault::missing(fields[0], "send the code in its system"))
    }

    /// A code with its system as `system|code`; `None` without a code.
    fn code<'a>(&self, fields: [Field; 2], code: &Scalar<'a>, system: &Scalar<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        let [code_field, system_field] = fields;
        let code = unprotected(code_field, code, TEXT_BYTES)?;
        let system = unprotected(system_field, system, TEXT_BYTES)?;
        Ok(code.map(|code| self.rules.code_key(&system.unwrap_or_default(), code).into()))
    }

    fn prescription<'a>(&self, sent: &NativePrescription<'a>) -> Result<Prescription<'a>, Fault> {
        let items = whole("prescription.items", &sent.items, 1..=u64::from(u16::MAX))?;
        let cost = self.warnings.optional(whole("prescription.cost_pence", &sent.cost_pence, 0..=u64::from(u32::MAX)));
        Ok(Prescription {
            drug: self.drug(sent)?,
            reference: None,
            quantity_milli: self.thousandths("prescription.quantity", &sent.quantity),
            items: items.map_or(1, |n| n.try_into().expect("whole() kept the range")),
            cost_pence: cost.map(|n| n.try_into().expect("whole() kept the range")),
            adq_milli: self.thousandths("prescription.adq", &sent.adq),
            repeat: truth("prescription.repeat", &sent.repeat)?.unwrap_or(false),
        })
    }

    fn thousandths(&self, field: Field, raw: &Raw<'_>) -> Option<u32> {
        self.warnings.thousandths(field, thousandths(field, raw))
    }

    /// The drug's code. A BNF code that has not the form of one is a fault, because a prefix of it would be counted wrongly.
    fn drug<'a>(&self, sent: &NativePrescription<'a>) -> Result<Codes<'a>, Fault> {
        let code = unprotected("prescription.code", &sent.code, TEXT_BYTES)?;
        let system = unprotected("prescription.code_system", &sent.code_system, TEXT_BYTES)?;
        let code = code.ok_or_else(|| Fault::missing("prescription.code", "send the drug's code"))?;
        let system = system.ok_or_else(|| Fault::missing("prescription.code_system", "send bnf, or the system of your code"))?;
        let system = code_system(&system);
        if system == "bnf" && !is_bnf(&code) {
            let expected = "a BNF code: two digits, then up to 13 digits and capital letters";
            return Err(Fault::malformed("prescription.code", &code, expected));
        }
        Ok(Codes::one(self.rules.code_key(system, code)))
    }

    fn feedback<'a>(&self, sent: &NativeFeedback<'a>) -> Result<Feedback<'a>, Fault> {
        let answer = word("feedback.answer", &sent.answer, &ANSWERS);
        let items = match &sent.items {
            Node::Missing => Ok(Vec::new()),
            Node::Other(found) => {
                Err(Fault::wrong_type("feedback.items", found, r#"an object such as {"listened":"yes_definitely"}"#))
            }
            Node::Object(pairs) => self.answers(&pairs.0),
        };
        match (answer, items) {
            (Ok(None), Ok(items)) if items.is_empty() => {
                Err(Fault::missing("feedback.answer", "send an answer, or items, or both"))
            }
            (answer, Ok(items)) if !items.is_empty() => Ok(Feedback { answer: self.warnings.optional(answer), items }),
            (Ok(Some(answer)), items) => {
                let items = self.warnings.optional(items.map(Some)).unwrap_or_default();
                Ok(Feedback { answer: Some(answer), items })
            }
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
            (Ok(None), Ok(_)) => unreachable!("the first two arms take it"),
        }
    }

    /// The coded answers. Of faulty answers alone, the first fault is the result.
    fn answers<'a>(&self, pairs: &[(Cow<'a, str>, Scalar<'a>)]) -> Result<Vec<Pair<'a>>, Fault> {
        const FIELD: Field = "feedback.items";
        let (mut items, mut faults) = (Vec::with_capacity(pairs.len().min(LIST_ITEMS)), Vec::new());
        for (question, answer) in pairs {
            match self.answer(FIELD, question, answer) {
                Ok(Some(item)) if items.len() < LIST_ITEMS => items.push(item),
                Ok(Some(_)) => faults.push(Fault::too_long(FIELD, pairs.len(), "answers", LIST_ITEMS)),
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if items.is_empty()
            && let Some(first) = faults.first()
        {
            return Err(first.clone());
        }
        faults.into_iter().for_each(|fault| self.warnings.count_dropped(fault.field));
        Ok(last_of_each(items))
    }

    fn answer<'a>(&self, field: Field, question: &Cow<'a, str>, answer: &Scalar<'a>) -> Result<Option<Pair<'a>>, Fault> {
        let question = self.rules.coded_word(field, &Scalar::Text(question.clone()))?;
        Ok(question.zip(self.rules.coded_word(field, answer)?))
    }

    fn order<'a>(&self, sent: &NativeOrder<'a>) -> Result<Order<'a>, Fault> {
        let category = word("order.category", &sent.category, &CATEGORIES)?
            .ok_or_else(|| Fault::missing("order.category", "send referral, test or imaging"))?;
        let code = self.code(["order.code", "order.code_system"], &sent.code, &sent.code_system);
        let code = self.warnings.optional(code).map(Codes::one).unwrap_or_default();
        Ok(Order { category: Codes::one(category), code })
    }

    fn observation<'a>(&self, sent: &NativeObservation<'a>) -> Result<Observation<'a>, Fault> {
        let fields = ["observation.code", "observation.code_system"];
        let code = Codes::one(self.whole_code(fields, &sent.code, &sent.code_system)?);
        let mut values = Vec::new();
        if let Some(value) = signed_thousandths("observation.value", &sent.value)? {
            let value_milli = self.warnings.thousandths("observation.value", Ok(Some(value))).unwrap_or(value.value);
            values.push(ObservedValue { code: code.clone(), value_milli, unit: self.unit("observation.unit", &sent.unit) });
        }
        let items = sent.values.objects("observation.values")?;
        if items.len() > LIST_ITEMS {
            return Err(Fault::too_long("observation.values", items.len(), "elements", LIST_ITEMS));
        }
        for item in items {
            values.push(self.observed(item)?);
        }
        if values.is_empty() {
            return Err(Fault::missing("observation.value", "send a value, or values for several at once"));
        }
        Ok(Observation { code, values })
    }

    fn observed<'a>(&self, sent: &NativeObservedValue<'a>) -> Result<ObservedValue<'a>, Fault> {
        const FIELD: Field = "observation.values.value";
        let fields = ["observation.values.code", "observation.values.code_system"];
        let value = signed_thousandths(FIELD, &sent.value)?.ok_or_else(|| Fault::missing(FIELD, "send the value as a number"))?;
        Ok(ObservedValue {
            code: Codes::one(self.whole_code(fields, &sent.code, &sent.code_system)?),
            value_milli: self.warnings.thousandths(FIELD, Ok(Some(value))).unwrap_or(value.value),
            unit: self.unit("observation.values.unit", &sent.unit),
        })
    }

    fn unit<'a>(&self, field: Field, value: &Scalar<'a>) -> Option<Cow<'a, str>> {
        self.warnings.optional(self.text(field, value, UNIT_BYTES))
    }
}

fn payload<T>(field: Field, node: &Node<T>) -> Result<&T, Fault> {
    match node {
        Node::Object(sent) => Ok(sent),
        Node::Missing => Err(Fault::missing(field, "send the object that the event's type names")),
        Node::Other(found) => Err(Fault::wrong_type(field, found, "an object")),
    }
}

/// Answers in order of their questions; the last answer to a question counts.
pub(crate) fn last_of_each(mut items: Vec<Pair<'_>>) -> Vec<Pair<'_>> {
    items.reverse();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items.dedup_by(|later, first| later.0 == first.0);
    items
}
