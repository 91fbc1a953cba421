//! Empty states and errors: what is known, the date of what comes, and one way on.

use maud::html;
use scorecard::time::calendar::{Day, Month};

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::text::page_words::{counted, say, text};
use crate::text::spoken_date::{day, month};

/// A page without a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The first card is not published yet. The number of events so far is known where the log was asked.
    FirstCard {
        /// The day of the first card.
        on: Day,
        /// Its month.
        month: Month,
        /// Events so far.
        events: Option<i64>,
    },
    /// No event names this person.
    NoEvents {
        /// Their id.
        person: String,
    },
    /// The person has no event in this month.
    NothingInMonth {
        /// The month.
        month: Month,
        /// The newest month with a card, and its address.
        newest: Option<(Month, String)>,
    },
    /// No final card of a month is published.
    NotFinal {
        /// The month.
        month: Month,
        /// The day on which it becomes final.
        on: Day,
    },
    /// The lead of a practice does not see the card yet.
    NotShownYet {
        /// The month.
        month: Month,
        /// Days for which the clinician alone sees it.
        days: u32,
    },
    /// The look could not be recorded, so nothing is shown.
    NotRecorded,
    /// A sign-in failed. The text says why, without a name.
    SignInFailed {
        /// The reason.
        reason: String,
    },
    /// The person leads no practice on this day.
    NoPractice,
    /// A folder or a service without a published card, and the reason.
    NoCards {
        /// The reason.
        reason: String,
    },
    /// No such page. `hint` says what is close to it.
    NotFound {
        /// A page that is close to it, or somebody to ask.
        hint: String,
    },
    /// The reader may not see it.
    NotAllowed,
    /// The address has a parameter that no page knows, or a value that cannot be read.
    BadAddress {
        /// The problem with the nearest name.
        problem: String,
    },
    /// The cards are being published.
    Busy {
        /// The newest complete card: its month and address.
        newest: Option<(Month, String)>,
    },
    /// The session is over.
    SignedOut,
    /// A failure of the program.
    Failure {
        /// The number under which the log has it.
        number: String,
    },
}

impl Notice {
    /// The status of its response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Notice::FirstCard { .. } | Notice::NoEvents { .. } | Notice::NoPractice | Notice::NoCards { .. } => 200,
            Notice::NothingInMonth { .. } | Notice::NotFinal { .. } | Notice::NotShownYet { .. } | Notice::NotFound { .. } => 404,
            Notice::BadAddress { .. } => 400,
            Notice::SignedOut => 401,
            Notice::NotAllowed | Notice::SignInFailed { .. } => 403,
            Notice::Busy { .. } | Notice::NotRecorded => 503,
            Notice::Failure { .. } => 500,
        }
    }

    /// Heading and text.
    fn words(&self) -> (String, Vec<String>) {
        match self {
            Notice::FirstCard { on, month: of, events } => {
                let values = [("on", &*day(*on)), ("month", &month(*of))];
                let known = events.map(|events| counted("events_so_far", events));
                let mut texts: Vec<String> = known.into_iter().collect();
                texts.extend([say("first_card.text", &values), text("first_card.says")]);
                (say("first_card.heading", &values), texts)
            }
            Notice::NoEvents { person } => (text("no_events.heading"), vec![say("no_events.text", &[("person", person)])]),
            Notice::NothingInMonth { month: of, .. } => {
                let values = [("month", &*month(*of))];
                (say("nothing_in_month.heading", &values), vec![say("nothing_in_month.text", &values)])
            }
            Notice::NotFinal { month: of, on } => {
                let values = [("on", &*day(*on)), ("month", &month(*of))];
                (say("not_final.heading", &values), vec![say("not_final.text", &values)])
            }
            Notice::NotShownYet { month: of, days } => {
                let values = [("days", &*counted("wait_days", (*days).into())), ("month", &month(*of))];
                (say("not_shown_yet.heading", &values), vec![say("not_shown_yet.text", &values)])
            }
            Notice::NotRecorded => (text("not_recorded.heading"), vec![text("not_recorded.text")]),
            Notice::SignInFailed { reason } => {
                (text("sign_in_failed.heading"), vec![reason.clone(), text("sign_in_failed.text")])
            }
            Notice::NoPractice => (text("no_practice.heading"), vec![text("no_practice.text")]),
            Notice::NoCards { reason } => (text("no_cards.heading"), vec![reason.clone()]),
            Notice::NotFound { hint } => (text("not_found.heading"), vec![hint.clone(), text("not_found.text")]),
            Notice::NotAllowed => (text("not_allowed.heading"), vec![text("not_allowed.text")]),
            Notice::BadAddress { problem } => (text("bad_address.heading"), vec![problem.clone(), text("bad_address.text")]),
            Notice::Busy { .. } => (text("busy.heading"), vec![text("busy.text")]),
            Notice::SignedOut => (text("signed_out.heading"), vec![text("signed_out.text")]),
            Notice::Failure { number } => (text("failure.heading"), vec![say("failure.text", &[("number", number)])]),
        }
    }

    fn way_on(&self) -> Option<(String, &str)> {
        match self {
            Notice::NothingInMonth { newest: Some((of, address)), .. } | Notice::Busy { newest: Some((of, address)) } => {
                Some((say("notice.newest", &[("month", &month(*of))]), address))
            }
            _ => None,
        }
    }
}

/// The page. `home` is the address of one way on that always exists.
#[must_use]
pub fn notice_page(notice: &Notice, home: &str, navigation: &Navigation) -> String {
    let (heading, texts) = notice.words();
    let status = notice.status();
    let main = html! {
        h1 { (heading) }
        @for text in &texts { p { (text) } }
        p {
            @if let Some((label, address)) = notice.way_on() { a.apart href=(address) { (label) } " " }
            a.apart href=(home) { (text("notice.home")) }
        }
        @if status >= 400 { p.small.soft { (say("notice.status", &[("status", &status.to_string())])) } }
    };
    document(navigation, &heading, &main)
}
