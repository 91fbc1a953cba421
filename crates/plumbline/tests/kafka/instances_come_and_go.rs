//! Instances start and stop while events arrive and cards are published.

use crate::accounts::Delivery;
use crate::broker::TestTools;
use crate::processes::{Disturbances, any_seed, start_traffic};

/// Between one and three instances of each role run, in random order. Each stops on SIGTERM.
pub fn instances_come_and_go_under_load(tools: &TestTools) {
    let (mut traffic, mut processes) = start_traffic("changing", tools, 35, 1);
    let changes = Disturbances { seed: any_seed(), longest_wait: 1_500, count: 16 };
    changes.disturb(&mut traffic, &mut processes, |deployment, processes, random| {
        let which = random.below(processes.processes.len());
        let role = processes.processes[which].role;
        let of_role = processes.processes.iter().filter(|process| process.role == role).count();
        let goes = of_role > 1 && (of_role > 2 || random.below(2) == 0);
        if goes {
            let mut process = processes.processes.remove(which);
            let status = process.end();
            assert_eq!(status.code(), Some(0), "{} ended with {status}: {}", process.name, process.log_text());
        } else {
            processes.add(deployment, role);
        }
    });
    traffic.step();
    processes.end();
    traffic.judge(tools, Delivery::AtLeastOnce);
}
