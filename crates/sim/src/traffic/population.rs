//! A population: practices in networks and localities, clinicians with numbers, roles and true rates, and their registry.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::json;

use crate::traffic::draw::Draw;
use crate::traffic::truth::Rates;

/// The size of a population.
#[derive(Clone, Debug)]
pub struct PopulationConfig {
    /// The same seed gives the same population.
    pub seed: u64,
    /// Number of practices. The last one is out of scope (urgent care); the one before it closes.
    pub practices: usize,
    /// Number of primary care networks.
    pub pcns: usize,
    /// Number of localities.
    pub localities: usize,
    /// Number of clinicians. The last one is in no registry.
    pub clinicians: usize,
    /// The day of change: one practice has closed the day before, and one trainee is a GP from then on.
    pub change: Date,
}

impl Default for PopulationConfig {
    fn default() -> PopulationConfig {
        PopulationConfig { seed: 1, practices: 10, pcns: 3, localities: 2, clinicians: 60, change: Date::constant(2026, 9, 1) }
    }
}

/// A practice and its one source system.
#[derive(Clone, Debug)]
pub struct Practice {
    /// ODS code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Name of its feed.
    pub feed: String,
    /// Code of its primary care network.
    pub pcn: String,
    /// `gp`, or a setting that is out of scope.
    pub setting: &'static str,
    /// The last day on which the practice was open, if it closes.
    pub open_until: Option<Date>,
}

/// A clinician's work at one practice.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    /// Index of the practice in [`Population::practices`].
    pub practice: usize,
    /// Share of the clinician's encounters.
    pub share: f64,
}

/// A clinician.
#[derive(Clone, Debug)]
pub struct Clinician {
    /// Id of the person in the registry; the number itself for a clinician without an entry.
    pub id: String,
    /// General Medical Council number or a similar one, seven digits.
    pub gmc: String,
    /// A second number of some of their events: `G` and seven digits.
    pub gmp: Option<String>,
    /// The role at the end.
    pub role: &'static str,
    /// The role before the day of change, when it differs.
    pub former_role: Option<&'static str>,
    /// Whether the role is a locum's.
    pub locum: bool,
    /// Whether the registry has an entry.
    pub registered: bool,
    /// One practice or two.
    pub posts: Vec<Post>,
    /// The true rates.
    pub rates: Rates,
}

/// A population.
#[derive(Clone, Debug)]
pub struct Population {
    /// The practices.
    pub practices: Vec<Practice>,
    /// Code of each primary care network and code of its locality.
    pub pcns: Vec<(String, String)>,
    /// Codes of the localities.
    pub localities: Vec<String>,
    /// The clinicians.
    pub clinicians: Vec<Clinician>,
    change: Date,
}

const NAMES: [&str; 12] = [
    "Elm Grove",
    "Riverside",
    "Mill Lane",
    "St Anne's",
    "Highfield",
    "Station Road",
    "The Orchard",
    "Priory",
    "Castle Hill",
    "Meadow View",
    "Canal Street",
    "Park House",
];
const SYSTEMS: [&str; 3] = ["emis", "systmone", "emis"];
const ROLES: [(&str, u32); 5] = [("gp", 60), ("nurse", 15), ("pharmacist", 9), ("paramedic", 6), ("trainee", 10)];
const DRAWS: u64 = 0x0009_0009;

impl Population {
    /// The population of this configuration.
    #[must_use]
    pub fn generate(config: &PopulationConfig) -> Population {
        let mut draw = Draw::seeded(config.seed, DRAWS);
        let localities: Vec<String> = (0..config.localities.max(1)).map(|n| format!("Q{:02}", 70 + n)).collect();
        let pcns: Vec<(String, String)> =
            (0..config.pcns.max(1)).map(|n| (format!("U{:05}", 10_001 + n), localities[n % localities.len()].clone())).collect();
        let practices: Vec<Practice> = (0..config.practices.max(1)).map(|n| practice(n, config, &pcns)).collect();
        let mut clinicians: Vec<Clinician> =
            (0..config.clinicians.max(1)).map(|n| clinician(n, practices.len(), &mut draw)).collect();
        if let Some(last) = clinicians.last_mut() {
            last.registered = false;
            last.id = format!("gmc|{}", last.gmc);
            last.gmp = None;
        }
        if let Some(trainee) = clinicians.iter_mut().find(|c| c.role == "trainee") {
            trainee.former_role = Some("trainee");
            trainee.role = "gp";
        }
        Population { practices, pcns, localities, clinicians, change: config.change }
    }

    /// Name and declared practice of each feed.
    pub fn feeds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.practices.iter().map(|p| (p.feed.as_str(), p.code.as_str()))
    }

    /// The true rates of the person with this id.
    #[must_use]
    pub fn truth(&self, person: &str) -> Option<&Rates> {
        self.clinicians.iter().find(|c| c.id == person).map(|c| &c.rates)
    }

    /// The registry as NDJSON: localities, networks, practices, persons, roles, one object a line.
    #[must_use]
    pub fn registry(&self) -> String {
        let mut text = String::new();
        let mut line = |value: serde_json::Value| writeln!(text, "{value}").expect("text grows as needed");
        for code in &self.localities {
            line(json!({"type": "organisation", "code": code, "name": format!("Locality {code}"), "kind": "locality"}));
        }
        for (code, locality) in &self.pcns {
            let name = format!("Primary care network {code}");
            line(json!({"type": "organisation", "code": code, "name": name, "kind": "pcn", "parent": locality}));
        }
        for p in &self.practices {
            line(practice_entry(p));
        }
        let registered = || self.clinicians.iter().filter(|c| c.registered);
        for c in registered() {
            let aliases: Vec<String> =
                std::iter::once(format!("gmc|{}", c.gmc)).chain(c.gmp.iter().map(|g| format!("gmp|{g}"))).collect();
            line(json!({"type": "person", "id": c.id, "aliases": aliases}));
        }
        for c in registered() {
            for post in &c.posts {
                self.roles(c, post).into_iter().for_each(&mut line);
            }
        }
        text
    }

    /// The role of a clinician at one practice: one entry, or one before and one after the day of change.
    fn roles(&self, c: &Clinician, post: &Post) -> Vec<serde_json::Value> {
        let practice = &self.practices[post.practice].code;
        let entry = |role| json!({"type": "role", "person": c.id, "practice": practice, "role": role, "locum": c.locum});
        let Some(former) = c.former_role else { return vec![entry(c.role)] };
        let (mut before, mut after) = (entry(former), entry(c.role));
        before["until"] = self.change.yesterday().expect("not the first of all days").to_string().into();
        after["from"] = self.change.to_string().into();
        vec![before, after]
    }
}

fn practice_entry(p: &Practice) -> serde_json::Value {
    let mut entry = json!({
        "type": "organisation", "code": p.code, "name": p.name, "kind": "practice", "parent": p.pcn, "setting": p.setting
    });
    if let Some(until) = p.open_until {
        entry["open_until"] = until.to_string().into();
    }
    entry
}

fn practice(n: usize, config: &PopulationConfig, pcns: &[(String, String)]) -> Practice {
    let code = format!("A{}", 81_001 + n);
    let last = config.practices > 2 && n + 1 == config.practices;
    let closes = config.practices > 2 && n + 2 == config.practices;
    Practice {
        name: format!("{} Surgery", NAMES[n % NAMES.len()]),
        feed: format!("{}-{}", code.to_lowercase(), SYSTEMS[n % SYSTEMS.len()]),
        pcn: pcns[n % pcns.len()].0.clone(),
        setting: if last { "urgent_care" } else { "gp" },
        open_until: if closes { Some(config.change.yesterday().expect("not the first of all days")) } else { None },
        code,
    }
}

fn clinician(n: usize, practices: usize, draw: &mut Draw) -> Clinician {
    let number = 7_000_101 + n * 7;
    let role = *draw.weighted(&ROLES);
    Clinician {
        id: if n.is_multiple_of(5) { format!("person-{:04}", n + 1) } else { format!("gmc|{number}") },
        gmc: number.to_string(),
        gmp: draw.chance(0.3).then(|| format!("G{}", 3_400_201 + n * 3)),
        role,
        former_role: None,
        locum: draw.chance(0.12),
        registered: true,
        posts: posts(practices, draw),
        rates: Rates::around_the_network(draw),
    }
}

/// One practice; two for one clinician in six. The first practice has four times the people of most, the second twice.
fn posts(practices: usize, draw: &mut Draw) -> Vec<Post> {
    let weights: Vec<(usize, u32)> = (0..practices).map(|n| (n, [4, 2].get(n).copied().unwrap_or(1))).collect();
    let home = *draw.weighted(&weights);
    let away = *draw.weighted(&weights);
    if away == home || !draw.chance(0.2) {
        return vec![Post { practice: home, share: 1.0 }];
    }
    vec![Post { practice: home, share: 0.6 }, Post { practice: away, share: 0.4 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_registry_and_another_seed_another() {
        let registry = |seed| Population::generate(&PopulationConfig { seed, ..PopulationConfig::default() }).registry();
        assert_eq!(registry(4), registry(4));
        assert_ne!(registry(4), registry(5));
    }

    #[test]
    fn every_default_population_has_roll_ups_second_numbers_locums_and_a_large_practice() {
        for seed in 0..20 {
            let p = Population::generate(&PopulationConfig { seed, ..PopulationConfig::default() });
            let many = |what: &dyn Fn(&Clinician) -> bool| p.clinicians.iter().filter(|c| what(c)).count();
            assert_eq!(p.clinicians.len(), 60);
            assert!(many(&|c| c.posts.len() == 2) >= 3, "seed {seed}");
            assert!(many(&|c| c.gmp.is_some()) >= 5, "seed {seed}");
            assert!(many(&|c| c.locum) >= 1, "seed {seed}");
            assert!(many(&|c| c.role == "gp") >= 25, "seed {seed}");
            assert!(many(&|c| c.role == "gp" && c.posts.iter().any(|p| p.practice == 0)) >= 6, "seed {seed}");
        }
    }

    #[test]
    fn every_line_of_the_registry_is_an_object_with_a_type() {
        let p = Population::generate(&PopulationConfig::default());
        for line in p.registry().lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert!(["person", "role", "organisation"].contains(&entry["type"].as_str().expect("a type")), "{line}");
        }
    }
}
