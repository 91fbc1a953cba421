//! One encounter and the events that follow from it: prescriptions, orders and an answer, drawn from the clinician's true rates.

use std::collections::BTreeMap;

use crate::calendar::London;
use crate::traffic::draft::{Detail, Diagnosis, Draft, Encounter, Feedback, Number, Order, Prescription, rfc3339};
use crate::traffic::draw::Draw;
use crate::traffic::formulary::{
    APPLIANCE, APPLIANCE_SHARE, BRAND_FACTOR, BROAD, DESOGESTREL, DESOGESTREL_BRAND, Drug, LOW_PRIORITY, NARROW, NSAID_OTHER,
    NSAID_PREFERRED, OTHER, branded,
};
use crate::traffic::patient::nhs_number;
use crate::traffic::population::{Clinician, Practice};
use crate::traffic::truth::Rates;

/// Place, clinician and time of a consultation.
pub(crate) struct Surgery<'a> {
    pub london: &'a London,
    pub practice: &'a Practice,
    pub clinician: &'a Clinician,
    /// The end of the traffic: every event is before it.
    pub end: i64,
}

/// Numbers the events of one traffic.
#[derive(Clone, Debug, Default)]
pub(crate) struct Serial(u64);

impl Serial {
    fn next(&mut self, prefix: &str) -> String {
        self.0 += 1;
        format!("{prefix}-{}", self.0)
    }
}

/// The encounter that begins at this instant, then the events that link it.
pub(crate) fn hold(surgery: &Surgery<'_>, occurred: i64, serial: &mut Serial, draw: &mut Draw) -> (Draft, Vec<Draft>) {
    let patient = nhs_number(u64::try_from(draw.between(0, 899_999)).expect("not negative"));
    let patient = String::from_utf8_lossy(&patient).into_owned();
    let mut room = Room { surgery, serial, draw, patient, encounter: String::new() };
    let visit = room.visit(occurred);
    room.encounter.clone_from(&visit.id);
    let attended = matches!(&visit.detail, Detail::Encounter(e) if e.status == "attended");
    let rest = if attended { room.consequences(occurred) } else { Vec::new() };
    (visit, rest)
}

struct Room<'a> {
    surgery: &'a Surgery<'a>,
    serial: &'a mut Serial,
    draw: &'a mut Draw,
    patient: String,
    encounter: String,
}

impl Room<'_> {
    fn rates(&self) -> &Rates {
        &self.surgery.clinician.rates
    }

    fn draft(&mut self, prefix: &str, occurred: i64, detail: Detail) -> Draft {
        let offset = match self.draw.between(0, 99) {
            0 => -18_000,
            1..=2 => 7_200,
            3..=7 => 0,
            _ => self.surgery.london.offset_seconds(occurred),
        };
        let placeless = self.draw.chance(if detail.link().is_some() { 0.03 } else { 0.012 });
        let clinician = self.number();
        Draft {
            feed: self.surgery.practice.feed.clone(),
            id: self.serial.next(prefix),
            occurred,
            offset,
            clinician,
            practice: (!placeless).then(|| self.surgery.practice.code.clone()),
            patient: self.patient.clone(),
            age_band: None,
            sex: None,
            exclude: None,
            pca: Vec::new(),
            detail,
        }
    }

    fn number(&mut self) -> Number {
        let clinician = self.surgery.clinician;
        match &clinician.gmp {
            Some(gmp) if self.draw.chance(0.3) => Number { system: "gmp", value: gmp.clone() },
            _ => Number { system: "gmc", value: clinician.gmc.clone() },
        }
    }

    fn visit(&mut self, occurred: i64) -> Draft {
        let status = if self.draw.chance(0.012) {
            "unknown"
        } else if self.draw.chance(self.rates().noshow) {
            "noshow"
        } else {
            "attended"
        };
        let mode = *self.draw.weighted(&[("face_to_face", 62), ("telephone", 28), ("video", 3), ("home", 4), ("other", 3)]);
        let known = status == "attended" && self.draw.chance(0.95);
        let minutes = known.then(|| self.minutes());
        let booked = self.draw.chance(0.8).then(|| self.booking(occurred));
        let planned_minutes = self.draw.chance(0.9).then(|| *self.draw.weighted(&[(10, 70), (15, 20), (20, 10)]));
        let detail = Encounter { mode, status, booked_at: None, minutes, planned_minutes, diagnoses: self.diagnoses(status) };
        let mut draft = self.draft("e", occurred, Detail::Encounter(detail));
        if let Detail::Encounter(e) = &mut draft.detail {
            e.booked_at = booked.map(|at| rfc3339(at, draft.offset));
        }
        draft
    }

    fn minutes(&mut self) -> i64 {
        whole(self.draw.around(self.surgery.clinician.rates.minutes, 0.28)).clamp(1, 60)
    }

    /// Booking time: on the day of the encounter at the clinician's rate, else up to four weeks before.
    fn booking(&mut self, occurred: i64) -> i64 {
        let london = self.surgery.london;
        let day = london.day_of(occurred);
        let midnight = london.at(day, 0);
        if self.draw.chance(self.surgery.clinician.rates.same_day) {
            return midnight + self.draw.between(0, (occurred - midnight) / 1000) * 1000;
        }
        let days = i32::try_from(self.draw.between(1, 28)).expect("at most 28");
        london.plus(midnight, -days, 0) + self.draw.between(8 * 3600, 18 * 3600) * 1000
    }

    fn diagnoses(&mut self, status: &str) -> Vec<Diagnosis> {
        const COMMON: [&str; 4] = ["54150009", "38341003", "44054006", "195967001"];
        if status != "attended" || !self.draw.chance(0.25) {
            return Vec::new();
        }
        vec![Diagnosis { code: self.draw.pick::<&str>(&COMMON), code_system: "snomed" }]
    }

    fn consequences(&mut self, occurred: i64) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for drug in self.prescriptions() {
            let written = occurred + self.draw.between(60, 480) * 1000;
            let detail = Detail::Prescription(drug);
            self.keep(&mut drafts, "rx", written, detail);
        }
        let rates = *self.rates();
        for (category, rate) in [("referral", rates.referral), ("test", 0.12), ("imaging", 0.02)] {
            if self.draw.chance(rate) {
                let coded = self.draw.chance(0.5);
                let encounter = self.link(0.9);
                let order =
                    Order { category, code: coded.then_some("306206005"), code_system: coded.then_some("snomed"), encounter };
                let ordered = occurred + self.draw.between(60, 480) * 1000;
                self.keep(&mut drafts, "or", ordered, Detail::Order(order));
            }
        }
        if self.draw.chance(rates.feedback) {
            let answered = occurred + self.draw.between(900, 9 * 86_400) * 1000;
            let detail = Detail::Feedback(self.answer());
            self.keep(&mut drafts, "fb", answered, detail);
        }
        drafts
    }

    fn keep(&mut self, drafts: &mut Vec<Draft>, prefix: &str, occurred: i64, detail: Detail) {
        if occurred < self.surgery.end {
            let draft = self.draft(prefix, occurred, detail);
            drafts.push(draft);
        }
    }

    fn link(&mut self, probability: f64) -> Option<String> {
        self.draw.chance(probability).then(|| self.encounter.clone())
    }

    fn prescriptions(&mut self) -> Vec<Prescription> {
        let rates = *self.rates();
        let mut all = Vec::new();
        if self.draw.chance(rates.antibiotic) {
            let broad = self.draw.chance(rates.broad_spectrum);
            let drug = if broad { *self.draw.pick(&BROAD) } else { *self.draw.pick(&NARROW) };
            all.push(self.generic_or_brand(drug, Use::Begun));
        }
        if self.draw.chance(rates.nsaid) {
            let other = self.draw.chance(rates.nsaid_nonpreferred);
            let drug = if other { *self.draw.pick(&NSAID_OTHER) } else { *self.draw.pick(&NSAID_PREFERRED) };
            all.push(self.generic_or_brand(drug, Use::Begun));
        }
        if self.draw.chance(rates.desogestrel) {
            let brand = self.draw.chance(rates.desogestrel_branded);
            all.push(self.item(if brand { DESOGESTREL_BRAND } else { DESOGESTREL }, Use::Either));
        }
        if self.draw.chance(rates.low_priority) {
            let drug = *self.draw.pick(&LOW_PRIORITY);
            all.push(Prescription { items: Some(1), ..self.single(drug) });
        }
        for _ in 0..self.draw.count(rates.other) {
            let one = self.other();
            all.push(one);
        }
        all
    }

    fn other(&mut self) -> Prescription {
        if self.draw.chance(APPLIANCE_SHARE) {
            return self.item(APPLIANCE, Use::Either);
        }
        let drug = *self.draw.pick(&OTHER);
        let mut one = self.generic_or_brand(drug, Use::Either);
        if self.draw.chance(0.01) {
            let (code, code_system) = *self.draw.pick(&[("322236009", "snomed"), ("197361", "rxnorm")]);
            (one.code, one.code_system) = (code.into(), code_system);
        }
        if self.draw.chance(0.03) {
            one.cost_pence = None;
        }
        if self.draw.chance(0.02) {
            one.quantity = None;
        }
        one
    }

    fn generic_or_brand(&mut self, drug: Drug, usage: Use) -> Prescription {
        if self.draw.chance(self.surgery.clinician.rates.generic) {
            return self.item(drug, usage);
        }
        let mut one = self.item(drug, usage);
        one.code = branded(drug.code).into();
        one.cost_pence = one.cost_pence.map(|pence| pence * BRAND_FACTOR);
        one
    }

    fn item(&mut self, drug: Drug, usage: Use) -> Prescription {
        let items = *self.draw.weighted(&[(1, 85), (2, 12), (3, 3)]);
        let repeat = match usage {
            Use::Begun => false,
            Use::Either => self.draw.chance(0.6),
        };
        Prescription {
            quantity: Some(decimal(drug.quantity_milli * items)),
            items: (items != 1 || self.draw.chance(0.7)).then_some(items),
            cost_pence: Some(self.pence(drug, items)),
            adq: self.draw.chance(0.1).then(|| decimal(items * 10_500)),
            repeat: (repeat || self.draw.chance(0.8)).then_some(repeat),
            encounter: self.link(0.92),
            code: drug.code.into(),
            code_system: "bnf",
        }
    }

    /// One item of a new or of a repeat prescription.
    fn single(&mut self, drug: Drug) -> Prescription {
        let one = self.item(drug, Use::Either);
        Prescription { quantity: Some(decimal(drug.quantity_milli)), cost_pence: Some(self.pence(drug, 1)), ..one }
    }

    fn pence(&self, drug: Drug, items: i64) -> i64 {
        let usual = i32::try_from(drug.pence * items).expect("a few thousand pence");
        whole(f64::from(usual) * self.surgery.clinician.rates.price)
    }

    fn answer(&mut self) -> Feedback {
        let positive = self.draw.chance(self.surgery.clinician.rates.positive);
        let answer = if positive {
            *self.draw.weighted(&[("very_good", 70), ("good", 30)])
        } else {
            *self.draw.weighted(&[("neither", 40), ("poor", 25), ("very_poor", 15), ("dont_know", 20)])
        };
        let only_items = self.draw.chance(0.03);
        let mut items = BTreeMap::new();
        if only_items || self.draw.chance(0.3) {
            items.insert("listened", if positive { "yes_definitely" } else { "no" });
        }
        Feedback { answer: (!only_items).then_some(answer), items, encounter: self.link(0.85) }
    }
}

/// The relation of a prescription to earlier ones.
#[derive(Clone, Copy)]
enum Use {
    /// A new decision.
    Begun,
    /// A new decision or a repeat.
    Either,
}

/// The nearest whole number of a small value.
#[expect(clippy::cast_possible_truncation, reason = "minutes and pence of one event are far below 2^53")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// Thousandths as a JSON number.
fn decimal(milli: i64) -> serde_json::Number {
    if milli % 1000 == 0 {
        return (milli / 1000).into();
    }
    let exact = f64::from(i32::try_from(milli).expect("at most some thousand units")) / 1000.0;
    serde_json::Number::from_f64(exact).expect("a quotient of finite numbers")
}
