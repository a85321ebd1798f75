//! Looks over a models folder and says what is wrong in words a person can act on.

use std::fmt;
use std::path::Path;

use crate::{IMPORTER_VERSION, files, install};

/// Something that keeps the engine from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One sentence: what is wrong and what to do.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

/// Every problem of `models_dir`: absent or damaged models, library or record. Empty is healthy.
pub fn check(models_dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |sentence: String| findings.push(Finding { sentence });
    let record = match install::read_record(models_dir) {
        Ok(Some(record)) => record,
        Ok(None) => {
            say(format!(
                "There are no imported models in {}: run `make runtime`, or `zhenren models import` \
                 if the packages are already fetched.",
                models_dir.display()
            ));
            return findings;
        }
        Err(fault) => {
            say(format!(
                "The record of the models cannot be read ({fault}): run `zhenren models import`."
            ));
            return findings;
        }
    };
    if record.importer_version != IMPORTER_VERSION {
        say(format!(
            "The models were imported by importer version {}, this program has version \
             {IMPORTER_VERSION}: run `zhenren models import`.",
            record.importer_version
        ));
    }
    let library = models_dir.join(&record.library.file);
    match files::read(&library) {
        Ok(bytes) if record.library.sha256.contains(&files::sha256(&bytes)) => {}
        Ok(_) => say(format!(
            "The inference library {} is not the pinned one ({}): delete it and run `make runtime`.",
            library.display(),
            record.library.package
        )),
        Err(fault) => say(format!("The inference library is not usable: {fault}.")),
    }
    for model in &record.models {
        let file = models_dir.join(&model.file);
        match files::read(&file) {
            Ok(bytes) if files::sha256(&bytes) == model.sha256 => {}
            Ok(_) => say(format!(
                "The model file {} was changed after the import: run `zhenren models import`.",
                file.display()
            )),
            Err(_) => say(format!(
                "The model file {} is missing or unreadable: run `zhenren models import`.",
                file.display()
            )),
        }
    }
    findings
}
