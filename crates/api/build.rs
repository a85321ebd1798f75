//! Makes sure the folder that is embedded exists, so that a build works before `make web` ran.

fn main() {
    let folder = std::path::Path::new("../../web/dist");
    if let Err(error) = std::fs::create_dir_all(folder) {
        println!("cargo::warning=web/dist cannot be created: {error}");
    }
    println!("cargo::rerun-if-changed=../../web/dist");
}
