//! Prints what making a subject and rendering a frame cost, best and median of many.
#![expect(clippy::print_stdout, reason = "a command")]

use std::time::{Duration, Instant};

use zhenren_simulator::attack::Print;
use zhenren_simulator::render::{HEIGHT, Scene, Subject, WIDTH, render};

fn main() {
    let subject = Subject::from_seed(1);
    let print = Print::of(&subject, 1);
    let scene = Scene::default();
    report("subject from a seed", 8, || drop(Subject::from_seed(2)));
    report("frame of a head", 40, || {
        drop(render(&subject, &scene, WIDTH, HEIGHT));
    });
    report("frame of a print", 40, || {
        drop(print.render(&scene, 100.0, WIDTH, HEIGHT));
    });
}

fn report(what: &str, times: usize, work: impl Fn()) {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect();
    took.sort();
    let best = took.first().copied().unwrap_or_default();
    let median = took.get(times / 2).copied().unwrap_or_default();
    println!("{what}: best {best:?}, median {median:?}");
}
