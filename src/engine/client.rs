//! The program's side of the pipes.

use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::protocol::{self, Answer, Request, VERSION};
use super::{INSTALL, PROGRAM};
use crate::error::{Error, ErrorKind, Result};
use crate::text::{shown, shown_path};
use crate::work::Cancel;

/// Time libtorch may take to be loaded: seconds from a network file system.
const START: Duration = Duration::from_secs(60);
/// Time between two looks at whether the answer is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// Time the last words of a helper that ended may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Bytes kept of what the helper writes to its standard error.
const COMPLAINT: u64 = 4096;

type Reply = io::Result<Option<(Answer, Vec<f64>)>>;

/// A running helper. Dropping it ends the process.
pub struct Engine {
    program: PathBuf,
    child: Child,
    questions: Sender<(Request, Vec<f64>)>,
    replies: Receiver<Reply>,
    complaint: Arc<Mutex<String>>,
    /// Closed once the helper's standard error is.
    silence: Receiver<()>,
    torch: String,
    devices: Vec<String>,
    is_broken: bool,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Engine {
    /// Starts the helper, wherever [`super::find`] finds it.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when there is none, it does not start, or speaks another protocol.
    pub fn start(cancel: &Cancel) -> Result<Self> {
        let program = super::find().ok_or_else(|| {
            let text = format!("{PROGRAM} is neither beside this program nor on the PATH");
            engine(text).advise("`ckpt-tui torch --check` tells how to install it")
        })?;
        Self::start_at(&program, START, cancel)
    }

    /// Starts this helper, which has `time` to say hello.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_at(program: &Path, time: Duration, cancel: &Cancel) -> Result<Self> {
        let child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| engine(format!("{} does not start: {e}", shown_path(program))))?;
        let mut new = Self::talk_to(program, child)?;
        match new.ask(Request::Hello { protocol: VERSION }, Vec::new(), time, cancel)? {
            (Answer::Hello { protocol, torch, devices, .. }, _) if protocol == VERSION => {
                new.torch = torch;
                new.devices = devices;
                Ok(new)
            }
            (Answer::Hello { protocol, version, .. }, _) => Err(engine(format!(
                "{} is of version {} and speaks protocol {protocol}, this program {VERSION}; install both of one version: {INSTALL}",
                shown_path(program),
                shown(&version),
            ))),
            _ => Err(engine(format!("{} is not the libtorch helper of ckpt-tui", shown_path(program)))),
        }
    }

    fn talk_to(program: &Path, mut child: Child) -> Result<Self> {
        let (questions, asked) = crossbeam_channel::bounded::<(Request, Vec<f64>)>(1);
        let (reply, replies) = crossbeam_channel::bounded::<Reply>(1);
        let complaint = Arc::default();
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(to), Some(from), Some(errors)) = pipes else {
            return Err(engine("no pipes to the helper".to_owned()));
        };
        let silence = listen(errors, Arc::clone(&complaint));
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                let (mut to, mut from) = (BufWriter::new(to), BufReader::new(from));
                while let Ok((question, payload)) = asked.recv() {
                    let answer = protocol::write(&mut to, &question, &payload)
                        .and_then(|()| protocol::read::<Answer>(&mut from));
                    if reply.send(answer).is_err() {
                        return;
                    }
                }
            })
            .map_err(|e| engine(format!("no thread for the helper: {e}")))?;
        Ok(Self {
            program: program.to_owned(),
            child,
            questions,
            replies,
            complaint,
            silence,
            torch: String::new(),
            devices: Vec::new(),
            is_broken: false,
        })
    }

    /// Version of libtorch.
    pub fn torch(&self) -> &str {
        &self.torch
    }

    /// Devices it can compute on, `cpu` first.
    pub fn devices(&self) -> &[String] {
        &self.devices
    }

    /// The program that runs.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// It failed once, and answers nothing any more.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Asks one question, whose answer has `time` to come.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`] when the helper says that it cannot, crashes, or takes longer; it is ended then.
    /// [`ErrorKind::Cancelled`] when `cancel` was; it is ended then as well, as nothing else stops libtorch.
    pub fn ask(
        &mut self,
        question: Request,
        payload: Vec<f64>,
        time: Duration,
        cancel: &Cancel,
    ) -> Result<(Answer, Vec<f64>)> {
        if self.is_broken || self.questions.send((question, payload)).is_err() {
            return Err(engine("the libtorch helper has ended".to_owned()));
        }
        let deadline = Instant::now() + time;
        loop {
            match self.replies.recv_timeout(LOOK) {
                Ok(Ok(Some((Answer::Failed { reason, out_of_memory }, _)))) => {
                    let what = if out_of_memory { "ran out of memory" } else { "refused" };
                    return Err(engine(format!("libtorch {what}: {}", shown(gist(&reason)))));
                }
                Ok(Ok(Some(answer))) => return Ok(answer),
                Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => return Err(self.crashed(None)),
                Ok(Err(error)) => return Err(self.crashed(Some(&error))),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if cancel.is_cancelled() {
                self.end();
                cancel.check()?;
            }
            if Instant::now() >= deadline {
                self.end();
                return Err(engine(format!(
                    "the libtorch helper gave no answer within {} s",
                    time.as_secs()
                )));
            }
        }
    }

    fn end(&mut self) {
        self.is_broken = true;
        let _ = self.child.kill();
    }

    /// What to say of a helper whose pipes broke.
    fn crashed(&mut self, error: Option<&io::Error>) -> Error {
        self.end();
        let status = self.child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
        // What it said last may still be in the pipe.
        let _ = self.silence.recv_timeout(LAST_WORDS);
        let said = self.complaint.lock().map(|said| said.clone()).unwrap_or_default();
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let mut text = match error {
            Some(error) if error.kind() == io::ErrorKind::InvalidData => {
                format!("{} does not speak as the libtorch helper should", shown_path(&self.program))
            }
            _ => format!("the libtorch helper crashed ({status})"),
        };
        if !last.is_empty() {
            text.push_str(": ");
            text.push_str(&shown(last));
        }
        if last.contains("shared libraries") || last.contains("Library not loaded") {
            text.push_str("; build it again in the Python environment that has torch: ");
            text.push_str(INSTALL);
        }
        engine(text)
    }
}

/// The line of a message of libtorch that says what went wrong: the rest are stacks of C++ and of TorchScript.
fn gist(reason: &str) -> &str {
    let named = reason.lines().find(|line| line.starts_with("RuntimeError: "));
    named.or_else(|| reason.lines().next()).unwrap_or_default()
}

fn engine(text: String) -> Error {
    Error::new(ErrorKind::Engine, text)
}

/// Keeps the first of what the helper says to its standard error, and takes the rest so that it never waits.
fn listen(mut errors: ChildStderr, said: Arc<Mutex<String>>) -> Receiver<()> {
    let (end, silence) = crossbeam_channel::bounded(0);
    let _ = std::thread::Builder::new().name("engine errors".to_owned()).spawn(move || {
        let _end = end;
        let mut chunk = [0; 512];
        let mut kept = 0;
        while let Ok(n @ 1..) = errors.read(&mut chunk) {
            if kept < COMPLAINT
                && let (Ok(mut said), Some(part)) = (said.lock(), chunk.get(..n))
            {
                said.push_str(&String::from_utf8_lossy(part));
                kept += n as u64;
            }
        }
    });
    silence
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// A helper that is this shell script.
    fn helper(script: &str) -> (tempfile::TempDir, PathBuf) {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PROGRAM);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    }

    fn start(script: &str, time: Duration) -> Result<Engine> {
        let (_folder, path) = helper(script);
        Engine::start_at(&path, time, &Cancel::default())
    }

    /// What is said of a helper that is this script, which has plenty of time.
    fn said(script: &str) -> String {
        let error = start(script, Duration::from_secs(60)).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Engine);
        error.reason()
    }

    const HELLO: &str = r#"read q; echo '{"answer":"hello","protocol":1,"version":"0","torch":"2","devices":["cpu"],"threads":1}'"#;

    #[test]
    fn a_helper_that_fails_is_one_clear_sentence() {
        assert!(
            said("echo 'libtorch.so: cannot open shared libraries' >&2; exit 127").contains("build it again")
        );
        assert!(said("read q; kill -SEGV $$").contains("crashed (signal: 11"));
        assert!(said("read q; echo nonsense").contains("does not speak"));
        let old = HELLO.replace("\"protocol\":1", "\"protocol\":7");
        assert!(said(&old).contains("speaks protocol 7, this program 1"));
        let reason = r#"read q; printf '%s\n' '{"answer":"failed","reason":"CUDA out of memory. Tried\nstack","out_of_memory":true}'"#;
        assert_eq!(said(reason), "libtorch ran out of memory: CUDA out of memory. Tried");
        let gone =
            Engine::start_at(Path::new("/nonexistent/helper"), START, &Cancel::default()).err().unwrap();
        assert!(gone.reason().contains("does not start"));
    }

    #[test]
    fn a_helper_that_hangs_is_ended() {
        let error = start("read q; read forever", Duration::from_millis(50)).err().unwrap();
        assert!(error.reason().contains("no answer"), "{}", error.reason());
        let mut engine = start(&format!("{HELLO}; read q; read forever"), Duration::from_secs(60)).unwrap();
        assert_eq!((engine.torch(), engine.devices()), ("2", &["cpu".to_owned()][..]));
        let cancel = Cancel::default();
        cancel.cancel();
        let question = || Request::Statistics { path: "x".to_owned() };
        let stopped = engine.ask(question(), Vec::new(), Duration::from_secs(60), &cancel).unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::Cancelled);
        let again = engine.ask(question(), Vec::new(), START, &Cancel::default()).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Engine);
    }

    #[test]
    fn the_line_that_says_what_went_wrong() {
        assert_eq!(gist("The following failed\nTraceback\nRuntimeError: shapes"), "RuntimeError: shapes");
        assert_eq!(gist("one\ntwo"), "one");
    }
}
