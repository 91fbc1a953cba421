//! The sign-in page. It says the same whether an address is known or not.

use maud::html;

use crate::frame::document::document;
use crate::frame::navigation::Navigation;
use crate::text::page_words::text;

/// The ways to sign in that a deployment offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignInWays<'a> {
    /// The address that begins a sign-in at the organisation's provider.
    pub organisation: Option<&'a str>,
    /// The address that receives the form for a link by mail.
    pub mail: Option<&'a str>,
    /// Whether the operator makes one-time links.
    pub links: bool,
    /// The address of the pages where no sign-in is needed: a demonstration.
    pub open: Option<&'a str>,
}

/// The page.
#[must_use]
pub fn sign_in_page(ways: &SignInWays<'_>, navigation: &Navigation) -> String {
    let title = text("sign_in.heading");
    let main = html! {
        h1 { (title) }
        p.lead { (text("sign_in.lead")) }
        @if let Some(address) = ways.organisation { p { a.button href=(address) { (text("sign_in.organisation")) } } }
        @if let Some(address) = ways.mail {
            h2 { (text("sign_in.by_mail")) }
            form method="post" action=(address) {
                label for="mail" { (text("sign_in.address")) }
                p.small.soft #mail-note { (text("sign_in.mail_note")) }
                input #mail name="mail" type="email" autocomplete="email" aria-describedby="mail-note" required;
                p { button type="submit" { (text("sign_in.send")) } }
            }
        }
        @if ways.links { p { (text("sign_in.links")) } }
        @if let Some(address) = ways.open { p.note { (text("sign_in.open")) " " a href=(address) { (text("sign_in.choose")) } } }
        h2 { (text("sign_in.no_access")) }
        p { (text("sign_in.no_access_text")) }
    };
    document(navigation, &title, &main)
}
