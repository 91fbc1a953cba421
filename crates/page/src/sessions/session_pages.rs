//! The pages around a sign-in: a one-time link, the end of a session, and the first page of somebody who is signed in.

use maud::{Markup, html};

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::text::page_words::{say, text};

/// A form of one button. The hidden values prove that this site made it.
#[derive(Clone, Copy, Debug)]
pub struct ButtonForm<'a> {
    /// The address that receives it.
    pub action: &'a str,
    /// Hidden fields, name and value.
    pub fields: &'a [(&'a str, &'a str)],
}

impl ButtonForm<'_> {
    fn markup(&self, button: &str) -> Markup {
        html! {
            form method="post" action=(self.action) {
                @for (name, value) in self.fields { input type="hidden" name=(name) value=(value); }
                p { button type="submit" { (button) } }
            }
        }
    }
}

/// The page that a one-time link opens. Only its button uses the link up, because programs open the links of mails, too.
#[must_use]
pub fn link_page(form: &ButtonForm<'_>, navigation: &Navigation) -> String {
    let title = text("link.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (text("link.text")) }
        (form.markup(&text("link.button")))
        p.small.soft { (text("link.note")) }
    };
    document(navigation, &title, &main)
}

/// The page that ends a session.
#[must_use]
pub fn sign_out_page(person: &str, form: &ButtonForm<'_>, navigation: &Navigation) -> String {
    let title = text("sign_out.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (say("sign_out.text", &[("person", person)])) }
        (form.markup(&text("sign_out.button")))
    };
    document(navigation, &title, &main)
}

/// The first page of somebody who is signed in: the pages that are theirs, each with its
/// label and its address.
#[must_use]
pub fn home_page(person: &str, links: &[(String, String)], navigation: &Navigation) -> String {
    let title = text("home.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (say("home.lead", &[("person", person)])) }
        ul { @for (label, address) in links { li { a href=(address) { (label) } } } }
    };
    document(navigation, &title, &main)
}
