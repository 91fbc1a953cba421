//! ServiceRequests: referrals, tests and images.

use scorecard::event::{Action, Category, Codes, Detail, Event, Order};

use crate::fault::{Fault, Field};
use crate::formats::fhir::concepts::{code_keys, codes, words};
use crate::formats::fhir::drugs::performed;
use crate::formats::fhir::header::{EntryMeta, action, head_fields, header, occurred};
use crate::formats::fhir::references::Scope;
use crate::formats::fhir::resources::{Concept, Head, ServiceRequestResource};
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

/// FHIR's request intents: only an `order` is an order that was made.
const INTENTS: [(&str, bool); 9] = [
    ("order", true),
    ("proposal", false),
    ("plan", false),
    ("directive", false),
    ("original-order", false),
    ("reflex-order", false),
    ("filler-order", false),
    ("instance-order", false),
    ("option", false),
];

/// SNOMED's categories of procedures, as FHIR's value set of categories names them.
const CODES: [(&str, Category); 5] = [
    ("3457005", Category::Referral),
    ("306206005", Category::Referral),
    ("103696004", Category::Referral),
    ("108252007", Category::Test),
    ("363679005", Category::Imaging),
];

/// Words that identify a category.
const WORDS: [(&str, Category); 6] = [
    ("imaging", Category::Imaging),
    ("radiology", Category::Imaging),
    ("laboratory", Category::Test),
    ("pathology", Category::Test),
    ("test", Category::Test),
    ("referral", Category::Referral),
];

/// A ServiceRequest as an event.
pub(crate) fn request(
    scope: &Scope<'_, '_>,
    head: &Head<'_>,
    entry_meta: &EntryMeta,
    sent: &ServiceRequestResource<'_>,
) -> Result<Event<'static>, Fault> {
    let header = header(scope, "ServiceRequest", &head_fields!("ServiceRequest"), head, entry_meta)?;
    let ordered = word("ServiceRequest.intent", &sent.intent, &INTENTS)?
        .ok_or_else(|| Fault::missing("ServiceRequest.intent", "send the resource's intent, such as order"))?;
    let asked = action("ServiceRequest.status", &sent.status, &STATUSES)?;
    let asked = performed("ServiceRequest.doNotPerform", &sent.do_not_perform, ordered, asked)?;
    let when = occurred("ServiceRequest.authoredOn", &sent.authored_on, scope.feed, scope.context, asked)?;
    let mut event = header.event(asked, when, Detail::Order(None));
    event.clinician = scope.clinician("ServiceRequest.requester", &sent.requester, &sent.contained)?.map(Into::into);
    event.patient = scope.patient("ServiceRequest.subject", &sent.subject, &sent.contained)?;
    event.link = scope.link("ServiceRequest.encounter", &sent.encounter, &sent.contained, "Encounter")?.map(Into::into);
    if event.action == Action::Record {
        let code = sent.code.object("ServiceRequest.code")?;
        let codes = code.map(|concept| code_keys(scope, "ServiceRequest.code", concept)).transpose()?.unwrap_or_default();
        event.detail = Detail::Order(Some(Order {
            category: Codes::one(native_category(category(scope, sent)?)),
            code: codes.into_iter().map(Into::into).collect(),
        }));
    }
    Ok(event)
}

/// The category by the categories' codes, else by their words, else by the codes and words of the order.
fn category(scope: &Scope<'_, '_>, sent: &ServiceRequestResource<'_>) -> Result<Category, Fault> {
    const FIELD: Field = "ServiceRequest.category";
    const EXPECTED: &str = "a referral, a test or imaging, or configure its code";
    let categories = sent.category.objects(FIELD)?;
    for concept in categories.iter().copied().chain(sent.code.object("ServiceRequest.code")?) {
        if let Some(category) = category_of(scope, concept)? {
            return Ok(category);
        }
    }
    match categories.first().map(|concept| words(concept)).transpose()? {
        Some(words) => Err(Fault::unknown_value(FIELD, words.trim(), EXPECTED)),
        None => Err(Fault::missing(FIELD, "send a category: referral, test or imaging")),
    }
}

fn category_of(scope: &Scope<'_, '_>, concept: &Concept<'_>) -> Result<Option<Category>, Fault> {
    for (_, code) in codes("ServiceRequest.category", concept)? {
        let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, category)| *category);
        if let Some(category) = scope.rules.order_categories.get(&*code).copied().or(known) {
            return Ok(Some(category));
        }
    }
    let words = words(concept)?;
    Ok(WORDS.iter().find(|(word, _)| words.contains(word)).map(|(_, category)| *category))
}

fn native_category(category: Category) -> &'static str {
    match category {
        Category::Referral => "plumbline|referral",
        Category::Test => "plumbline|test",
        Category::Imaging => "plumbline|imaging",
    }
}
