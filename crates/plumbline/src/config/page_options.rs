//! Reads the options of pages with sign-in.

use std::collections::BTreeSet;

use crate::config::config_values::{issuer, path, positive, truth};
use crate::config::given_values::GivenValues;
use crate::config::page_settings::{self, PageOrigin, PageSettings, ProviderSettings, ProxySettings};
use crate::config::quantity;

impl GivenValues {
    /// The options of pages; `None` without `pages.serve`. They are checked in any case.
    pub(crate) fn checked_pages(&mut self) -> Option<PageSettings> {
        let serve = self.value("pages.serve", false, truth);
        let issuer = self.value("pages.issuer", None, issuer);
        let client = self.value("pages.client", String::new(), |text| Ok(text.to_owned()));
        let secret_file = self.value("pages.secret-file", None, |text| Ok(path(text)));
        if issuer.is_some() == client.is_empty() {
            let (given, missing) =
                if issuer.is_some() { ("pages.issuer", "pages.client") } else { ("pages.client", "pages.issuer") };
            let origin = self.options[given].origin.clone();
            self.mistake(origin, format!("{given} is set, and {missing} is not; set both, or neither"));
        }
        let header = self.value("pages.proxy-header", None, page_settings::header);
        let addresses = self.value("pages.proxy-addresses", BTreeSet::new(), page_settings::addresses);
        if header.is_some() == addresses.is_empty() {
            let (given, missing) = if header.is_some() {
                ("pages.proxy-header", "pages.proxy-addresses")
            } else {
                ("pages.proxy-addresses", "pages.proxy-header")
            };
            let origin = self.options[given].origin.clone();
            self.mistake(origin, format!("{given} is set, and {missing} is not; set both, or neither"));
        }
        let settings = PageSettings {
            origin: self.value(
                "pages.url",
                None,
                |text| {
                    if text.is_empty() { Ok(None) } else { PageOrigin::parse(text).map(Some) }
                },
            ),
            wait_seconds: self.value("pages.wait", 0, quantity::seconds),
            idle_seconds: self.value("pages.idle", 1, |text| quantity::seconds(text).and_then(positive)),
            session_seconds: self.value("pages.session", 1, |text| quantity::seconds(text).and_then(positive)),
            analysts: self.value("pages.analysts", BTreeSet::new(), |text| Ok(page_settings::persons(text))),
            administrators: self.value("pages.administrators", BTreeSet::new(), |text| Ok(page_settings::persons(text))),
            auditors: self.value("pages.auditors", BTreeSet::new(), |text| Ok(page_settings::persons(text))),
            locality_leads: self.value("pages.locality-leads", BTreeSet::new(), page_settings::persons_at),
            provider: issuer.map(|issuer| ProviderSettings { issuer, client, secret_file }),
            proxy: header.map(|header| ProxySettings { header, addresses }),
        };
        serve.then_some(settings)
    }
}
