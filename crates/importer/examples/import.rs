//! Imports the models without the server: `cargo run -p zhenren-importer --example import`.
//!
//! Takes the runtime folder as its only argument, `runtime` where there is none.
#![expect(clippy::print_stdout, reason = "a command")]

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "runtime".to_owned()),
    );
    let models = runtime.join("models");
    let report = zhenren_importer::import_all(&runtime, &models, &mut |line| println!("{line}"))?;
    println!(
        "{} imported, {} unchanged",
        report.imported.len(),
        report.unchanged.len()
    );
    for finding in zhenren_importer::check(&models) {
        println!("{finding}");
    }
    Ok(())
}
