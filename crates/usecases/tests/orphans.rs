//! Sealed bytes whose row was never written are removed after a day, and nothing else is.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use zhenren_store::Pool;
use zhenren_store::testing::{Stop, Stoppable, Waypoint};
use zhenren_usecases::analysis::scripted::{PORTRAIT, ScriptedAnalyzer};
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::settings::Settings;
use zhenren_usecases::tenants::{Caller, authenticate, demo};
use zhenren_usecases::verifications::open::{self, Opening, ReferenceSource, Source, Subject};
use zhenren_usecases::worker;
use zhenren_vault::{EvidenceStore, Vault};

struct World {
    context: Context,
    clock: Clock,
    folder: tempfile::TempDir,
    caller: Caller,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_second(1_790_000_000).unwrap());
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let pool = Pool::connect(&url).await.unwrap();
        pool.migrate(clock.now()).await.unwrap();
        let context = Context::new(Pieces {
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            pool,
            vault: Vault::ephemeral().unwrap(),
            evidence: EvidenceStore::local(&folder.path().join("evidence")).unwrap(),
            analyzer: Some(Arc::new(ScriptedAnalyzer)),
            settings: Settings::default(),
        });
        let ready = demo::ensure(&context).await.unwrap();
        let caller = authenticate::by_secret(&context, &ready.appid, &ready.secret)
            .await
            .unwrap();
        worker::plan_sweeps(&context).await.unwrap();
        Self {
            context,
            clock,
            folder,
            caller,
        }
    }

    async fn ask(&self) -> String {
        let opening = Opening {
            subject: Subject {
                name: String::from("张三"),
                id_number: String::from("11010519491231002X"),
            },
            user_id: None,
            challenge: None,
            reference: ReferenceSource::CallerPhoto(PORTRAIT.to_vec()),
            idempotency: None,
            source: Source::V1,
        };
        let opened = open::open(&self.context, &self.caller, opening).await;
        opened.unwrap().verification_id.to_string()
    }

    /// Bytes of a template whose process dies before its row is there.
    async fn die_asking(&self) -> String {
        let before = self.objects();
        let stop = Stop::AfterKind(Waypoint::Commit, 0);
        let mut asking = Stoppable::new(stop, self.ask());
        assert_eq!(asking.run_to_stop().await, None);
        drop(asking);
        let new: Vec<String> = self.objects().difference(&before).cloned().collect();
        assert_eq!(new.len(), 1, "{new:?}");
        new.concat()
    }

    fn evidence(&self) -> PathBuf {
        self.folder.path().join("evidence")
    }

    fn objects(&self) -> BTreeSet<String> {
        let names = std::fs::read_dir(self.evidence()).unwrap();
        names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    async fn advance_and_work(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
        worker::run_due(&self.context).await.unwrap();
    }
}

const HOUR_S: i64 = 3_600;

#[tokio::test]
async fn what_no_row_names_is_gone_after_a_day_and_not_before() {
    let world = World::new().await;
    let orphan = world.die_asking().await;
    world.ask().await;
    let live: Vec<String> = world
        .objects()
        .into_iter()
        .filter(|name| *name != orphan)
        .collect();
    assert_eq!(live.len(), 1);
    // The sweep runs every hour; nothing is a day old yet.
    for _ in 0..23 {
        world.advance_and_work(HOUR_S).await;
    }
    assert!(world.objects().contains(&orphan));
    let young = world.die_asking().await;
    // One that was being written: it has no part with a whole name.
    let torn = world.evidence().join(&orphan).join("001#1");
    std::fs::write(torn, b"half").unwrap();
    // What somebody else put there is not ours to remove.
    std::fs::create_dir(world.evidence().join("notes")).unwrap();
    std::fs::write(world.evidence().join("notes/a.txt"), b"mine").unwrap();
    world.advance_and_work(HOUR_S).await;
    let left = world.objects();
    assert!(!left.contains(&orphan), "{left:?}");
    for name in [&live.concat(), &young, &String::from("notes")] {
        assert!(left.contains(name), "{name} is not in {left:?}");
    }
    for _ in 0..24 {
        world.advance_and_work(HOUR_S).await;
    }
    let left = world.objects();
    assert!(!left.contains(&young), "{left:?}");
    assert!(left.contains("notes"), "{left:?}");
}
