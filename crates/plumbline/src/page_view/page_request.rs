//! The address of a page: its reader, the page and its parameters.

use axum::http::Uri;
use page::frame::addresses::ALL_PRACTICES;
use page::frame::stylesheet::stylesheet_path;
use page::text::page_words::text;
use percent_encoding::percent_decode_str;
use scorecard::edit_distance::nearest;
use scorecard::time::calendar::Month;

use crate::http::parameters::Parameters;
use crate::page_view::demo_reader::DemoReader;

/// The events that a reader wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventChoice {
    /// None yet: they take seconds.
    Later,
    /// Those to look at.
    Some,
    /// All.
    All,
}

/// A page of the site. A month that is absent is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SitePage {
    Choice(usize),
    Stylesheet,
    SignIn,
    Measures,
    Month(Option<Month>),
    Measure(Month, String),
    Talks(String, Option<Month>),
    Meeting(String, Option<Month>),
    Network(Option<Month>),
    Operations,
    /// The access log.
    Access,
    /// The page that signs out.
    SignOut,
    /// No page, with a hint.
    Absent(String),
}

/// A request that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) reader: DemoReader,
    pub(crate) page: SitePage,
    /// The practice of a card; empty for the card over all practices, `None` if the address names none.
    pub(crate) practice: Option<String>,
    /// The person whose card a lead reads.
    pub(crate) of: Option<String>,
    pub(crate) events: EventChoice,
    /// The page of a list, from 1.
    pub(crate) number: usize,
    /// Whether the answer is a spreadsheet.
    pub(crate) csv: bool,
}

/// First parts of addresses, for a hint.
const KNOWN: [&str; 11] =
    ["me", "lead", "practice", "network", "measures", "operations", "access", "signin", "signout", "as", "clinician"];

impl PageRequest {
    /// Reads an address of a service, where the session names the reader.
    pub(crate) fn of_site(uri: &Uri) -> Result<PageRequest, String> {
        let mut request = PageRequest::of(uri)?;
        if request.reader != DemoReader::Everybody {
            request.page = SitePage::Absent(text("home.other_address"));
        }
        Ok(request)
    }

    /// The address as a way back after a sign-in, if it is one of a page of this site and of nothing else.
    pub(crate) fn way_back(address: &str) -> Option<String> {
        let uri: Uri = address.parse().ok()?;
        let is_path = uri.scheme().is_none() && uri.authority().is_none() && address.starts_with('/');
        let request = PageRequest::of_site(&uri).ok().filter(|_| is_path)?;
        let is_page = !matches!(
            request.page,
            SitePage::Absent(_) | SitePage::SignIn | SitePage::SignOut | SitePage::Stylesheet | SitePage::Choice(_)
        );
        is_page.then(|| uri.path_and_query().map(ToString::to_string))?
    }

    /// Reads an address. An unknown parameter is an error with the nearest name.
    pub(crate) fn of(uri: &Uri) -> Result<PageRequest, String> {
        let path = uri.path();
        let parts: Result<Vec<String>, _> = path
            .split('/')
            .skip(1)
            .map(|part| percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned))
            .collect();
        let parts = parts.map_err(|_| "The path is not UTF-8.".to_owned())?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (reader, rest) = reader(&parts);
        let mut page = if path == stylesheet_path() { SitePage::Stylesheet } else { page_of(rest)? };
        let parameters = Parameters::read(uri, known(&page)).map_err(|refusal| sentence(&refusal.detail))?;
        let number = parameters.value::<usize>("page").map_err(|refusal| sentence(&refusal.detail))?.unwrap_or(1).max(1);
        if let SitePage::Choice(wanted) = &mut page {
            *wanted = number;
        }
        Ok(PageRequest {
            reader,
            page,
            practice: parameters.text("practice").map(|name| if name == ALL_PRACTICES { "" } else { name }.to_owned()),
            of: parameters.text("of").map(str::to_owned),
            events: events(&parameters)?,
            number,
            csv: csv(&parameters)?,
        })
    }
}

/// The reader of an address, and its further parts.
fn reader<'p>(parts: &'p [&'p str]) -> (DemoReader, &'p [&'p str]) {
    match parts {
        ["as", "clinician", person, rest @ ..] => (DemoReader::Clinician((*person).to_owned()), rest),
        ["as", "lead", practice, rest @ ..] => (DemoReader::Lead((*practice).to_owned()), rest),
        ["as", "analyst", rest @ ..] => (DemoReader::Analyst, rest),
        ["as", "operator", rest @ ..] => (DemoReader::Operator, rest),
        all => (DemoReader::Everybody, all),
    }
}

fn page_of(parts: &[&str]) -> Result<SitePage, String> {
    let month = |text: &str| text.parse::<Month>().map_err(|wrong| sentence(&wrong.to_string()));
    Ok(match parts {
        [] | [""] => SitePage::Choice(1),
        ["signin"] => SitePage::SignIn,
        ["measures"] => SitePage::Measures,
        ["operations"] => SitePage::Operations,
        ["access"] => SitePage::Access,
        ["signout"] => SitePage::SignOut,
        ["me"] => SitePage::Month(None),
        ["me", of] => SitePage::Month(Some(month(of)?)),
        ["me", of, measure] => SitePage::Measure(month(of)?, (*measure).to_owned()),
        ["lead", practice] => SitePage::Talks((*practice).to_owned(), None),
        ["lead", practice, of] => SitePage::Talks((*practice).to_owned(), Some(month(of)?)),
        ["practice", practice] => SitePage::Meeting((*practice).to_owned(), None),
        ["practice", practice, of] => SitePage::Meeting((*practice).to_owned(), Some(month(of)?)),
        ["network"] => SitePage::Network(None),
        ["network", of] => SitePage::Network(Some(month(of)?)),
        [first, ..] => SitePage::Absent(hint(first)),
    })
}

/// A word of an address is repeated only if it is near a known one: it may be anything.
fn hint(first: &str) -> String {
    match nearest(first, KNOWN.into_iter()) {
        Some(known) => format!("Is it /{known} that you look for?"),
        None => "The first page lists every reader, and the head of each page its other pages.".to_owned(),
    }
}

/// The parameters that a page knows.
fn known(page: &SitePage) -> &'static [&'static str] {
    match page {
        SitePage::Choice(_) => &["page"],
        SitePage::Month(_) => &["practice", "of", "format"],
        SitePage::Measure(..) => &["practice", "of", "format", "events", "page"],
        SitePage::Access => &["of", "page", "format"],
        SitePage::SignIn => &["to"],
        SitePage::Talks(..) | SitePage::Meeting(..) | SitePage::Network(_) => &["format"],
        _ => &[],
    }
}

fn events(parameters: &Parameters) -> Result<EventChoice, String> {
    match parameters.text("events") {
        None => Ok(EventChoice::Later),
        Some("some") => Ok(EventChoice::Some),
        Some("all") => Ok(EventChoice::All),
        Some(_) => Err("The parameter events is some or all.".to_owned()),
    }
}

fn csv(parameters: &Parameters) -> Result<bool, String> {
    match parameters.text("format") {
        None | Some("html") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err("The parameter format is html or csv.".to_owned()),
    }
}

/// A text of an error as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<PageRequest, String> {
        PageRequest::of(&address.parse().unwrap())
    }

    #[test]
    fn an_address_names_reader_page_and_parameters() {
        let request = read("/as/clinician/gmc%7C7/me/2026-10/dna_rate?practice=all&events=all&page=3&format=csv").unwrap();
        let month = "2026-10".parse().unwrap();
        assert_eq!(request.reader, DemoReader::Clinician("gmc|7".to_owned()));
        assert_eq!(request.page, SitePage::Measure(month, "dna_rate".to_owned()));
        assert_eq!(
            (request.practice.as_deref(), request.events, request.number, request.csv),
            (Some(""), EventChoice::All, 3, true)
        );
        assert_eq!(read("/?page=2").unwrap().page, SitePage::Choice(2));
        assert_eq!(read(&stylesheet_path()).unwrap().page, SitePage::Stylesheet);
    }

    #[test]
    fn a_way_back_leads_to_a_page_of_this_site_alone() {
        let back = |address: &str| PageRequest::way_back(address);
        for own in ["/me", "/me/2026-10?practice=A1", "/lead/A1/2026-10", "/access?page=2"] {
            assert_eq!(back(own).as_deref(), Some(own));
        }
        for other in [
            "",
            "me",
            "//evil.org/me",
            "/\\evil.org",
            "\\\\evil.org",
            "https://evil.org/me",
            "http:me",
            "/%2Fevil.org",
            "/me/../signout",
            "/signout",
            "/signin/start",
            "/as/analyst/network",
            "/me?x=1",
            "/me\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "evil.org:443",
        ] {
            assert_eq!(back(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_mistake_in_an_address_is_named_and_its_value_is_not_repeated() {
        assert!(read("/me/2026-10?practise=A1").unwrap_err().contains("did you mean \"practice\"?"));
        assert!(read("/me/2026-13").unwrap_err().contains("2026-10"));
        for wrong in ["/me/2026-10/x?page=9434765919x", "/me/2026-10/x?events=9434765919", "/me/2026-10?format=9434765919"] {
            let problem = read(wrong).unwrap_err();
            assert!(!problem.contains("943"), "{problem}");
        }
        assert_eq!(read("/messures").unwrap().page, SitePage::Absent("Is it /measures that you look for?".to_owned()));
        let SitePage::Absent(hint) = read("/9434765919").unwrap().page else { panic!("no page") };
        assert!(!hint.contains("943"), "{hint}");
    }
}
