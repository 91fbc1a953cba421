//! A whole HTML document around the main part of a page.

use maud::{DOCTYPE, Markup, html};

use crate::frame::navigation::Navigation;
use crate::frame::stylesheet::stylesheet_path;
use crate::text::page_words::{say, text};

/// The language of the texts.
const LANGUAGE: &str = "en-GB";

/// The document with this title and main part.
#[must_use]
pub fn document(navigation: &Navigation, title: &str, main: &Markup) -> String {
    let title = say("frame.title", &[("page", title)]);
    let page = html! {
        (DOCTYPE)
        html lang=(LANGUAGE) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="stylesheet" href=(stylesheet_path());
            }
            body {
                a.skip-link href="#main" { (text("frame.skip")) }
                (head(navigation))
                main.column #main tabindex="-1" { (main) }
                footer.foot { div.column { p { (navigation.footer.clone().unwrap_or_else(|| text("frame.footer"))) } } }
            }
        }
    };
    page.into_string()
}

fn head(navigation: &Navigation) -> Markup {
    html! {
        header.masthead {
            div.column {
                p.brand { (text("frame.brand")) }
                @if !navigation.links.is_empty() {
                    nav aria-label=(text("frame.pages")) {
                        ul {
                            @for (part, address) in &navigation.links {
                                li { a href=(address) aria-current=[(navigation.current == Some(*part)).then_some("page")] { (text(part.key())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
