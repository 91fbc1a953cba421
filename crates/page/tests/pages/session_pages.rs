//! The pages of signing in and out, the list of looks, and the access log.

use page::frame::navigation::{Navigation, SitePart};
use page::pages::month_page::month_page;
use page::sessions::access_page::{AccessContent, access_page, access_sheet};
use page::sessions::look_note::LookNote;
use page::sessions::session_pages::{ButtonForm, home_page, link_page, sign_out_page};

use crate::html_check::{check, words};
use crate::network::{a_day, navigation, network, of_month};

fn look(reader: &str, role: &str, page: &str) -> LookNote {
    LookNote {
        day: a_day(),
        reader: reader.to_owned(),
        role: role.to_owned(),
        page: page.to_owned(),
        clinician: Some("Dr Ash".to_owned()),
        practice: Some("A81001".to_owned()),
        month: Some(of_month()),
        revision: Some(2),
    }
}

#[test]
fn a_form_carries_its_hidden_values_and_escapes_them() {
    let form = ButtonForm { action: "/signin/link", fields: &[("code", "a\"><script>")] };
    let page = link_page(&form, &Navigation::default());
    check("link", &page);
    assert!(page.contains("value=\"a&quot;&gt;&lt;script&gt;\"") && page.contains("method=\"post\""), "{page}");
    let out = sign_out_page("Dr <b>Ash", &form, &navigation());
    check("sign-out", &out);
    assert!(words(&out).contains("You are signed in as Dr <b>Ash."));
}

#[test]
fn the_first_page_lists_the_pages_of_the_person() {
    let links = [("My month".to_owned(), "/me".to_owned()), ("Talks of A1".to_owned(), "/lead/A1".to_owned())];
    let page = home_page("Dr Ash", &links, &navigation().at(SitePart::Month));
    check("home", &page);
    assert!(page.contains("href=\"/lead/A1\"") && words(&page).contains("My month Talks of A1"), "{page}");
}

#[test]
fn a_card_says_who_looked_and_how_long_its_lead_waits() {
    let network = network(1);
    let card = network.cards[0].clone();
    let looks = [look("Dr Birch", "lead", "measure"), look("reports", "token", "cards")];
    let leads = ["Dr Birch".to_owned()];
    let said = |looks: &[LookNote]| {
        let mut reading = network.reading(&card);
        (reading.looks, reading.wait_days, reading.leads) = (Some(looks), Some(7), &leads);
        let page = month_page(&reading, &navigation());
        check("looks", &page);
        words(&page)
    };
    let page = said(&looks);
    for part in [
        "Dr Birch, clinical lead, a measure of the card, version 2.",
        "reports, a system with a token, all cards of the practice or the month, version 2.",
        "is yours alone for 7 days. You cannot share a card earlier here yet.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(said(&[]).contains("Nobody but you."));
    let folder = words(&month_page(&network.reading(&card), &navigation()));
    assert!(!folder.contains("Who looked"), "a folder records no look");
}

#[test]
fn the_access_log_lists_looks_as_a_table_and_as_rows() {
    let everybody =
        LookNote { clinician: None, practice: None, month: None, revision: None, ..look("reports", "token", "cards") };
    let looks = [look("Dr Birch", "lead", "month"), everybody];
    let content = AccessContent { looks: &looks, all: 202, months: 25, address: "/access", of: Some("gmc|1"), page: (2, 3) };
    let page = access_page(&content, &navigation());
    check("access", &page);
    for part in
        ["in the last 25 months: 202.", "everybody of the selection every practice every month", "Dr Birch, clinical lead"]
    {
        assert!(words(&page).contains(part), "{part}: {}", words(&page));
    }
    for link in ["/access?of=gmc%7C1&amp;page=1", "/access?of=gmc%7C1&amp;page=3", "/access?of=gmc%7C1&amp;format=csv"] {
        assert!(page.contains(link), "{link}: {page}");
    }
    let rows = access_sheet(&looks);
    assert_eq!(rows.rows()[1][1..], ["Dr Birch", "lead", "month", "Dr Ash", "A81001", "2026-10", "2"]);
}
