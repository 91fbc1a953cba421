//! A deployment with published cards whose topics an administrator damages, and the judgement that no card gets worse.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use promises::simulation::verifier::verdict::Verdict;
use scorecard::card::scorecard::Scorecard;
use stream::log::Topic;

use crate::administration::topic_administrator::TopicAdministrator;
use crate::broker::TestTools;
use crate::deployment_under_test::{Process, Role};
use crate::dump::{Dump, Subscriber};
use crate::processes::{ProcessGroup, start_traffic};
use crate::traffic_by_cut::{PARTITIONS, TrafficRun};
use crate::{replay_in_memory, subscriber_view};

/// Time in which a process must say what the log lost.
const SAID_WITHIN: Duration = Duration::from_secs(60);
/// Weekly cuts before the damage: the second month has provisional cards then.
const CUTS: usize = 9;

/// A deployment with one process of each role and published cards.
pub struct DamagedDeployment {
    pub traffic: TrafficRun,
    pub processes: ProcessGroup,
    pub administrator: TopicAdministrator,
    subscriber: Subscriber,
    /// The records of the topics before the damage.
    pub before: Dump,
}

impl DamagedDeployment {
    pub fn new(name: &str, tools: &TestTools, seed: u64) -> DamagedDeployment {
        let (mut traffic, processes) = start_traffic(name, tools, seed, 1);
        (0..CUTS).for_each(|_| traffic.step());
        let subscriber = Subscriber { python: tools.python.clone(), bootstrap: traffic.deployment.bootstrap.clone() };
        let before = subscriber.dump(&traffic.deployment.prefix, &[]);
        assert!(newest(&before).len() > 20, "there are cards to protect");
        let administrator = TopicAdministrator::of(&traffic.deployment);
        DamagedDeployment { traffic, processes, administrator, subscriber, before }
    }

    /// Deletes a topic and creates it again with the records that `keep` names by partition and offset.
    pub fn create_again(&self, topic: Topic, keep: impl Fn(u32, u64) -> bool) {
        let partitions = topic.partitions(PARTITIONS);
        self.administrator.delete(topic);
        self.administrator.create(topic, i32::try_from(partitions).expect("few partitions"));
        self.administrator.fill(topic, &self.before, keep);
    }

    /// One past the last offset of a partition of `events` before the damage.
    pub fn end(&self, partition: u32) -> u64 {
        self.before.own[&(Topic::Events, partition)].last().map_or(0, |last| last.offset + 1)
    }

    /// Waits until the process of a role is not ready, with a reason that contains these words.
    pub fn until_said(&self, role: Role, words: &[&str]) {
        let process = self.processes.processes.iter().find(|process| process.role == role).expect("it was started");
        let (begun, mut last) = (Instant::now(), String::new());
        while begun.elapsed() < SAID_WITHIN {
            if let Some(answer) = readyz(process) {
                let is_said = answer.starts_with("HTTP/1.1 503") && words.iter().all(|word| answer.contains(word));
                if is_said {
                    eprintln!(
                        "{} after {:.1} s: {}",
                        process.name,
                        begun.elapsed().as_secs_f32(),
                        answer.lines().last().unwrap_or_default()
                    );
                    return;
                }
                last = answer;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{} never said {words:?} within {SAID_WITHIN:?}; its last answer: {last}", process.name);
    }

    /// Sends the traffic of the next cuts and their ticks, whether they are published or not.
    pub fn go_on(&mut self, cuts: usize) {
        // A producer that knew the deleted topic may fail.
        self.traffic.writer = self.traffic.deployment.writer();
        for _ in 0..cuts {
            self.traffic.produce();
            self.traffic.tick();
        }
    }

    /// Kills every process and starts it again.
    pub fn restart(&mut self) {
        for which in 0..self.processes.processes.len() {
            self.processes.replace(&self.traffic.deployment, which);
        }
    }

    /// The records of the topics now.
    pub fn dump(&self) -> Dump {
        self.subscriber.dump(&self.traffic.deployment.prefix, &[])
    }

    /// The records of the topics now, judged as a subscriber.
    pub fn judged(&self) -> Dump {
        let after = self.dump();
        let mut verdict = Verdict::default();
        let config =
            replay_in_memory::deployment(&self.before, self.traffic.deployment.identity_seed(), env!("CARGO_PKG_VERSION"));
        subscriber_view::judge(&after, &config.schedule, &mut verdict);
        assert!(verdict.is_clean(), "{:#?}", verdict.all());
        after
    }

    /// Asserts that every card is what it was before the damage, and that no run was added.
    pub fn assert_nothing_published(&self) {
        let after = self.judged();
        assert_eq!(after.runs().len(), self.before.runs().len(), "no run is added");
        let (before, after) = (newest(&self.before), newest(&after));
        let changed: Vec<&String> =
            before.iter().filter(|(key, card)| after.get(*key) != Some(card)).map(|(key, _)| key).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{} cards changed: {changed:?}", changed.len());
    }
}

/// The newest revision of every card, by key.
pub fn newest(dump: &Dump) -> BTreeMap<String, Scorecard> {
    dump.revisions().into_iter().map(|card| (card.key(), card)).collect()
}

/// The answer of a process to `GET /readyz`; `None` before it listens.
pub fn readyz(process: &Process) -> Option<String> {
    get(process, "/readyz")
}

/// The answer of a process to a GET.
pub fn get(process: &Process, path: &str) -> Option<String> {
    request(process, "GET", path, "")
}

/// The answer of a process to a request; `None` before it listens.
pub fn request(process: &Process, method: &str, path: &str, body: &str) -> Option<String> {
    let text = process.log_text();
    let address = text.lines().find_map(|line| line.strip_prefix("plumbline: http://")?.split(',').next())?.to_owned();
    let mut stream = TcpStream::connect(&address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
