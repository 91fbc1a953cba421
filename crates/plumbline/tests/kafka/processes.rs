//! The processes of a line: so many of each role, any of them killed, stopped, replaced or added at any time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::broker::Means;
use crate::deployment_under_test::{Line, Process, Role};
use crate::traffic_by_cut::Course;

/// Processes under way.
#[derive(Debug, Default)]
pub struct Crew {
    pub processes: Vec<Process>,
}

impl Crew {
    /// So many of each role.
    pub fn of(line: &Line, each: usize) -> Crew {
        let mut crew = Crew::default();
        for role in Role::LINE.into_iter().flat_map(|role| std::iter::repeat_n(role, each)) {
            crew.add(line, role);
        }
        crew
    }

    /// One more.
    pub fn add(&mut self, line: &Line, role: Role) {
        self.processes.push(line.start(role));
    }

    /// Kills one and starts another of its role in its place.
    pub fn replace(&mut self, line: &Line, which: usize) {
        self.processes[which].kill();
        let role = self.processes[which].role;
        self.processes[which] = line.start(role);
    }

    /// The one of this name.
    pub fn named(&mut self, name: &str) -> &mut Process {
        let found = self.processes.iter_mut().find(|process| process.name == name);
        found.unwrap_or_else(|| panic!("a group knows {name}, which was never started"))
    }

    /// Everybody runs who was not killed: nobody may end because of what happens to others or to brokers.
    pub fn all_run(&mut self) {
        for process in &mut self.processes {
            assert!(process.runs(), "{} has ended by itself", process.name);
        }
    }

    /// Everybody is asked to end, and does so in order.
    pub fn end(mut self) {
        for process in &mut self.processes {
            let status = process.end();
            assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.said());
        }
    }
}

/// A course with so many processes of each role, on the broker that tests share.
pub fn crewed(name: &str, means: &Means, seed: u64, each: usize) -> (Course, Crew) {
    let course = Course::on_shared(name, means, seed);
    let crew = Crew::of(&course.line, each);
    (course, crew)
}

/// A small generator of the suite's own, Knuth's MMIX numbers.
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// Troubles that befall a crew at random moments.
pub struct Troubles {
    /// Decides the moments and what befalls whom.
    pub seed: u64,
    /// The longest wait from the end of one to the next, milliseconds.
    pub longest_wait: usize,
    /// So many.
    pub enough: usize,
}

impl Troubles {
    /// Takes the course to its end, and further until all of them were had, while `trouble` befalls the crew.
    pub fn beset(&self, course: &mut Course, crew: &mut Crew, trouble: impl Fn(&Line, &mut Crew, &mut Draw) + Send) {
        let (line, count) = (course.line.clone(), AtomicUsize::new(0));
        eprintln!("{}seed {}", line.prefix, self.seed);
        let (over, news) = channel::<()>();
        let (longest, enough, mut draw, done) = (self.longest_wait, self.enough, Draw(self.seed), &count);
        thread::scope(|scope| {
            scope.spawn(move || {
                while done.load(Ordering::Relaxed) < enough {
                    let wait = Duration::from_millis(draw.below(longest) as u64);
                    if news.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    trouble(&line, crew, &mut draw);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
            // Dropped in any case, so that a failure here ends the troubles.
            let _over = over;
            while !course.is_over() || count.load(Ordering::Relaxed) < self.enough {
                course.step();
            }
        });
        eprintln!("{}{} troubles", course.line.prefix, count.load(Ordering::Relaxed));
    }
}

/// A seed that is another each time; it is printed with the test.
pub fn any_seed() -> u64 {
    u64::from(std::process::id()) ^ crate::deployment_under_test::real_now().unsigned_abs()
}
