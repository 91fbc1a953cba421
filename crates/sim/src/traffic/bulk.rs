//! Millions of events for measurements, one a line: the usual mixture, formatted directly into one buffer.
//!
//! 65 % prescriptions, 30 % encounters, 4 % feedback and 1 % orders of 200 feeds over 13 months. 2 % of the lines are duplicates,
//! 4 % a version above the last one (a quarter of these retractions) and 0.5 % stale. No version appears with two contents.

use std::io::{self, Write};

use jiff::civil::Date;
use rand::Rng;
use rand_pcg::Pcg64Mcg;

use crate::calendar::London;
use crate::traffic::formulary::{
    APPLIANCE, BROAD, DESOGESTREL, DESOGESTREL_BRAND, Drug, LOW_PRIORITY, NARROW, NSAID_OTHER, NSAID_PREFERRED, OTHER,
};
use crate::traffic::instants::{Clock, Instants, digit};
use crate::traffic::patient::nhs_number;

const FEEDS: u64 = 200;
const CLINICIANS: u64 = 6;
const PATIENTS: u64 = 8_000;
const FIRST: Date = Date::constant(2025, 10, 1);
const MONTHS: i8 = 13;
const DAY: i64 = 86_400;
/// Number of the newest events that a later line may repeat or amend.
const REMEMBERED: usize = 1 << 18;

/// Writes this many native events, one a line. The same number and seed give the same bytes.
///
/// # Errors
/// The errors of `out`.
pub fn simulate(out: &mut impl Write, events: u64, seed: u64) -> io::Result<()> {
    let mut writer = Writer::new(events, seed);
    let mut line = Vec::with_capacity(1 << 16);
    for message in 0..events {
        writer.write_next(&mut line, message);
        if line.len() > (1 << 16) - 1024 {
            out.write_all(&line)?;
            line.clear();
        }
    }
    out.write_all(&line)
}

/// An event that a later line may repeat or amend.
#[derive(Clone, Copy, Debug)]
struct PastEvent {
    /// Its number among all events.
    index: u64,
    /// The number of the encounter that it links.
    link: Option<u64>,
    /// The line of its first version.
    message: u64,
    /// Its newest version, and the lines of this version and of the one before.
    version: u64,
    newest: u64,
    previous: u64,
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Prescription,
    Encounter,
    Feedback,
    Order,
}

struct Writer {
    seed: u64,
    events: u64,
    start: i64,
    span: i64,
    instants: Instants,
    draw: Pcg64Mcg,
    born: Vec<PastEvent>,
    count: u64,
    last_encounter: Vec<Option<u64>>,
}

/// Draws of one version of one event, reproducible from its number.
struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64).try_into().expect("below n")
    }

    fn seconds(&mut self, n: u64) -> i64 {
        self.below(n).cast_signed()
    }
}

/// Spreads the bits of a number (the finaliser of SplitMix64).
fn spread(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn below(rng: &mut Pcg64Mcg, n: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(n)) >> 64).try_into().expect("below n")
}

impl Writer {
    fn new(events: u64, seed: u64) -> Writer {
        let london = London::default();
        let last = FIRST.checked_add(jiff::Span::new().months(MONTHS)).expect("a year later");
        let start = london.at(FIRST, 0) / 1000 + 2 * DAY;
        let earlier = FIRST.checked_sub(jiff::Span::new().days(60)).expect("two months earlier");
        Writer {
            seed,
            events,
            start,
            span: london.at(last, 0) / 1000 - start,
            instants: Instants::lay_out(earlier, 540),
            draw: Pcg64Mcg::new((u128::from(spread(seed)) << 64) | u128::from(spread(!seed))),
            born: Vec::new(),
            count: 0,
            last_encounter: vec![None; usize::try_from(FEEDS).expect("200")],
        }
    }

    /// Second of arrival of a line.
    fn arrival(&self, message: u64) -> i64 {
        let share = u128::from(message) * u128::from(self.span.unsigned_abs()) / u128::from(self.events.max(1));
        self.start + i64::try_from(share).expect("within the span")
    }

    fn dice(&self, index: u64, version: u64) -> Dice {
        let a = spread(self.seed ^ spread(index));
        Dice(Pcg64Mcg::new((u128::from(a) << 64) | u128::from(spread(a ^ version))))
    }

    fn write_next(&mut self, out: &mut Vec<u8>, message: u64) {
        let chance = below(&mut self.draw, 1000);
        if chance >= 65 || self.born.is_empty() {
            let born = self.bear(message);
            self.render(out, &born, born.version, message);
            return;
        }
        let place = self.target();
        let mut born = self.born[place];
        match chance {
            0..40 => {
                (born.version, born.previous, born.newest) = (born.version + 1, born.newest, message);
                self.born[place] = born;
                self.render(out, &born, born.version, message);
            }
            40..45 if born.version > 1 => self.render(out, &born, born.version - 1, born.previous),
            _ => self.render(out, &born, born.version, born.newest),
        }
    }

    /// Usually one of the last 200 events, else any remembered one.
    fn target(&mut self) -> usize {
        let held = self.born.len();
        let recent = below(&mut self.draw, 10) < 7;
        let back = below(&mut self.draw, if recent { 200 } else { u64::MAX >> 1 });
        let newest = usize::try_from((self.count - 1) % (REMEMBERED as u64)).expect("a place in the ring");
        let back = usize::try_from(back % (held as u64)).expect("a place in the ring");
        (newest + held - back) % held
    }

    fn bear(&mut self, message: u64) -> PastEvent {
        let index = self.count;
        self.count += 1;
        let feed = usize::try_from(self.feed_of(index)).expect("200 feeds");
        let kind = self.kind_of(index);
        let linked = matches!(kind, Kind::Prescription | Kind::Order) && below(&mut self.draw, 10) < 7;
        let link = if linked { self.last_encounter[feed] } else { None };
        if kind == Kind::Encounter {
            self.last_encounter[feed] = Some(index);
        }
        let born = PastEvent { index, link, message, version: 1, newest: message, previous: message };
        let place = usize::try_from(index % (REMEMBERED as u64)).expect("a place in the ring");
        if place < self.born.len() {
            self.born[place] = born;
        } else {
            self.born.push(born);
        }
        born
    }

    fn feed_of(&self, index: u64) -> u64 {
        spread(index.wrapping_mul(3) ^ self.seed) % FEEDS
    }

    fn kind_of(&self, index: u64) -> Kind {
        match spread(index.wrapping_mul(5) ^ !self.seed) % 100 {
            0..65 => Kind::Prescription,
            65..95 => Kind::Encounter,
            95..99 => Kind::Feedback,
            _ => Kind::Order,
        }
    }

    /// Appends the line of one version, first written as line `message`.
    fn render(&self, out: &mut Vec<u8>, born: &PastEvent, version: u64, message: u64) {
        let kind = self.kind_of(born.index);
        let feed = self.feed_of(born.index);
        let mut base = self.dice(born.index, 1);
        let mut dice = self.dice(born.index, version);
        let unversioned = base.below(10) == 0 && version == 1;
        out.extend_from_slice(b"{\"feed\":\"z");
        push_number(out, 90_001 + feed);
        out.extend_from_slice(b"-emis\",\"id\":\"");
        self.push_id(out, born.index);
        out.push(b'"');
        if !unversioned {
            out.extend_from_slice(b",\"version\":");
            push_number(out, version);
        }
        out.extend_from_slice(match kind {
            Kind::Prescription => b",\"type\":\"prescription\"" as &[u8],
            Kind::Encounter => b",\"type\":\"encounter\"",
            Kind::Feedback => b",\"type\":\"feedback\"",
            Kind::Order => b",\"type\":\"order\"",
        });
        // A quarter of the later versions are retractions. A version after a retraction records the event again.
        if version > 1 && dice.below(4) == 0 {
            out.extend_from_slice(b",\"action\":\"retract\"}\n");
            return;
        }
        self.render_record(out, born, kind, message, (&mut base, &mut dice));
    }

    fn render_record(&self, out: &mut Vec<u8>, born: &PastEvent, kind: Kind, message: u64, (base, dice): (&mut Dice, &mut Dice)) {
        if base.below(10) > 0 {
            out.extend_from_slice(b",\"action\":\"record\"");
        }
        let recorded = self.arrival(message) - dice.seconds(31);
        let first = self.arrival(born.message) - 30;
        let clock = match base.below(100) {
            0 => Clock::Behind,
            1..3 => Clock::Ahead,
            3..8 => Clock::Utc,
            _ => Clock::London,
        };
        let occurred = self.occurred(first.min(recorded), base, dice, message != born.message);
        out.extend_from_slice(b",\"occurred_at\":\"");
        self.instants.write(out, occurred, clock);
        out.extend_from_slice(b"\",\"recorded_at\":\"");
        self.instants.write(out, recorded, Clock::London);
        let feed = self.feed_of(born.index);
        let mut clinician = base.below(CLINICIANS);
        if message != born.message && dice.below(10) < 3 {
            clinician = dice.below(CLINICIANS);
        }
        out.extend_from_slice(b"\",\"clinician\":{\"system\":\"gmc\",\"value\":\"");
        push_number(out, 7_000_000 + feed * CLINICIANS + clinician);
        out.extend_from_slice(b"\"},\"practice\":\"Z");
        push_number(out, 90_001 + feed);
        out.extend_from_slice(b"\",\"patient\":\"");
        out.extend_from_slice(&nhs_number(feed * PATIENTS + base.below(PATIENTS)));
        out.push(b'"');
        let payload = if dice.below(4) == 0 { base } else { dice };
        match kind {
            Kind::Prescription => self.prescription(out, payload, born.link),
            Kind::Encounter => self.encounter(out, payload, occurred, clock),
            Kind::Feedback => feedback(out, payload),
            Kind::Order => self.order(out, payload, born.link),
        }
        out.extend_from_slice(b"}\n");
    }

    /// Day and time of an event: up to six days before its first line, usually in surgery hours. An amendment moves one event in
    /// five by up to 40 days.
    fn occurred(&self, first: i64, base: &mut Dice, dice: &mut Dice, amended: bool) -> i64 {
        let back = match base.below(10) {
            0..7 => base.seconds(6 * 3600),
            7..9 => base.seconds(36 * 3600),
            _ => base.seconds(6 * 86_400),
        };
        let mut at = first - back;
        if amended && dice.below(5) == 0 {
            at -= dice.seconds(40 * 86_400);
        }
        let offset = self.instants.london_offset(at);
        let midnight = (at + offset).div_euclid(DAY) * DAY - offset;
        let surgery = base.below(100) < 93;
        let redrawn = midnight + if surgery { 8 * 3600 + base.seconds(11 * 3600) } else { base.seconds(86_400) };
        if redrawn <= first { redrawn } else { at }
    }

    fn push_id(&self, out: &mut Vec<u8>, index: u64) {
        let a = spread(self.seed.rotate_left(32) ^ spread(index ^ 0x1d));
        let halves = [a, spread(a)];
        for (place, byte) in halves.iter().flat_map(|half| half.to_be_bytes()).enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                out.push(b'-');
            }
            out.extend_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
    }

    fn push_link(&self, out: &mut Vec<u8>, link: Option<u64>) {
        if let Some(index) = link {
            out.extend_from_slice(b",\"encounter\":\"");
            self.push_id(out, index);
            out.push(b'"');
        }
        out.push(b'}');
    }

    fn prescription(&self, out: &mut Vec<u8>, dice: &mut Dice, link: Option<u64>) {
        let drug = drug(dice);
        let branded = drug.code.len() == 15 && drug.code[9..].starts_with("AA") && dice.below(100) < 18;
        out.extend_from_slice(b",\"prescription\":{\"code\":\"");
        if branded {
            out.extend_from_slice(&drug.code.as_bytes()[..9]);
            out.extend_from_slice(b"BB");
            out.extend_from_slice(&drug.code.as_bytes()[11..]);
        } else {
            out.extend_from_slice(drug.code.as_bytes());
        }
        let items = 1 + dice.below(8) / 7;
        out.extend_from_slice(b"\",\"code_system\":\"bnf\",\"quantity\":");
        push_thousandths(out, drug.quantity_milli.unsigned_abs() * items);
        if items > 1 || dice.below(10) > 0 {
            out.extend_from_slice(b",\"items\":");
            push_number(out, items);
        }
        out.extend_from_slice(b",\"cost_pence\":");
        push_number(out, drug.pence.unsigned_abs() * items + dice.below(40));
        let repeat = dice.below(2) == 0;
        out.extend_from_slice(if repeat { b",\"repeat\":true" } else { b",\"repeat\":false" });
        self.push_link(out, link);
    }

    fn encounter(&self, out: &mut Vec<u8>, dice: &mut Dice, occurred: i64, clock: Clock) {
        const MODES: [&str; 8] =
            ["face_to_face", "face_to_face", "face_to_face", "face_to_face", "telephone", "telephone", "video", "home"];
        let status = match dice.below(100) {
            0..94 => "attended",
            94..99 => "noshow",
            _ => "unknown",
        };
        out.extend_from_slice(b",\"encounter\":{\"mode\":\"");
        out.extend_from_slice(MODES[usize::try_from(dice.below(8)).expect("8")].as_bytes());
        out.extend_from_slice(b"\",\"status\":\"");
        out.extend_from_slice(status.as_bytes());
        out.push(b'"');
        if dice.below(10) < 8 {
            out.extend_from_slice(b",\"booked_at\":\"");
            let days = dice.seconds(12) - 3;
            self.instants.write(out, occurred - 60 - days.max(0) * DAY, clock);
            out.push(b'"');
        }
        if status == "attended" {
            out.extend_from_slice(b",\"minutes\":");
            push_number(out, 4 + dice.below(8) + dice.below(8));
        }
        out.extend_from_slice(b",\"planned_minutes\":");
        push_number(out, 10 + 5 * (dice.below(8) / 6));
        out.push(b'}');
    }

    fn order(&self, out: &mut Vec<u8>, dice: &mut Dice, link: Option<u64>) {
        let category = match dice.below(10) {
            0..6 => "referral",
            6..9 => "test",
            _ => "imaging",
        };
        out.extend_from_slice(b",\"order\":{\"category\":\"");
        out.extend_from_slice(category.as_bytes());
        out.push(b'"');
        self.push_link(out, link);
    }
}

fn feedback(out: &mut Vec<u8>, dice: &mut Dice) {
    let answer = match dice.below(100) {
        0..62 => "very_good",
        62..88 => "good",
        88..92 => "neither",
        92..95 => "poor",
        95..97 => "very_poor",
        _ => "dont_know",
    };
    out.extend_from_slice(b",\"feedback\":{\"answer\":\"");
    out.extend_from_slice(answer.as_bytes());
    out.extend_from_slice(b"\"}");
}

fn drug(dice: &mut Dice) -> Drug {
    let one_of = |drugs: &[Drug], dice: &mut Dice| drugs[usize::try_from(dice.below(drugs.len() as u64)).expect("its length")];
    match dice.below(200) {
        0..8 => one_of(&NARROW, dice),
        8 => one_of(&BROAD, dice),
        9..13 => one_of(&NSAID_PREFERRED, dice),
        13 => one_of(&NSAID_OTHER, dice),
        14..17 => DESOGESTREL,
        17 => DESOGESTREL_BRAND,
        18 => one_of(&LOW_PRIORITY, dice),
        19..25 => APPLIANCE,
        _ => one_of(&OTHER, dice),
    }
}

fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble)]
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut place = digits.len();
    loop {
        place -= 1;
        digits[place] = digit((number % 10).cast_signed());
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[place..]);
}

fn push_thousandths(out: &mut Vec<u8>, milli: u64) {
    push_number(out, milli / 1000);
    let rest = milli % 1000;
    if rest > 0 {
        out.push(b'.');
        out.extend_from_slice(&[rest / 100, rest / 10 % 10, rest % 10].map(|d| digit(d.cast_signed())));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn lines(events: u64, seed: u64) -> Vec<String> {
        let mut out = Vec::new();
        simulate(&mut out, events, seed).expect("memory takes everything");
        String::from_utf8(out).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(lines(3_000, 7), lines(3_000, 7));
        assert_ne!(lines(100, 7), lines(100, 8));
    }

    #[test]
    fn the_mixture_is_as_documented() {
        let all = lines(40_000, 1);
        assert_eq!(all.len(), 40_000);
        let share = |word: &str| all.iter().filter(|l| l.contains(word)).count() * 1000 / all.len();
        assert!((635..665).contains(&share("\"type\":\"prescription\"")));
        assert!((285..315).contains(&share("\"type\":\"encounter\"")));
        assert!((32..48).contains(&share("\"type\":\"feedback\"")));
        assert!((6..15).contains(&share("\"type\":\"order\"")));
        assert!((6..15).contains(&share("\"action\":\"retract\"")));
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        let again = (all.len() - distinct.len()) * 1000 / all.len();
        assert!((15..32).contains(&again), "{again}");
    }

    #[test]
    fn no_version_appears_with_two_contents_and_nothing_is_recorded_before_it_happens() {
        let mut seen: BTreeMap<(String, u64), String> = BTreeMap::new();
        for line in lines(40_000, 2) {
            let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            let key = (event["id"].as_str().expect("an id").to_owned(), event["version"].as_u64().unwrap_or(1));
            let instant = |name: &str| event[name].as_str().map(|t| t.parse::<jiff::Timestamp>().expect("RFC 3339"));
            assert!(instant("occurred_at") <= instant("recorded_at"), "{line}");
            let kind = event["type"].as_str().expect("a type");
            assert!(event["action"] == "retract" || event[kind].is_object(), "{line}");
            if let Some(earlier) = seen.insert(key, line.clone()) {
                assert_eq!(earlier, line);
            }
        }
    }
}
