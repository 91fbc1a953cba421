//! The processes of a deployment: some of each role, which tests kill, pause, replace or add at any time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::broker::TestTools;
use crate::deployment_under_test::{Process, Role, TestDeployment};
use crate::traffic_by_cut::TrafficRun;

/// Running processes.
#[derive(Debug, Default)]
pub struct ProcessGroup {
    pub processes: Vec<Process>,
}

impl ProcessGroup {
    /// Starts `each` processes of every role.
    pub fn of(deployment: &TestDeployment, each: usize) -> ProcessGroup {
        let mut processes = ProcessGroup::default();
        for role in Role::SEPARATE.into_iter().flat_map(|role| std::iter::repeat_n(role, each)) {
            processes.add(deployment, role);
        }
        processes
    }

    /// Starts one more process.
    pub fn add(&mut self, deployment: &TestDeployment, role: Role) {
        self.processes.push(deployment.start(role));
    }

    /// Kills a process and starts another of its role.
    pub fn replace(&mut self, deployment: &TestDeployment, which: usize) {
        self.processes[which].kill();
        let role = self.processes[which].role;
        self.processes[which] = deployment.start(role);
    }

    /// The process of this name.
    pub fn named(&mut self, name: &str) -> &mut Process {
        let found = self.processes.iter_mut().find(|process| process.name == name);
        found.unwrap_or_else(|| panic!("a group knows {name}, which was never started"))
    }

    /// Asserts that every process runs: none may end because others or brokers fail.
    pub fn all_run(&mut self) {
        for process in &mut self.processes {
            assert!(process.runs(), "{} has ended by itself", process.name);
        }
    }

    /// Stops every process, and asserts its exit code 0.
    pub fn end(mut self) {
        for process in &mut self.processes {
            let status = process.end();
            assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.log_text());
        }
    }
}

/// Traffic for a new deployment on the shared broker, with `each` processes of every role.
pub fn start_traffic(name: &str, tools: &TestTools, seed: u64, each: usize) -> (TrafficRun, ProcessGroup) {
    let traffic = TrafficRun::on_shared(name, tools, seed);
    let processes = ProcessGroup::of(&traffic.deployment, each);
    (traffic, processes)
}

/// A small random number generator. Source: Knuth's MMIX.
pub struct RandomNumbers(pub u64);

impl RandomNumbers {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// Disturbances of processes at random moments.
pub struct Disturbances {
    /// Seed of the moments and of the choice.
    pub seed: u64,
    /// Longest wait between two disturbances, milliseconds.
    pub longest_wait: usize,
    /// Number of disturbances.
    pub count: usize,
}

impl Disturbances {
    /// Runs the traffic to its end while `disturb_one` happens to the processes, and on until `count` disturbances have happened.
    pub fn disturb(
        &self,
        traffic: &mut TrafficRun,
        processes: &mut ProcessGroup,
        disturb_one: impl Fn(&TestDeployment, &mut ProcessGroup, &mut RandomNumbers) + Send,
    ) {
        let (deployment, count) = (traffic.deployment.clone(), AtomicUsize::new(0));
        eprintln!("{}seed {}", deployment.prefix, self.seed);
        let (over, news) = channel::<()>();
        let (longest, enough, mut random, done) = (self.longest_wait, self.count, RandomNumbers(self.seed), &count);
        thread::scope(|scope| {
            scope.spawn(move || {
                while done.load(Ordering::Relaxed) < enough {
                    let wait = Duration::from_millis(random.below(longest) as u64);
                    if news.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    disturb_one(&deployment, processes, &mut random);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
            // A failure below drops it, which ends the disturbances.
            let _over = over;
            while !traffic.is_over() || count.load(Ordering::Relaxed) < self.count {
                traffic.step();
            }
        });
        eprintln!("{}{} disturbances", traffic.deployment.prefix, count.load(Ordering::Relaxed));
    }
}

/// A new seed for each run; the test prints it.
pub fn any_seed() -> u64 {
    u64::from(std::process::id()) ^ crate::deployment_under_test::real_now().unsigned_abs()
}
