//! ServiceRequests: referrals, tests and images. The fold decides the category by the codings that are kept here.

use std::borrow::Cow;

use scorecard::event::{Action, Codes, Detail, Event, Order};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::{codes, has_word, texts};
use crate::formats::fhir::drugs::performed;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::participants::objects;
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Head, ServiceRequestResource};
use crate::formats::fhir::versions::check_order;
use crate::json::text::word;

/// FHIR's ServiceRequest status.
const STATUSES: [(&str, Action); 7] = [
    ("active", Action::Record),
    ("on-hold", Action::Record),
    ("completed", Action::Record),
    ("draft", Action::Hold),
    ("unknown", Action::Hold),
    ("revoked", Action::Retract),
    ("entered-in-error", Action::Retract),
];

/// FHIR's request intents: only an order is an order that was made. The others of its family are views or instalments of an order.
const INTENTS: [(&str, bool); 9] = [
    ("order", true),
    ("proposal", false),
    ("plan", false),
    ("directive", false),
    ("original-order", true),
    ("reflex-order", false),
    ("filler-order", false),
    ("instance-order", false),
    ("option", false),
];

/// Words of texts that name a category. The first one counts, because a referral stays a referral whatever it is to.
const WORDS: [(&str, &str); 11] = [
    ("referral", "plumbline|referral"),
    ("referrals", "plumbline|referral"),
    ("imaging", "plumbline|imaging"),
    ("radiology", "plumbline|imaging"),
    ("ultrasound", "plumbline|imaging"),
    ("laboratory", "plumbline|test"),
    ("lab", "plumbline|test"),
    ("labs", "plumbline|test"),
    ("pathology", "plumbline|test"),
    ("test", "plumbline|test"),
    ("tests", "plumbline|test"),
];

const CATEGORY: Field = "ServiceRequest.category";

/// A ServiceRequest as an event.
pub(crate) fn request(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &ServiceRequestResource<'_>,
) -> Result<Event<'static>, Fault> {
    check_order(sent)?;
    let header = header(scope, "ServiceRequest", &head_fields!("ServiceRequest"), head, entry_meta)?;
    let ordered = word("ServiceRequest.intent", &sent.intent, &INTENTS)?
        .ok_or_else(|| Fault::missing("ServiceRequest.intent", "send the resource's intent, such as order"))?;
    let asked = action("ServiceRequest.status", &sent.status, &STATUSES)?;
    let asked = performed("ServiceRequest.doNotPerform", &sent.do_not_perform, ordered, asked)?;
    let when = occurred(scope, "ServiceRequest.authoredOn", &sent.authored_on, asked)?;
    let mut event = header.event(asked, when, Detail::Order(None));
    scope.performer("ServiceRequest.requester", &sent.requester, &sent.contained).put(&mut event);
    scope.put_patient(&mut event, "ServiceRequest.subject", &sent.subject, &sent.contained);
    scope.put_link(&mut event, "ServiceRequest.encounter", &sent.encounter, &sent.contained);
    if event.action == Action::Record {
        let code = scope.warnings.optional(sent.code.object("ServiceRequest.code"));
        event.detail =
            Detail::Order(Some(Order { category: category(scope, sent), code: codes(scope, "ServiceRequest.code", code) }));
    }
    Ok(event)
}

/// All codings of the categories. Without any, the category that a word of their texts names, else a word of the order's texts.
fn category(scope: &Scope<'_, '_>, sent: &ServiceRequestResource<'_>) -> Codes<'static> {
    let categories = objects(scope, CATEGORY, &sent.category);
    let coded = codes(scope, CATEGORY, categories.iter().copied());
    if !coded.is_empty() {
        return coded;
    }
    let of_texts = |texts: Vec<String>| {
        let named = WORDS.iter().find(|(word, _)| texts.iter().any(|text| has_word(text, word)));
        named.map(|(_, category)| Codes::one(Cow::Borrowed(*category)))
    };
    let of_categories = of_texts(categories.into_iter().flat_map(texts).collect());
    let of_order = || match sent.code.object("ServiceRequest.code") {
        Ok(Some(code)) => of_texts(texts(code)),
        _ => None,
    };
    of_categories.or_else(of_order).unwrap_or_default()
}
