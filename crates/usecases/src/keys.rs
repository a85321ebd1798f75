//! After a rotation: everything that an older key sealed is sealed anew with the newest. It may be
//! stopped anywhere and begun again; until it has ended the older keys must stay in the key file.

use zhenren_store::reseal::{self, COLUMNS, Cursor};
use zhenren_store::{StoreError, Transaction, audit, retry_busy};

use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;
use crate::text::hex;

/// How it begins, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The newest key was made now.
    Rotated,
    /// It was made before, and what followed was stopped.
    Continued,
}

impl Beginning {
    const fn name(self) -> &'static str {
        match self {
            Self::Rotated => "begun",
            Self::Continued => "continued",
        }
    }
}

/// The id of the newest sealing key, as it stands in the key file.
pub fn current(context: &Context) -> String {
    hex(&context.vault().current_key())
}

/// How many values older keys have sealed.
pub async fn old_count(context: &Context) -> Result<u64, Fault> {
    let mut tx = context.pool().read().await?;
    let mut sum = 0;
    for column in &COLUMNS {
        sum += reseal::old_count(&mut tx, context.vault(), column).await?;
    }
    Ok(sum)
}

/// Seals all of them anew; answers how many. Only the command line rotates keys: it has the file.
pub async fn reseal(context: &Context, beginning: Beginning) -> Result<u64, Fault> {
    note(context, beginning.name()).await?;
    let mut sum = 0;
    for column in &COLUMNS {
        let mut cursor = Some(Cursor::default());
        while let Some(after) = cursor {
            let (count, next) = retry_busy(|| async {
                let mut tx = context.pool().begin().await?;
                let done = reseal::page(&mut tx, context.vault(), column, &after).await?;
                tx.commit().await?;
                Ok::<_, Fault>(done)
            })
            .await?;
            sum += count;
            cursor = next;
        }
    }
    note(context, "finished").await?;
    Ok(sum)
}

async fn note(context: &Context, detail: &str) -> Result<(), Fault> {
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        line(context, &mut tx, detail).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await
}

async fn line(context: &Context, tx: &mut Transaction, detail: &str) -> Result<(), StoreError> {
    let event = audit::Event {
        chain: audit::SYSTEM_CHAIN,
        at: context.now(),
        actor: Actor::CommandLine.name(),
        action: "key.rotate",
        subject: &current(context),
        detail,
    };
    audit::append(tx, &event).await
}
