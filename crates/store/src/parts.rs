//! Parts of a recording as they arrive. The bytes are evidence; here is only what is known of them.

use jiff::Timestamp;
use zhenren_domain::ids::AttemptId;

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

/// One received part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Position in the recording, from 0.
    pub index: u32,
    /// Its size.
    pub size_bytes: u64,
    /// Lower-case hexadecimal SHA-256 of its plain bytes.
    pub sha256: String,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Putting {
    /// New.
    Stored,
    /// Here before, the same bytes.
    Same,
    /// Here before, other bytes; nothing changed.
    Different,
}

/// Notes a part.
pub async fn put(
    tx: &mut Transaction,
    attempt_id: &AttemptId,
    part: &Part,
    at: Timestamp,
) -> Result<Putting, StoreError> {
    let sql = "INSERT INTO parts (attempt_id, part_index, size_bytes, sha256, received_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (attempt_id, part_index) DO NOTHING";
    let values = values![
        attempt_id,
        part.index,
        part.size_bytes,
        part.sha256.as_str(),
        at
    ];
    if tx.execute(sql, values).await? == 1 {
        return Ok(Putting::Stored);
    }
    let known = find(tx, attempt_id, part.index).await?;
    Ok(if known.as_ref() == Some(part) {
        Putting::Same
    } else {
        Putting::Different
    })
}

/// One part, if it is here.
pub async fn find(
    tx: &mut Transaction,
    attempt_id: &AttemptId,
    index: u32,
) -> Result<Option<Part>, StoreError> {
    Ok(list(tx, attempt_id)
        .await?
        .into_iter()
        .find(|part| part.index == index))
}

/// Every part that is here, in order.
pub async fn list(tx: &mut Transaction, attempt_id: &AttemptId) -> Result<Vec<Part>, StoreError> {
    let sql = "SELECT part_index, size_bytes, sha256
        FROM parts
        WHERE attempt_id = $1
        ORDER BY part_index";
    let rows = tx.fetch_all("parts", sql, values![attempt_id]).await?;
    rows.iter()
        .map(|row| {
            Ok(Part {
                index: row.count("part_index")?,
                size_bytes: row.size("size_bytes")?,
                sha256: row.text("sha256")?,
            })
        })
        .collect()
}
