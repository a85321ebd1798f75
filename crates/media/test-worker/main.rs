//! The program the tests start as a worker.
//!
//! `serve` is the real thing. The other modes are workers gone bad: taken over inside the jail
//! (`probe`, `confined`), or never jailed and lying to the parent (`lie`). Never shipped.

mod lies;
mod probes;

use std::process::ExitCode;

use zhenren_media::{Decoder, DecoderConfig, WorkerProgram, jail, worker};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => worker::main(),
        // Inside the whole jail, as a decoder that was taken over would be.
        ["probe", name] => {
            jail::confine().expect("confine");
            let assignment = worker::receive().expect("a job");
            jail::close(&assignment.process_limits()).expect("close");
            lies::claim_jail();
            probes::run(name)
        }
        // Behind Landlock and the identity alone: what the system call filter hides.
        ["confined", name] => {
            jail::confine().expect("confine");
            worker::receive().expect("a job");
            lies::claim_jail();
            probes::run(name)
        }
        // The jail without its system call filter does not exist; this shows that probes can fail.
        ["free", name] => {
            worker::receive().expect("a job");
            lies::claim_jail();
            probes::run(name)
        }
        ["lie", name] => {
            worker::receive().expect("a job");
            lies::tell(name)
        }
        ["ignore-the-job"] => loop {
            std::thread::park();
        },
        ["leave-at-once"] => ExitCode::from(9),
        ["threads"] => {
            std::thread::spawn(|| {
                loop {
                    std::thread::park();
                }
            });
            worker::main()
        }
        // A server with two ready workers, to be killed by the test.
        ["server"] => {
            let program = WorkerProgram {
                path: "/proc/self/exe".into(),
                arguments: vec!["serve".into()],
            };
            let config = DecoderConfig {
                program,
                ..DecoderConfig::default()
            };
            let decoder = Decoder::new(config).expect("a decoder");
            decoder.check_jail().expect("a jail");
            loop {
                std::thread::park();
            }
        }
        _ => ExitCode::from(2),
    }
}
