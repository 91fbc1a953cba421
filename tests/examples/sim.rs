//! Runs any number of histories.
use promises::chaos::fault::{Bites, Kind};
use promises::chaos::history::{Extract, Trace, history};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args[0] == "seed" {
        let one = history(args[1].parse().expect("a seed"), &Extract::default(), Trace::On);
        for line in &one.trace {
            println!("{line}");
        }
        println!("{:?}", one.size);
        for broken in one.verdict.all() {
            println!("BROKEN {}: {}", broken.promise, broken.how.chars().take(400).collect::<String>());
        }
        return;
    }
    let count: u64 = args[0].parse().expect("a number");
    let mut bites = Bites::default();
    let mut failing = 0;
    let start = std::time::Instant::now();
    for seed in 0..count {
        let begin = std::time::Instant::now();
        let one = history(seed, &Extract::default(), Trace::Off);
        println!("took {seed} {} ms {:?}", begin.elapsed().as_millis(), one.size);
        bites.add(&one.bites);
        if !one.verdict.is_clean() {
            failing += 1;
            let broken = &one.verdict.all()[0];
            println!("seed {seed}: {} ... {}", broken.promise, broken.how.chars().take(600).collect::<String>());
        }
        if seed < 10 {
            println!("{:?}", one.size);
        }
    }
    for kind in Kind::ALL {
        println!("{kind:?} {}", bites.of(kind));
    }
    println!("{failing} of {count} failing, {:?}", start.elapsed());
}
