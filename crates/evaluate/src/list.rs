//! Lists of pairs and of presentations: comma-separated, a header that names the columns.
//!
//! `pairs.csv`: `path_a`, `path_b`, `mated` (1 or 0), and if there is one, `group`.
//! `list.csv`: `path`, `label` (`bona_fide` or `attack`), and for attacks `species`.
//! Further columns are ignored; paths are relative to the list. A field may stand in double quotes.

use std::collections::BTreeMap;

/// Limit: lines of one list.
const LINES_MAX: usize = 50_000_000;

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A column is missing.
    #[error("the list has no column '{column}'; it needs {wanted}")]
    NoColumn {
        /// Which.
        column: &'static str,
        /// All that are needed.
        wanted: &'static str,
    },
    /// A line cannot be read.
    #[error("line {line}: {detail}")]
    Line {
        /// Counted from 1, the header being the first.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// There is nothing in it.
    #[error("the list is empty")]
    Empty,
    /// There is too much in it.
    #[error("the list has more than {LINES_MAX} lines")]
    TooLong,
}

/// Two pictures that are to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// One picture.
    pub a: String,
    /// The other.
    pub b: String,
    /// Whether both show one person.
    pub mated: bool,
    /// Whose pair it is, empty where the list does not say.
    pub group: String,
}

/// One presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The picture or recording.
    pub path: String,
    /// The species of the attack; `None` for a bona fide presentation.
    pub species: Option<String>,
}

/// Reads `pairs.csv`.
pub fn pairs(text: &str) -> Result<Vec<Pair>, ListError> {
    const WANTED: &str = "path_a, path_b, mated and may have group";
    let table = Table::read(text)?;
    let (a, b) = (
        table.column("path_a", WANTED)?,
        table.column("path_b", WANTED)?,
    );
    let mated = table.column("mated", WANTED)?;
    let group = table.columns.get("group").copied();
    table
        .rows
        .iter()
        .map(|(line, row)| {
            let mated = match field(row, mated) {
                "1" | "true" => true,
                "0" | "false" => false,
                other => {
                    return Err(ListError::Line {
                        line: *line,
                        detail: format!("mated is 1 or 0, not '{other}'"),
                    });
                }
            };
            Ok(Pair {
                a: filled(*line, row, a)?,
                b: filled(*line, row, b)?,
                mated,
                group: group.map_or(String::new(), |at| field(row, at).to_owned()),
            })
        })
        .collect()
}

/// Reads `list.csv`.
pub fn presentations(text: &str) -> Result<Vec<Presentation>, ListError> {
    const WANTED: &str = "path, label and, for attacks, species";
    let table = Table::read(text)?;
    let path = table.column("path", WANTED)?;
    let label = table.column("label", WANTED)?;
    let species = table.columns.get("species").copied();
    table
        .rows
        .iter()
        .map(|(line, row)| {
            let named = species.map_or("", |at| field(row, at));
            let species = match field(row, label) {
                "bona_fide" => None,
                "attack" if named.is_empty() => Some(String::from("unnamed")),
                "attack" => Some(named.to_owned()),
                other => {
                    return Err(ListError::Line {
                        line: *line,
                        detail: format!("label is bona_fide or attack, not '{other}'"),
                    });
                }
            };
            Ok(Presentation {
                path: filled(*line, row, path)?,
                species,
            })
        })
        .collect()
}

/// Columns by name, and rows with their line.
struct Table {
    columns: BTreeMap<String, usize>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Table {
    fn read(text: &str) -> Result<Self, ListError> {
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim().is_empty());
        let (_, header) = lines.next().ok_or(ListError::Empty)?;
        let columns = split(1, header)?
            .into_iter()
            .enumerate()
            .map(|(at, name)| (name, at))
            .collect();
        let mut rows = Vec::new();
        for (number, line) in lines {
            if rows.len() == LINES_MAX {
                return Err(ListError::TooLong);
            }
            rows.push((number, split(number, line)?));
        }
        if rows.is_empty() {
            return Err(ListError::Empty);
        }
        Ok(Self { columns, rows })
    }

    fn column(&self, column: &'static str, wanted: &'static str) -> Result<usize, ListError> {
        let found = self.columns.get(column).copied();
        found.ok_or(ListError::NoColumn { column, wanted })
    }
}

fn field(row: &[String], at: usize) -> &str {
    row.get(at).map_or("", String::as_str)
}

fn filled(line: usize, row: &[String], at: usize) -> Result<String, ListError> {
    let found = field(row, at);
    if found.is_empty() {
        return Err(ListError::Line {
            line,
            detail: String::from("a path is empty"),
        });
    }
    Ok(found.to_owned())
}

/// The fields of a line; in double quotes a comma is a comma and two quotes are one.
fn split(number: usize, line: &str) -> Result<Vec<String>, ListError> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field).trim().to_owned()),
            other => field.push(other),
        }
    }
    if quoted {
        return Err(ListError::Line {
            line: number,
            detail: String::from("a double quote is not closed"),
        });
    }
    fields.push(field.trim().to_owned());
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_by_the_names_of_their_columns() {
        let text = "group,mated,path_b,path_a,note\nx,1,b.jpg,\"a, 1.jpg\",\n\n,0,c.jpg,d.jpg,no\n";
        let found = pairs(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].a, "a, 1.jpg");
        assert_eq!((found[0].mated, &*found[0].group), (true, "x"));
        assert!(!found[1].mated);
    }

    #[test]
    fn presentations_have_a_label() {
        let found = presentations("path,label,species\na.jpg,bona_fide,\nb.mp4,attack,print\n");
        let found = found.unwrap();
        assert_eq!(found[0].species, None);
        assert_eq!(found[1].species.as_deref(), Some("print"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let fault = pairs("path_a,path_b,mated\na,b,1\na,b,maybe\n").unwrap_err();
        assert!(fault.to_string().contains("line 3"), "{fault}");
        let fault = pairs("path_a,mated\na,1\n").unwrap_err();
        assert!(fault.to_string().contains("path_b"), "{fault}");
        assert!(matches!(pairs(""), Err(ListError::Empty)));
        assert!(pairs("path_a,path_b,mated\n\"a,b,1\n").is_err());
        assert!(pairs("path_a,path_b,mated\n,b,1\n").is_err());
    }
}
