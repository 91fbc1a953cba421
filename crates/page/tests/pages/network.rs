//! A network with its cards and groups, and the pages of them.

use page::frame::addresses::Addresses;
use page::frame::navigation::{Navigation, SitePart};
use page::pages::event_section::MeasureEvents;
use page::pages::measure_page::measure_page;
use page::pages::month_page::month_page;
use page::pages::open_card::{CardLink, OpenCard, RevisionNote};
use scorecard::card::public_group::PeerGroup;
use scorecard::card::scorecard::{Cause, Content, Quality, Reasons, SCHEMA, Scorecard};
use scorecard::measure::measure_set::MeasureSet;
use scorecard::peer_group::disclosed_figures::public_group;
use scorecard::scoring::disclosure::Audience;
use scorecard::time::calendar::{Day, Month, Timestamp};

use crate::random_cards::{RandomCards, month, random_cards};

/// A network and its published records.
pub struct Network {
    pub random: RandomCards,
    pub cards: Vec<Scorecard>,
    pub groups: Vec<PeerGroup>,
}

pub fn card_of(content: Content) -> Scorecard {
    Scorecard {
        schema: SCHEMA,
        scorecard_id: "00000000-0000-5000-8000-000000000001".to_owned(),
        revision: 2,
        supersedes: None,
        reasons: Reasons::one(Cause::Late, 1),
        cut: Timestamp(1_800_000_000_000),
        run_id: String::new(),
        engine_version: "0.1.0".to_owned(),
        measure_set: "0123456789abcdef0011223344556677".to_owned(),
        content_hash: String::new(),
        content,
        quality: Quality::default(),
    }
}

/// The network of this seed.
pub fn network(seed: u64) -> Network {
    let random = random_cards(seed);
    let set = &random.measures;
    let of = |network: &scorecard::peer_group::peer_network::PeerNetwork| {
        let id = network.key.measure.split('@').next().expect("an id");
        public_group(&set.measures()[set.index_of(id).expect("a measure of the set")], network)
    };
    let groups = random.peers.networks().map(of).collect();
    let cards = random.cards.iter().cloned().map(card_of).collect();
    Network { random, cards, groups }
}

/// The first network from this seed on with at least this many cards and without roll-ups.
pub fn large_network(from: u64, least: usize) -> Network {
    let has_roll_up = |network: &Network| network.cards.iter().any(|card| card.content.subject.practice.is_empty());
    (from..from + 200).map(network).find(|one| one.cards.len() >= least && !has_roll_up(one)).expect("one of 200 is large")
}

pub fn a_day() -> Day {
    Day::from_ymd(2026, 12, 5).expect("a day")
}

pub fn navigation() -> Navigation {
    Navigation {
        addresses: Addresses::under("/as/clinician/p1"),
        links: vec![
            (SitePart::Month, "/as/clinician/p1/me".to_owned()),
            (SitePart::Measures, "/as/clinician/p1/measures".to_owned()),
        ],
        current: Some(SitePart::Month),
        footer: None,
    }
}

/// A reading with all lists empty.
pub fn reading<'a>(card: &'a Scorecard, measures: &'a MeasureSet, groups: &'a [PeerGroup]) -> OpenCard<'a> {
    const NO_LEADS: &[String] = &[];
    const NO_REVISIONS: &[RevisionNote] = &[];
    const NO_CARDS: &[CardLink] = &[];
    OpenCard {
        card,
        measures,
        groups,
        audience: Audience::Own,
        name: None,
        practice_name: None,
        leads: NO_LEADS,
        final_on: a_day(),
        revisions: NO_REVISIONS,
        cards: NO_CARDS,
        wait_days: None,
        looks: None,
    }
}

impl Network {
    pub fn reading<'a>(&'a self, card: &'a Scorecard) -> OpenCard<'a> {
        reading(card, &self.random.measures, &self.groups)
    }

    pub fn month_page(&self, card: &Scorecard) -> String {
        month_page(&self.reading(card), &navigation())
    }

    pub fn measure_page(&self, card: &Scorecard, id: &str) -> String {
        let measure = card.content.measures.iter().find(|measure| *measure.id == *id).expect("a measure of the card");
        let name = format!("{id}@{}", measure.version);
        let figures = self.random.peers.find(&name, "unknown").map(|network| &network.figures);
        measure_page(&self.reading(card), id, figures, MeasureEvents::Offered, &navigation()).expect("a page")
    }
}

pub fn of_month() -> Month {
    month()
}
