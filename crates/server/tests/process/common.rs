//! The binary in a folder of its own, with faces that the simulator renders.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder with nothing in it, and the binary.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let models = models();
        assert!(
            models.join("models.json").is_file(),
            "{} is missing: run `make runtime` before these tests",
            models.display()
        );
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhenren"));
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("ZHENREN_PROFILE", "development")
            .env("ZHENREN_ENGINE_MODELS_DIRECTORY", models())
            .args(words);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&self.command(words).output().unwrap())
    }

    /// The same with something on standard input.
    pub(crate) fn run_with_input(&self, words: &[&str], bytes: &[u8]) -> Ran {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // Who does not want it all goes away.
        std::io::Write::write_all(&mut input, bytes).ok();
        drop(input);
        Ran::of(&child.wait_with_output().unwrap())
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        name.to_owned()
    }

    /// A rendered portrait, and a recording of the same person who blinks once.
    pub(crate) fn portrait_and_clip(&self) -> (String, String) {
        let words = [
            "simulate",
            "--export-reference",
            "face.jpg",
            "--export-clip",
            "clip.webm",
            "--challenge",
            "blink",
        ];
        let ran = self.run(&words);
        assert_eq!(ran.code, 0, "{ran:?}");
        (String::from("face.jpg"), String::from("clip.webm"))
    }

    /// A rendered portrait of somebody else.
    pub(crate) fn other_portrait(&self) -> String {
        let ran = self.run(&[
            "simulate",
            "--seed",
            "77",
            "--export-reference",
            "other.jpg",
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
        String::from("other.jpg")
    }

    /// A server that was told to start on a free port.
    fn spawn(&self, words: &[&str], variables: &[(&str, &str)]) -> Child {
        let log = std::fs::File::create(self.path("server.log")).unwrap();
        self.command(words)
            .env("ZHENREN_SERVER_BIND", "127.0.0.1:0")
            .env("ZHENREN_WORKER_LEASE_SECONDS", "5")
            .env("ZHENREN_WORKER_POLL_MS", "50")
            // Everything here is about one person, from one machine.
            .env("ZHENREN_LIMITS_IDENTITY_DAY_MAX", "0")
            .env("ZHENREN_LIMITS_ADDRESS_HOUR_MAX", "0")
            .env("ZHENREN_LIMITS_APP_MINUTE_CALLS_MAX", "0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// A server that is killed so long after it was started, wherever it was then.
    pub(crate) async fn start_and_kill(&self, after: Duration) {
        let mut child = self.spawn(&["all"], &[]);
        tokio::time::sleep(after).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts a server on a free port; answers it and its address.
    pub(crate) fn serve(&self, words: &[&str]) -> Server {
        self.serve_with(words, &[])
    }

    /// The same, with more variables in its environment.
    pub(crate) fn serve_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Server {
        let mut child = self.spawn(words, variables);
        let stdout = child.stdout.take().unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
        let url = line.trim().trim_end_matches("/demo").to_owned();
        let log = || std::fs::read_to_string(self.path("server.log")).unwrap_or_default();
        assert!(
            url.starts_with("http://127.0.0.1:"),
            "no address: {line:?}\n{}",
            log()
        );
        Server { child, url }
    }

    /// The demo app's appid and secret.
    pub(crate) fn demo(&self) -> (String, String) {
        let text = std::fs::read_to_string(self.path("data/demo.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| json.get(name).and_then(|v| v.as_str()).unwrap().to_owned();
        (field("appid"), field("secret"))
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// SIGKILL: no line of the program runs after this.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Server {
    /// SIGTERM: it ends in order.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

pub(crate) fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../runtime/models")
        .canonicalize()
        .unwrap_or_default()
}

/// Waits until something is so.
pub(crate) async fn eventually<F, Fut>(what: &str, mut is_so: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !is_so().await {
        assert!(
            started.elapsed() < Duration::from_secs(90),
            "{what} did not happen in 90 s"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
