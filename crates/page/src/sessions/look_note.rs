//! A look at a card by somebody else, and its words.

use maud::{Markup, html};
use scorecard::time::calendar::{Day, Month};

use crate::text::page_words::{say, text};
use crate::text::spoken_date::{day, month};

/// Looks that a card lists.
const MOST_LOOKS: usize = 12;

/// One look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookNote {
    /// Its day.
    pub day: Day,
    /// The name of the reader, or of a token.
    pub reader: String,
    /// Role of the reader: `lead` or `token`.
    pub role: String,
    /// The page or interface: `month`, `measure`, `talks`, `card`, `cards`, `export` or `explain`.
    pub page: String,
    /// The name of the clinician; `None` for all cards of the selection.
    pub clinician: Option<String>,
    /// The practice; empty for the card over all of them, `None` for every practice.
    pub practice: Option<String>,
    /// The month; `None` for every month.
    pub month: Option<Month>,
    /// The revision of the card.
    pub revision: Option<u32>,
}

impl LookNote {
    /// The reader and the role.
    pub(crate) fn who(&self) -> String {
        let key = if self.role == "lead" { "looks.lead" } else { "looks.system" };
        say(key, &[("reader", &self.reader)])
    }

    /// The page or the interface that was read.
    pub(crate) fn what(&self) -> String {
        let key = match self.page.as_str() {
            "month" | "card" => "looks.page_card",
            "measure" => "looks.page_measure",
            "explain" => "looks.page_explain",
            _ => "looks.page_all",
        };
        let revision = self.revision.map(|revision| say("looks.revision", &[("revision", &revision.to_string())]));
        format!("{}{}", text(key), revision.unwrap_or_default())
    }

    /// The month in words.
    pub(crate) fn of_month(&self) -> String {
        self.month.map_or_else(|| text("looks.every_month"), month)
    }
}

/// The looks at a card, newest first. `None` where none are recorded.
pub(crate) fn seen_by(looks: Option<&[LookNote]>) -> Markup {
    let looks = looks.unwrap_or_default();
    html! {
        section aria-labelledby="looks" {
            h2 #looks { (text("looks.heading")) }
            @if looks.is_empty() { p { (text("looks.nobody")) } }
            @else {
                ul {
                    @for look in looks.iter().take(MOST_LOOKS) {
                        li { (say("looks.one", &[("day", &day(look.day)), ("who", &look.who()), ("what", &look.what())])) }
                    }
                }
                @if looks.len() > MOST_LOOKS { p.small.soft { (say("looks.more", &[("count", &(looks.len() - MOST_LOOKS).to_string())])) } }
            }
            p.small.soft { (text("looks.note")) }
        }
    }
}
