//! The binary `house`.

use std::process::ExitCode;

use house::command::{CheckOrder, phrases};
use house::sources::Sources;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["phrases"] {
        print!("{}", phrases());
        return ExitCode::SUCCESS;
    }
    let report = CheckOrder::read(&arguments).and_then(|order| order.run(&Sources::read()?));
    match report {
        Ok((text, clean)) => {
            print!("{text}");
            if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}
