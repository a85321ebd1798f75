//! Runs a list of operations on every database at once, and looks at everything after each.

use jiff::{SignedDuration, Timestamp};
use zhenren_domain::retention::IDEMPOTENCY_LIFE;
use zhenren_store::testing::{Snapshot, Stop, Stoppable, Waypoint};
use zhenren_usecases::worker;
use zhenren_vault::Vault;

use crate::check::{self, Wrong, ensure};
use crate::doors;
use crate::memory::Memory;
use crate::op::Op;
use crate::request::{Answer, Request, perform};
use crate::world::{FIRST_RECHARGE, Shard, World};

/// How long a worker may hold a job, and a second.
const LEASE_S: i64 = 61;
/// Limit: moves of the clock until nothing is left to do.
const DRAINS_COUNT_MAX: u32 = 60;

/// The last request that was answered well, and when.
struct Asked {
    request: Request,
    at: Timestamp,
}

struct Simulation {
    worlds: Vec<World>,
    memory: Memory,
    last: Option<Asked>,
    /// As the operation before left it.
    before: Snapshot,
}

/// Runs the operations from a fresh start to the end of everything.
pub(crate) async fn run(shard: &Shard, seed: u64, ops: &[Op]) -> Result<Snapshot, Wrong> {
    let worlds = shard.worlds(seed).await;
    let mut memory = Memory::default();
    for world in &worlds {
        memory = Memory::of(world.set_up().await);
    }
    let (amount, reference) = FIRST_RECHARGE;
    let first = memory.tenants[0].account_id.clone();
    memory.booked.insert((first, reference.to_owned()), amount);
    let mut simulation = Simulation {
        before: worlds[0].snapshot().await,
        worlds,
        memory,
        last: None,
    };
    for (number, op) in ops.iter().enumerate() {
        let tell = |wrong| format!("after operation {number}, {op:?}: {wrong}");
        simulation.step(op).await.map_err(tell)?;
        for world in &simulation.worlds {
            let told = doors::all(world, &simulation.memory, (number, op)).await;
            told.map_err(tell)?;
        }
        simulation.look().await.map_err(tell)?;
        check::booked(&simulation.before, &simulation.memory).map_err(tell)?;
    }
    let end = simulation.drain().await;
    for world in &simulation.worlds {
        world.context.pool().close().await;
    }
    end.map_err(|wrong| format!("at the end: {wrong}"))?;
    Ok(simulation.before)
}

impl Simulation {
    async fn step(&mut self, op: &Op) -> Result<(), Wrong> {
        match op {
            Op::RepeatLastRequest => self.repeat().await,
            Op::StopAnywhere { after, op } => self.stop_and_repeat(*after, op).await,
            Op::RunOneJob => self.run_one_job().await,
            Op::KillWorkerMidJob { after } => self.kill_worker(*after).await,
            Op::LoseLease { begins } => self.lose_lease(*begins).await,
            Op::Decoder(trouble) => {
                for world in &self.worlds {
                    world.analyzer.expect(*trouble);
                }
                Ok(())
            }
            Op::AdvanceTime { seconds } => {
                self.advance(SignedDuration::from_secs(*seconds));
                Ok(())
            }
            Op::RotateKey => self.rotate_key().await,
            Op::RunRetention => self.run_due().await,
            Op::Restart => {
                self.restart().await;
                Ok(())
            }
            _ => match self.memory.request(op) {
                Some(request) => self.ask(request).await,
                None => Ok(()),
            },
        }
    }

    /// Everything that must hold after every operation.
    async fn look(&mut self) -> Result<(), Wrong> {
        let now = self.worlds[0].snapshot().await;
        for world in &self.worlds {
            check::books(world, &self.memory).await?;
        }
        for other in self.worlds.get(1..).unwrap_or_default() {
            let there = other.snapshot().await;
            ensure!(
                now == there,
                "I10: tables differ:\n{}",
                now.differences(&there).join("\n")
            );
        }
        check::rows(&self.before, &now)?;
        self.before = now;
        Ok(())
    }

    /// Asks on every database.
    async fn ask(&mut self, request: Request) -> Result<(), Wrong> {
        let mut answers = Vec::new();
        for world in &self.worlds {
            answers.push(perform(&world.context, &request).await);
        }
        self.take(request, answers)
    }

    /// All must say the same (I10), and no machine may fail.
    fn take(&mut self, request: Request, mut answers: Vec<Answer>) -> Result<(), Wrong> {
        agree(answers.iter().map(|answer| answer.text.as_str()))?;
        let answer = answers.swap_remove(0);
        ensure!(
            !answer.text.contains("Fault {"),
            "the machine failed: {}",
            answer.text
        );
        let appid = self.memory.asking_appid(&request);
        self.memory.standings.check(&request, appid, &answer)?;
        self.memory.learn(&request, &answer);
        if answer.is_ok {
            let at = self.worlds[0].clock.now();
            self.last = Some(Asked { request, at });
        }
        Ok(())
    }

    /// I9: what was answered well, asked again, changes nothing.
    async fn repeat(&mut self) -> Result<(), Wrong> {
        let Some(Asked { request, at }) = self.last.take() else {
            return Ok(());
        };
        let is_forgotten = self.worlds[0].clock.now().duration_since(at) >= IDEMPOTENCY_LIFE;
        let must_be_same = request.is_repeatable() && !is_forgotten;
        self.ask(request).await?;
        if must_be_same {
            let now = self.worlds[0].snapshot().await;
            let changes = self.before.differences(&now);
            ensure!(
                changes.is_empty(),
                "I9: a repetition changed:\n{}",
                changes.join("\n")
            );
        }
        Ok(())
    }

    /// The process dies in the middle; whoever asked asks again.
    async fn stop_and_repeat(&mut self, after: u8, op: &Op) -> Result<(), Wrong> {
        let Some(request) = self.memory.request(op) else {
            return Ok(());
        };
        let mut answers = Vec::new();
        for world in &self.worlds {
            let asking = perform(&world.context, &request);
            let mut asking = Stoppable::new(Stop::After(u32::from(after)), asking);
            answers.push(asking.run_to_stop().await);
        }
        agree(answers.iter().map(Option::is_some))?;
        if let Some(answers) = answers.into_iter().collect() {
            return self.take(request, answers);
        }
        self.restart().await;
        // Nobody was told, so it may have been done and may not; all else must hold.
        self.look().await?;
        self.ask(request).await
    }

    async fn run_one_job(&mut self) -> Result<(), Wrong> {
        let mut answers = Vec::new();
        for world in &self.worlds {
            answers.push(format!("{:?}", worker::run_one(&world.context).await));
        }
        ensure!(
            !answers[0].contains("Fault {"),
            "the worker failed: {}",
            answers[0]
        );
        agree(&answers)
    }

    async fn kill_worker(&mut self, after: u8) -> Result<(), Wrong> {
        let mut ends = Vec::new();
        for world in &self.worlds {
            let job = worker::run_one(&world.context);
            let mut job = Stoppable::new(Stop::After(u32::from(after)), job);
            ends.push(format!("{:?}", job.run_to_stop().await));
        }
        agree(&ends)?;
        if ends[0] == "None" {
            self.restart().await;
        }
        Ok(())
    }

    /// A worker is so slow that another does its job; then it wakes up, and must change nothing.
    async fn lose_lease(&mut self, begins: u8) -> Result<(), Wrong> {
        let stop = Stop::AfterKind(Waypoint::Begin, u32::from(begins));
        let mut ends = Vec::new();
        for world in &self.worlds {
            let mut slow = Stoppable::new(stop, worker::run_one(&world.context));
            if let Some(done) = slow.run_to_stop().await {
                ends.push(format!("{done:?}"));
                continue;
            }
            world.advance(SignedDuration::from_secs(LEASE_S));
            let others = worker::run_due(&world.context).await;
            let before = world.snapshot().await;
            let late = slow.resume().await;
            let changes = before.differences(&world.snapshot().await);
            ensure!(
                changes.is_empty(),
                "I9: a lost lease changed:\n{}",
                changes.join("\n")
            );
            ends.push(format!("{others:?} and {late:?}"));
        }
        agree(&ends)
    }

    async fn run_due(&mut self) -> Result<(), Wrong> {
        let mut counts = Vec::new();
        for world in &self.worlds {
            counts.push(format!("{:?}", worker::run_due(&world.context).await));
        }
        agree(&counts)?;
        for world in &self.worlds {
            check::evidence(world, &world.snapshot().await).await?;
        }
        Ok(())
    }

    async fn rotate_key(&mut self) -> Result<(), Wrong> {
        let first = self.worlds[0].key_file();
        Vault::rotate(&first).map_err(|error| error.to_string())?;
        for other in self.worlds.get(1..).unwrap_or_default() {
            std::fs::copy(&first, other.key_file()).unwrap();
        }
        self.restart().await;
        Ok(())
    }

    async fn restart(&mut self) {
        for world in &mut self.worlds {
            world.restart().await;
        }
    }

    fn advance(&self, by: SignedDuration) {
        for world in &self.worlds {
            world.advance(by);
        }
    }

    /// I3: goes from deadline to deadline until nothing is left to do.
    async fn drain(&mut self) -> Result<(), Wrong> {
        for _ in 0..DRAINS_COUNT_MAX {
            let now = self.worlds[0].clock.now();
            let due = |job| check::time(&job, "lease_until").or(check::time(&job, "run_at"));
            let jobs = check::pending_jobs(&self.before).filter_map(due);
            let Some(last) = jobs.chain(check::due_verifications(&self.before)).max() else {
                break;
            };
            self.advance(last.duration_since(now).max(SignedDuration::ZERO));
            self.run_due().await?;
            self.look().await?;
        }
        for world in &self.worlds {
            check::the_end(world, &world.snapshot().await, &self.memory).await?;
        }
        Ok(())
    }
}

/// I10: the same answer from each.
fn agree<T: PartialEq + std::fmt::Debug>(
    answers: impl IntoIterator<Item = T>,
) -> Result<(), Wrong> {
    let answers: Vec<T> = answers.into_iter().collect();
    let are_same = answers.windows(2).all(|pair| pair[0] == pair[1]);
    ensure!(are_same, "I10: answers differ: {answers:#?}");
    Ok(())
}
