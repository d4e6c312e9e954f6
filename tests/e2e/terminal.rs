//! A pseudo-terminal with the program in it. Nothing here sleeps: conditions are waited for, with a deadline.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything written so far, and when last.
struct Output {
    bytes: Vec<u8>,
    parser: vt100::Parser,
    last: Instant,
    closed: bool,
}

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Arc<(Mutex<Output>, Condvar)>,
    #[allow(dead_code)] // kept while the program runs
    state: Option<tempfile::TempDir>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { cols: columns, rows, pixel_width: 0, pixel_height: 0 }
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a size")
}

impl Terminal {
    /// The program with these arguments.
    pub(crate) fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(args, columns, rows, &[])
    }

    /// The program with these arguments and environment.
    pub(crate) fn start_with(args: &[&str], columns: u16, rows: u16, env: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ckpt-tui"));
        command.args(args);
        command.env_remove("NO_COLOR");
        // Nobody's own state: that of each test is empty, and gone with it.
        let state = tempfile::tempdir().expect("a folder");
        command.env("XDG_STATE_HOME", state.path());
        for (name, value) in env {
            command.env(name, value);
        }
        Self { state: Some(state), ..Self::run(command, columns, rows) }
    }

    /// One of the ignored tests of this very binary.
    pub(crate) fn start_test(name: &str) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"]);
        Self::run(command, 100, 30)
    }

    fn run(mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", "xterm-256color");
        // Nobody's own settings.
        command.env("XDG_CONFIG_HOME", "/nonexistent");
        // A backtrace would push the message off the screen.
        command.env("RUST_BACKTRACE", "0");
        let pty = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let child = pty.slave.spawn_command(command).expect("the program starts");
        drop(pty.slave);
        let output = Output {
            bytes: Vec::new(),
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            last: Instant::now(),
            closed: false,
        };
        let output = Arc::new((Mutex::new(output), Condvar::new()));
        let mut reader = pty.master.try_clone_reader().expect("a reader");
        let shared = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut output = shared.0.lock().unwrap();
                output.bytes.extend_from_slice(&buffer[..read]);
                output.parser.process(&buffer[..read]);
                output.last = Instant::now();
                output.closed = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let writer = pty.master.take_writer().expect("a writer");
        Self { master: pty.master, writer, child, output, state: None }
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the program reads");
        self.writer.flush().expect("the program reads");
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.output.0.lock().unwrap().parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).expect("a new size");
    }

    pub(crate) fn signal(&mut self, name: &str) {
        let id = self.child.process_id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill").success());
    }

    /// Bytes the program has read so far, as the kernel counts them.
    #[cfg(target_os = "linux")]
    pub(crate) fn bytes_read(&self) -> u64 {
        let id = self.child.process_id().expect("it runs");
        let io = std::fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
        io.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()).expect("a count")
    }

    /// The screen now.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.output.0.lock().unwrap().parser.screen().clone()
    }

    /// Everything written so far.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.output.0.lock().unwrap().bytes).into_owned()
    }

    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Waits for a screen.
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.output.0.lock().unwrap();
        while !holds(output.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what:?} in time:\n{}", output.parser.screen().contents());
            output = self.output.1.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Waits for something among all that was written, shown or not.
    pub(crate) fn wait_until_raw(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.output.0.lock().unwrap();
        while !holds(&String::from_utf8_lossy(&output.bytes)) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what:?} in time");
            output = self.output.1.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Waits until nothing was written for so long.
    pub(crate) fn wait_for_silence(&self, long: Duration) {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.output.0.lock().unwrap();
        while output.last.elapsed() < long {
            assert!(Instant::now() < deadline, "it never stops writing");
            let left = long.saturating_sub(output.last.elapsed());
            output = self.output.1.wait_timeout(output, left.max(Duration::from_millis(1))).unwrap().0;
        }
    }

    /// Waits for the end of the program, and of what it wrote.
    pub(crate) fn exit_code(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        let mut output = self.output.0.lock().unwrap();
        // Its side of the terminal closes when it ends.
        while !output.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it goes on:\n{}", output.parser.screen().contents());
            output = self.output.1.wait_timeout(output, left).unwrap().0;
        }
        drop(output);
        self.child.wait().expect("its status").exit_code()
    }

    /// The program has the screen.
    pub(crate) fn is_taken(&self) -> bool {
        self.screen().alternate_screen()
    }

    /// The terminal is as it was before the program.
    pub(crate) fn assert_given_back(&self) {
        let screen = self.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pasting is plain again");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is free");
    }
}
