//! What every function of the suite starts from: a database, keys, ids that count, and a time.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use zhenren_domain::ids::{AccountId, AppId, EntryId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::verification::{State, Verification};
use zhenren_domain::wish::Wish;
use zhenren_vault::{SecretText, Vault};

pub(super) use crate::testing::together;

use crate::apps::{self, App, AppKind, CallLimits};
use crate::ledger::{self, Freeze, Freezing, Recharge};
use crate::sql::Pool;
use crate::verifications::{self, Door, Record, ReferenceSource, Subject};
use crate::{StoreError, accounts, retry_busy};

/// When every story begins.
pub(super) const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// The dummy pair of the contract.
pub(super) const NAME: &str = "张三";
pub(super) const NUMBER: &str = "310101199801011234";

pub(super) struct World {
    pub(super) pool: Pool,
    pub(super) vault: Vault,
    /// Where the SQLite file is.
    pub(super) folder: Option<std::path::PathBuf>,
    numbers: AtomicU64,
}

impl World {
    pub(super) async fn sqlite(folder: &Path) -> Self {
        let pool = Pool::connect(&format!("sqlite:{}/test.db", folder.display()))
            .await
            .unwrap();
        assert!(pool.migrate(START).await.unwrap() > 0);
        Self::new(pool, Some(folder.to_owned()))
    }

    pub(super) async fn postgres(url: String) -> Self {
        Self::new(Pool::connect(&url).await.unwrap(), None)
    }

    fn new(pool: Pool, folder: Option<std::path::PathBuf>) -> Self {
        Self {
            pool,
            vault: Vault::ephemeral().unwrap(),
            folder,
            numbers: AtomicU64::new(1),
        }
    }

    /// A number that was not used before, for ids.
    pub(super) fn number(&self) -> u128 {
        u128::from(self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) async fn account(&self, fen: i64) -> AccountId {
        let id = AccountId::from_number(self.number());
        let mut tx = self.pool.begin().await.unwrap();
        assert!(
            accounts::create(&mut tx, &id, "tenant", START)
                .await
                .unwrap()
        );
        if fen > 0 {
            let entry = EntryId::from_number(self.number());
            let recharge = Recharge {
                entry_id: &entry,
                account_id: &id,
                amount: Fen::new(fen).unwrap(),
                reference: "first",
                booked_by: "test",
                at: START,
            };
            assert!(ledger::recharge(&mut tx, &recharge).await.unwrap());
        }
        tx.commit().await.unwrap();
        id
    }

    pub(super) async fn app(&self, account_id: &AccountId) -> AppId {
        let app = App {
            id: AppId::from_number(self.number()),
            account_id: account_id.clone(),
            name: "app".to_owned(),
            kind: AppKind::Formal,
            strict_id_check: false,
            entitled: true,
            challenge: Wish::default(),
            frozen_at: None,
            limits: CallLimits::default(),
            calls_count: 0,
            created_at: START,
        };
        let mut tx = self.pool.begin().await.unwrap();
        assert!(apps::create(&mut tx, &app).await.unwrap());
        tx.commit().await.unwrap();
        app.id
    }

    /// A record of an open verification that is not stored yet.
    pub(super) fn record(&self, app_id: &AppId, account_id: &AccountId) -> Record {
        Record {
            verification: Verification {
                id: VerificationId::from_number(self.number()),
                created_at: START,
                startable_until: after(1800),
                expires_at: after(82_800),
                attempts_max: 3,
                attempts_count: 0,
                last_reason: None,
                state: State::Open,
            },
            app_id: app_id.clone(),
            account_id: account_id.clone(),
            door: Door::Wechat,
            policy_version: 1,
            challenge: Wish::default(),
            reference: ReferenceSource::Enrolled,
            subject: Subject {
                name: Some(SecretText::from(NAME)),
                number: Some(SecretText::from(NUMBER)),
                tenant_reference: Some(SecretText::from("openid-of-zhangsan")),
                identity_key: Some(SecretText::from("0123456789abcdef0123456789abcdef")),
            },
            identity_key_hash: Some(format!("hash{}", self.number())),
            verify_result_hash: Some(format!("result{}", self.number())),
            need_picture: false,
            billing: None,
        }
    }

    /// Stores an open verification of a new tenant.
    pub(super) async fn open(&self) -> Record {
        let account_id = self.account(1000).await;
        let app_id = self.app(&account_id).await;
        let record = self.record(&app_id, &account_id);
        let mut tx = self.pool.begin().await.unwrap();
        verifications::insert(&mut tx, &self.vault, &record)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        record
    }

    /// Freezes the next price of an account, as a use case would.
    pub(super) async fn freeze(&self, account_id: &AccountId) -> Result<Freezing, StoreError> {
        let verification_id = VerificationId::from_number(self.number());
        self.freeze_for(account_id, &verification_id).await
    }

    pub(super) async fn freeze_for(
        &self,
        account_id: &AccountId,
        verification_id: &VerificationId,
    ) -> Result<Freezing, StoreError> {
        let entry_id = EntryId::from_number(self.number());
        let wish = Freeze {
            entry_id: &entry_id,
            account_id,
            verification_id,
            at: START,
        };
        retry_busy(|| async {
            let mut tx = self.pool.begin().await?;
            let frozen = ledger::freeze(&mut tx, &wish).await?;
            tx.commit().await?;
            Ok(frozen)
        })
        .await
    }
}

/// So many seconds after the start.
pub(super) fn after(seconds: i64) -> Timestamp {
    START
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}
