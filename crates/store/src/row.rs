//! Rows of an answer, copied out of the driver: the same three kinds of column from both.

use std::sync::Arc;

use jiff::Timestamp;
use zhenren_domain::money::Fen;

use crate::error::StoreError;

/// One column of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// No value.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
    /// A kind that no column of ours has; reading it is a fault.
    Other,
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    table: &'static str,
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl Row {
    /// A row of these cells, named alike. `table` says where a row that does not parse is from.
    pub(crate) const fn new(table: &'static str, names: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self {
            table,
            names,
            cells,
        }
    }

    fn cell(&self, column: &'static str) -> Option<&Cell> {
        let place = self.names.iter().position(|name| name == column)?;
        self.cells.get(place)
    }

    /// A column that does not parse.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        let row = match self.cell("id") {
            Some(Cell::Text(id)) => id.clone(),
            _ => String::new(),
        };
        StoreError::Corrupt {
            table: self.table,
            column,
            row,
        }
    }

    pub(crate) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self.cell(column) {
            Some(Cell::Int(value)) => Ok(Some(*value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self.cell(column) {
            Some(Cell::Text(value)) => Ok(Some(value.clone())),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn opt_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.cell(column) {
            Some(Cell::Bytes(value)) => Ok(Some(value.clone())),
            Some(Cell::Null) => Ok(None),
            _ => Err(self.corrupt(column)),
        }
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn is_set(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn size(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn fen(&self, column: &'static str) -> Result<Fen, StoreError> {
        Fen::new(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn opt_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.opt_int(column)?
            .map(|micros| Timestamp::from_microsecond(micros).map_err(|_| self.corrupt(column)))
            .transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.opt_time(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A text column through a parser: ids, names of enums.
    pub(crate) fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// An optional text column through a parser.
    pub(crate) fn opt_parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?
            .map(|text| parse(&text).ok_or_else(|| self.corrupt(column)))
            .transpose()
    }

    /// An id column.
    pub(crate) fn id<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parsed(column, |text| text.parse().ok())
    }

    /// An optional id column.
    pub(crate) fn opt_id<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.opt_parsed(column, |text| text.parse().ok())
    }
}
